package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
)

// A switched file has many mutants in it, of which mutantUnderTest selects one: a
// function that has mutants calls its copy with that mutant, and so do all who
// call the function.
type switched struct {
	name      string
	source    []byte
	syntax    *ast.File
	functions []*function
	mutants   map[*function][]numbered
}

// A numbered mutant is selected by its number, which is at least 1.
type numbered struct {
	number int
	mutant mutant
}

// A span is the lines of one mutant's copy.
type span struct {
	lines  lineRange
	number int
}

func newSwitched(name string, source []byte) (*switched, error) {
	files := token.NewFileSet()
	syntax, err := parser.ParseFile(files, name, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	s := &switched{name: name, source: source, syntax: syntax, mutants: make(map[*function][]numbered)}
	for _, declaration := range syntax.Decls {
		if node, ok := declaration.(*ast.FuncDecl); ok {
			if f := newFunction(files, source, node); f != nil {
				s.functions = append(s.functions, f)
			}
		}
	}
	return s, nil
}

// add takes in a mutant, and reports whether it could. It leaves out the mutants
// that this file would let compile although they do not compile on their own.
func (s *switched) add(n numbered) bool {
	for _, f := range s.functions {
		if !f.has(n.mutant) {
			continue
		}
		alone, err := parser.ParseFile(token.NewFileSet(), s.name, n.mutant.apply(s.source), parser.SkipObjectResolution)
		if err != nil || len(alone.Decls) != len(s.syntax.Decls) || losesImport(s.syntax, alone) {
			return false
		}
		s.mutants[f] = append(s.mutants[f], n)
		return true
	}
	return false
}

// losesImport reports whether an import is not used any more after a change, by a
// name that may be its.
func losesImport(before, after *ast.File) bool {
	still := qualifiers(after)
	for name := range qualifiers(before) {
		if still[name] {
			continue
		}
		for _, spec := range before.Imports {
			imported, _ := strconv.Unquote(spec.Path.Value) // the parser has read it
			named := spec.Name != nil && spec.Name.Name == name
			if named || slices.Contains(strings.Split(imported, "/"), name) {
				return true
			}
		}
	}
	return false
}

// qualifiers are the names that are used before a dot.
func qualifiers(file *ast.File) map[string]bool {
	used := make(map[string]bool)
	ast.Inspect(file, func(node ast.Node) bool {
		if selector, ok := node.(*ast.SelectorExpr); ok {
			if name, ok := selector.X.(*ast.Ident); ok {
				used[name.Name] = true
			}
		}
		return true
	})
	return used
}

// write returns the file with the mutants that are not dropped, and where each is.
func (s *switched) write(dropped map[int]bool) (text string, spans []span) {
	var (
		edits  []edit
		copies strings.Builder
	)
	line := strings.Count(string(s.source), "\n") + 2 // the copies start on a new line
	for _, f := range s.functions {
		var numbers []int
		for i := range s.mutants[f] {
			n := s.mutants[f][i]
			if dropped[n.number] {
				continue
			}
			numbers = append(numbers, n.number)
			mutated := f.mutated(n.number, n.mutant) + "\n"
			lines := strings.Count(mutated, "\n")
			spans = append(spans, span{lineRange{line, line + lines - 1}, n.number})
			copies.WriteString(mutated)
			line += lines
		}
		if len(numbers) > 0 {
			edits = append(edits, f.dispatched(numbers)...)
		}
	}
	return apply(s.source, 0, len(s.source), edits) + "\n" + copies.String(), spans
}

// The mutant under test is told in the environment, so that it is in the programs,
// too, that tests start.
const mutantVariable = "MUTANT_UNDER_TEST"

// selector is a file of the package that reads the number of the mutant.
func selector(packageName string) string {
	return fmt.Sprintf(`package %s

import (
	mutantOS "os"
	mutantStrconv "strconv"
)

var mutantUnderTest, _ = mutantStrconv.Atoi(mutantOS.Getenv(%q))
`, packageName, mutantVariable)
}
