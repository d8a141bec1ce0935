package main

import "go/ast"

// isSpeech reports whether a call makes text for people, or logs it. What it is
// given is left alone, but for a log's level.
func isSpeech(call *ast.CallExpr) bool {
	switch name, from := calleeName(call), packageOf(call); name {
	case "Errorf", "Sprintf", "Sprint", "Fprintf", "Fprintln", "LogAttrs", "Log", "log", "panic":
		return true
	case "New":
		return from == "errors"
	default:
		return from == "slog"
	}
}

// call mutates a call's function, or guards its arguments.
func (f *finder) call(call *ast.CallExpr) {
	name := calleeName(call)
	switch {
	case isSpeech(call):
		for _, argument := range call.Args {
			f.level(argument)
			f.left[argument] = true
		}
	case name == "min" && packageOf(call) == "":
		f.replace("max for min", call.Fun, "max")
	case name == "max" && packageOf(call) == "":
		f.replace("min for max", call.Fun, "min")
	case name == "make" && len(call.Args) > 1:
		f.capacity(call)
	}
}

// level makes a log record one that nobody sees.
func (f *finder) level(argument ast.Expr) {
	if text := f.text(argument); text == "slog.LevelError" || text == "slog.LevelWarn" {
		f.replace("level lowered", argument, "slog.LevelDebug")
	}
}

// capacity leaves alone how much room a map or a slice is made with. A channel's
// has a meaning.
func (f *finder) capacity(call *ast.CallExpr) {
	switch call.Args[0].(type) {
	case *ast.ChanType:
	case *ast.ArrayType:
		f.left[call.Args[len(call.Args)-1]] = len(call.Args) == 3
	default:
		f.left[call.Args[1]] = true
	}
}

// calleeName returns the name of the called function or method.
func calleeName(call *ast.CallExpr) string {
	switch function := call.Fun.(type) {
	case *ast.Ident:
		return function.Name
	case *ast.SelectorExpr:
		return function.Sel.Name
	}
	return ""
}

// packageOf returns the name before a called function's dot, which may be a
// package's; "" without one.
func packageOf(call *ast.CallExpr) string {
	selector, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	name, ok := selector.X.(*ast.Ident)
	if !ok {
		return "."
	}
	return name.Name
}
