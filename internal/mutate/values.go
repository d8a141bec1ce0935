package main

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
)

// resultTypes returns the type of each result of a function.
func resultTypes(kind *ast.FuncType) []ast.Expr {
	var types []ast.Expr
	if kind.Results == nil {
		return nil
	}
	for _, field := range kind.Results.List {
		for range max(1, len(field.Names)) {
			types = append(types, field.Type)
		}
	}
	return types
}

// zero is the zero value of a type.
func (f *finder) zero(kind ast.Expr) string {
	switch text := f.text(kind); text {
	case "error":
		return "nil"
	case "bool":
		return "false"
	default:
		return "*new(" + text + ")"
	}
}

func (f *finder) zeros() string {
	values := make([]string, len(f.results))
	for i, kind := range f.results {
		values[i] = f.zero(kind)
	}
	return strings.Join(values, ", ")
}

// emptied has a function do nothing. A body of one statement is left to the
// mutants of that statement.
func (f *finder) emptied(kind *ast.FuncType, body *ast.BlockStmt) {
	if len(body.List) < 2 {
		return
	}
	head := f.text(kind)
	f.insert("nothing done", body.Lbrace+1, " return "+f.zeros()+"; ", head)
	if len(f.results) == 1 && f.text(f.results[0]) == "bool" {
		f.insert("nothing done, true returned", body.Lbrace+1, " return true; ", head)
	}
}

// returned replaces what is returned, one result at a time.
func (f *finder) returned(statement *ast.ReturnStmt) {
	if len(statement.Results) != len(f.results) {
		if len(statement.Results) == 1 { // another function's results
			f.replace("zero returned", statement, "return "+f.zeros())
		}
		return
	}
	for i, result := range statement.Results {
		f.result(result, f.results[i])
		f.unlessZero(result)
	}
}

func (f *finder) result(result, kind ast.Expr) {
	text := f.text(result)
	switch f.text(kind) {
	case "error":
		if text != "nil" {
			f.replace("nil returned", result, "nil")
		}
	case "bool":
		f.settle(result)
		if text != "true" {
			f.replace("true returned", result, "true")
		}
		if text != "false" {
			f.replace("false returned", result, "false")
		}
	default:
		if !slices.Contains([]string{"nil", "0", `""`}, text) {
			f.replace("zero returned", result, f.zero(kind))
		}
	}
}

// general mutates a declaration of constants, and reports whether to go on into
// it.
func (f *finder) general(declaration *ast.GenDecl) bool {
	if declaration.Tok != token.CONST {
		return declaration.Tok == token.VAR
	}
	for _, spec := range declaration.Specs {
		spec, ok := spec.(*ast.ValueSpec)
		if !ok {
			continue
		}
		for _, value := range spec.Values {
			f.amount("constant", value)
		}
	}
	return false
}

// amount doubles a number or duration, and makes it zero.
func (f *finder) amount(what string, value ast.Expr) {
	if isNumber(value) {
		f.replace(what+" doubled", value, "("+f.text(value)+") * 2")
		f.replace(what+" zeroed", value, "("+f.text(value)+") * 0")
	}
}

// isNumber reports whether an expression can be one: no text in it, no iota.
func isNumber(expr ast.Expr) bool {
	number := true
	ast.Inspect(expr, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.BasicLit:
			number = number && (node.Kind == token.INT || node.Kind == token.FLOAT)
		case *ast.Ident:
			number = number && node.Name != "iota" && node.Name != "true" && node.Name != "false"
		}
		return number
	})
	return number
}

// literal adds one to a number.
func (f *finder) literal(literal *ast.BasicLit) {
	if literal.Kind == token.INT {
		f.replace("one more", literal, "("+literal.Value+" + 1)")
	}
}

// arithmetic swaps an operator. A duration, which has a unit, is an amount.
func (f *finder) arithmetic(expr *ast.BinaryExpr) {
	if expr.Op == token.MUL && (isUnit(expr.X) || isUnit(expr.Y)) {
		f.amount("duration", expr)
		f.left[expr.X], f.left[expr.Y] = true, true
		return
	}
	if hasText(expr) {
		return
	}
	swapped := map[token.Token]string{token.ADD: "-", token.SUB: "+", token.MUL: "/", token.QUO: "*"}
	f.operator("operator swapped", expr, swapped[expr.Op])
}

// isUnit reports whether an expression is a unit of package time.
func isUnit(expr ast.Expr) bool {
	selector, ok := expr.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	name, ok := selector.X.(*ast.Ident)
	return ok && name.Name == "time"
}

// hasText reports whether a sum has text in it: it has no difference.
func hasText(expr ast.Expr) bool {
	found := false
	ast.Inspect(expr, func(node ast.Node) bool {
		literal, ok := node.(*ast.BasicLit)
		found = found || ok && literal.Kind == token.STRING
		return !found
	})
	return found
}

// composite removes the entries of a literal that have a key, but for text.
func (f *finder) composite(literal *ast.CompositeLit) {
	for i, element := range literal.Elts {
		entry, ok := element.(*ast.KeyValueExpr)
		if !ok || isText(entry.Value) {
			continue
		}
		switch {
		case i > 0:
			f.add("entry removed", literal.Elts[i-1].End(), entry.End(), "")
		case len(literal.Elts) > 1:
			f.add("entry removed", entry.Pos(), literal.Elts[1].Pos(), "")
		default:
			f.add("entry removed", entry.Pos(), literal.Rbrace, "")
		}
		f.mutants[len(f.mutants)-1].Text = oneLine(f.text(entry), keyLimit)
	}
}

func isText(expr ast.Expr) bool {
	literal, ok := expr.(*ast.BasicLit)
	return ok && literal.Kind == token.STRING
}
