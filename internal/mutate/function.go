package main

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/token"
	"slices"
	"strings"
)

// A function is a declared function whose mutants are copies of it.
type function struct {
	files  *token.FileSet
	source []byte
	node   *ast.FuncDecl
	named  []edit // gives a name to the parameters that have none
}

// An edit replaces the bytes [start, end) of a file.
type edit struct {
	start, end int
	with       string
}

// apply makes the edits that lie within a part of a text.
func apply(text []byte, start, end int, edits []edit) string {
	slices.SortStableFunc(edits, func(a, b edit) int { return cmp.Compare(a.start, b.start) })
	var edited strings.Builder
	for _, e := range edits {
		if e.start < start || e.end > end {
			continue
		}
		edited.Write(text[start:e.start])
		edited.WriteString(e.with)
		start = e.end
	}
	edited.Write(text[start:end])
	return edited.String()
}

// newFunction returns nil for a function that cannot be called from another in its
// place: nobody calls init, and who calls recover or asks for its caller would be
// told about the dispatcher.
func newFunction(files *token.FileSet, source []byte, node *ast.FuncDecl) *function {
	special := node.Recv == nil && slices.Contains([]string{"init", "main"}, node.Name.Name)
	if special || node.Body == nil || node.Name.Name == "_" {
		return nil
	}
	if slices.Contains(typeParameters(node), "_") || knowsItsCaller(node.Body) {
		return nil
	}
	f := &function{files: files, source: source, node: node}
	f.name(node.Recv, "mutantReceiver")
	f.name(node.Type.Params, "mutantParameter")
	return f
}

// knowsItsCaller reports whether a function calls recover itself, or looks at the
// stack.
func knowsItsCaller(body *ast.BlockStmt) bool {
	found := false
	ast.Inspect(body, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.FuncLit:
			found = found || looksAtTheStack(node.Body)
			return false
		case *ast.CallExpr:
			found = found || calleeName(node) == "recover"
		}
		return !found
	})
	return found || looksAtTheStack(body)
}

func looksAtTheStack(body *ast.BlockStmt) bool {
	found := false
	ast.Inspect(body, func(node ast.Node) bool {
		if call, ok := node.(*ast.CallExpr); ok && packageOf(call) == "runtime" {
			found = found || strings.HasPrefix(calleeName(call), "Caller")
		}
		return !found
	})
	return found
}

func typeParameters(node *ast.FuncDecl) []string {
	var names []string
	if node.Type.TypeParams != nil {
		for _, field := range node.Type.TypeParams.List {
			for _, name := range field.Names {
				names = append(names, name.Name)
			}
		}
	}
	return names
}

// name gives the fields of a list names to pass them on by.
func (f *function) name(fields *ast.FieldList, prefix string) {
	if fields == nil {
		return
	}
	for i, field := range fields.List {
		if len(field.Names) == 0 {
			at := f.offset(field.Type.Pos())
			f.named = append(f.named, edit{at, at, fmt.Sprintf("%s%d ", prefix, i)})
		}
		for j, name := range field.Names {
			if name.Name == "_" {
				f.named = append(f.named, edit{
					f.offset(name.Pos()), f.offset(name.End()), fmt.Sprintf("%s%d_%d", prefix, i, j),
				})
			}
		}
	}
}

func (f *function) offset(at token.Pos) int { return f.files.Position(at).Offset }

func (f *function) has(m mutant) bool {
	return m.start > f.offset(f.node.Body.Lbrace) && m.end <= f.offset(f.node.Body.Rbrace)
}

// copyName is not exported, whatever the function is: the package's interface
// stays as it is.
func (f *function) copyName(number int) string {
	return fmt.Sprintf("mutant%d_%s", number, f.node.Name.Name)
}

// mutated is the text of the function's copy that has the mutant in it.
func (f *function) mutated(number int, m mutant) string {
	name := f.node.Name
	edits := append([]edit{
		{f.offset(name.Pos()), f.offset(name.End()), f.copyName(number)},
		{m.start, m.end, m.with},
	}, f.named...)
	return apply(f.source, f.offset(f.node.Pos()), f.offset(f.node.End()), edits)
}

// dispatched makes the function call the copy of the mutant under test. It adds no
// line.
func (f *function) dispatched(numbers []int) []edit {
	var dispatcher strings.Builder
	dispatcher.WriteString(" switch mutantUnderTest { ")
	for _, number := range numbers {
		form := "case %d: return %s; "
		if f.node.Type.Results == nil {
			form = "case %d: %s; return; "
		}
		fmt.Fprintf(&dispatcher, form, number, f.call(number))
	}
	dispatcher.WriteString("};")
	at := f.offset(f.node.Body.Lbrace) + 1
	return append([]edit{{at, at, dispatcher.String()}}, f.named...)
}

// call passes all on to a copy.
func (f *function) call(number int) string {
	callee := f.copyName(number)
	if f.node.Recv != nil {
		callee = f.parameters(f.node.Recv)[0] + "." + callee
	}
	if names := typeParameters(f.node); len(names) > 0 {
		callee += "[" + strings.Join(names, ", ") + "]"
	}
	return callee + "(" + strings.Join(f.parameters(f.node.Type.Params), ", ") + ")"
}

// parameters returns the names of a list's fields, as they are passed on.
func (f *function) parameters(fields *ast.FieldList) []string {
	var names []string
	for i, field := range fields.List {
		if len(field.Names) == 0 {
			names = append(names, f.givenName(f.offset(field.Type.Pos())))
		}
		for _, name := range field.Names {
			if name.Name == "_" {
				names = append(names, f.givenName(f.offset(name.Pos())))
				continue
			}
			names = append(names, name.Name)
		}
		if _, ok := field.Type.(*ast.Ellipsis); ok && i == len(fields.List)-1 {
			names[len(names)-1] += "..."
		}
	}
	return names
}

// givenName is the name that was given at a place.
func (f *function) givenName(at int) string {
	for _, e := range f.named {
		if e.start == at {
			return strings.TrimSpace(e.with)
		}
	}
	return "_"
}
