package main

import (
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
)

// A finder collects the mutants of one file. It works on the syntax alone: what
// then does not compile is told apart by the compiler.
type finder struct {
	name    string
	source  []byte
	files   *token.FileSet
	mutants []mutant

	function string
	results  []ast.Expr // the types of the results of the function around

	// left holds the nodes whose parts are left alone, and sole the statements
	// whose removal would only repeat another mutant.
	left, sole map[ast.Node]bool
	// settled holds the conditions that are replaced by true and by false, which
	// shows more than their negation.
	settled map[ast.Expr]bool
}

// find returns the mutants of a file, in the order of the source.
func find(name string, source []byte) ([]mutant, error) {
	f := &finder{
		name: name, source: source, files: token.NewFileSet(),
		left: make(map[ast.Node]bool), sole: make(map[ast.Node]bool),
		settled: make(map[ast.Expr]bool),
	}
	file, err := parser.ParseFile(f.files, name, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	for _, declaration := range file.Decls {
		f.declaration(declaration)
	}
	slices.SortStableFunc(f.mutants, func(a, b mutant) int { return cmp.Compare(a.start, b.start) })
	number(f.mutants)
	return f.mutants, nil
}

// makesText reports whether a method only makes text for people.
func makesText(function *ast.FuncDecl) bool {
	switch function.Name.Name {
	case "String", "GoString", "Error":
		return function.Recv != nil
	}
	return false
}

func (f *finder) declaration(declaration ast.Decl) {
	function, ok := declaration.(*ast.FuncDecl)
	if !ok {
		f.function = "package"
		f.walk(declaration)
		return
	}
	if function.Body == nil || makesText(function) {
		return
	}
	f.function = function.Name.Name
	if function.Recv != nil {
		f.function = receiver(function.Recv.List[0].Type) + "." + f.function
	}
	f.body(function.Type, function.Body)
}

// receiver returns the name of a receiver's type.
func receiver(expr ast.Expr) string {
	switch expr := expr.(type) {
	case *ast.StarExpr:
		return receiver(expr.X)
	case *ast.IndexExpr:
		return receiver(expr.X)
	case *ast.IndexListExpr:
		return receiver(expr.X)
	case *ast.Ident:
		return expr.Name
	}
	return ""
}

// body mutates a function's body, and what is in it.
func (f *finder) body(kind *ast.FuncType, body *ast.BlockStmt) {
	outer := f.results
	defer func() { f.results = outer }()
	f.results = resultTypes(kind)
	f.emptied(kind, body)
	f.walk(body)
}

func (f *finder) walk(node ast.Node) { ast.Inspect(node, f.visit) }

func (f *finder) visit(node ast.Node) bool {
	if node == nil || f.left[node] {
		return false
	}
	switch node := node.(type) {
	case *ast.FuncLit:
		f.body(node.Type, node.Body)
		return false
	case ast.Stmt:
		f.statement(node)
	case ast.Expr:
		f.expression(node)
	case *ast.GenDecl:
		return f.general(node)
	}
	return true
}

func (f *finder) statement(node ast.Stmt) {
	switch node := node.(type) {
	case *ast.BlockStmt:
		f.list(node.List)
	case *ast.CaseClause:
		f.list(node.Body)
	case *ast.CommClause:
		f.list(node.Body)
	case *ast.IfStmt:
		f.branch(node)
	case *ast.ForStmt:
		f.loop(node)
	case *ast.RangeStmt:
		f.once(node, node.Body)
	case *ast.SwitchStmt:
		f.cases(node.Tag == nil, node.Body)
	case *ast.TypeSwitchStmt:
		f.cases(false, node.Body)
	case *ast.SelectStmt:
		f.clauses(node.Body)
	case *ast.ReturnStmt:
		f.returned(node)
	}
}

func (f *finder) expression(node ast.Expr) {
	switch node := node.(type) {
	case *ast.BinaryExpr:
		f.binary(node)
	case *ast.BasicLit:
		f.literal(node)
	case *ast.CallExpr:
		f.call(node)
	case *ast.CompositeLit:
		f.composite(node)
	}
}

// add notes that the source of [from, to) becomes something else.
func (f *finder) add(kind string, from, to token.Pos, with string) {
	position := f.files.Position(from)
	start, end := position.Offset, f.files.Position(to).Offset
	m := mutant{
		File: f.name, Line: position.Line, Function: f.function, Kind: kind,
		start: start, end: end, with: with,
	}
	m.Text = oneLine(string(f.source[start:end]), keyLimit)
	lineStart := strings.LastIndexByte(string(f.source[:start]), '\n') + 1
	lineEnd := end
	if next := strings.IndexByte(string(f.source[end:]), '\n'); next >= 0 {
		lineEnd += next
	}
	m.Before = oneLine(string(f.source[lineStart:lineEnd]), lineLimit)
	m.After = oneLine(string(f.source[lineStart:start])+with+string(f.source[end:lineEnd]), lineLimit)
	f.mutants = append(f.mutants, m)
}

// insert notes that something is added at a place, which text describes.
func (f *finder) insert(kind string, at token.Pos, with, text string) {
	f.add(kind, at, at, with)
	f.mutants[len(f.mutants)-1].Text = oneLine(text, keyLimit)
}

// replace notes that a node becomes something else.
func (f *finder) replace(kind string, node ast.Node, with string) {
	f.add(kind, node.Pos(), node.End(), with)
}

// text returns a node's source.
func (f *finder) text(node ast.Node) string {
	return string(f.source[f.files.Position(node.Pos()).Offset:f.files.Position(node.End()).Offset])
}
