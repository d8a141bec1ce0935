package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"strings"
	"testing"
)

// forms has a function of each form that a dispatcher must pass on.
const forms = `package forms

type list[T any] []T

func nothing(n int) { n++; n-- }
func unnamed(int, string) (int, bool) { return 1, true }
func blank(_ int, _, name string) (n int, _ error) { n = 1; return n, nil }
func variadic(first int, rest ...string) int { return len(rest) + first }
func unnamedVariadic(...string) bool { return true }
func generic[K comparable, V any](m map[K]V) int { return len(m) + 1 }
func (l list[T]) value(n int) T { return l[n+1] }
func (*list[_]) pointer() bool { return false }
func Exported() bool { return true }
`

func TestADispatcherPassesOnEachFormOfFunction(t *testing.T) {
	text, mutants := switchAll(t, forms)
	for _, want := range []string{
		"func nothing(n int) { switch mutantUnderTest { case 1: mutant1_nothing(n); return; case ",
		": return mutant4_unnamed(mutantParameter0, mutantParameter1); ",
		"func blank(mutantParameter0_0 int, mutantParameter1_0, name string) (n int, _ error) { switch",
		"_blank(mutantParameter0_0, mutantParameter1_0, name); ",
		"_variadic(first, rest...); ",
		"_unnamedVariadic(mutantParameter0...); ",
		"_generic[K, V](m); ",
		"return l.mutant",
		"func (mutantReceiver0 *list[_]) pointer() bool { switch",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the file lacks %q:\n%s", want, text)
		}
	}
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "forms.go", text+"\nvar mutantUnderTest int\n", 0)
	if err != nil {
		t.Fatalf("%v:\n%s", err, text)
	}
	if _, err := (&types.Config{}).Check("forms", files, []*ast.File{file}, nil); err != nil {
		t.Errorf("%v:\n%s", err, text)
	}
	if !strings.HasPrefix(strings.Split(text, "\n")[12], "func Exported") {
		t.Error("the lines have moved")
	}
	if mutants == 0 {
		t.Error("there is no mutant")
	}
}

func TestSomeFunctionsHaveNoCopies(t *testing.T) {
	for name, source := range map[string]string{
		"main":                   "func main() { f(); g() }",
		"init":                   "func init() { f(); g() }",
		"a caller of recover":    "func f() { if recover() != nil { g() } }",
		"one who asks for lines": "func f() { g(); _, _, n, _ := runtime.Caller(1); h(n) }",
		"a constant":             "const n = 2",
	} {
		if _, mutants := switchAll(t, "package p\n"+source); mutants != 0 {
			t.Errorf("%s has %d", name, mutants)
		}
	}
}

func TestAComplaintIsAboutTheCopyOnItsLine(t *testing.T) {
	where := map[string][]span{"a.go": {{lineRange{5, 7}, 1}, {lineRange{8, 8}, 2}}, "b.go": {{lineRange{5, 9}, 3}}}
	output := []byte("# example.com/p\n./a.go:8:2: declared and not used: x\n./b.go:3:1: missing return\n")
	if got := refusedMutants(output, where); len(got) != 1 || got[0] != 2 {
		t.Errorf("got %v, want [2]", got)
	}
}

// switchAll returns a file with all its mutants, and how many it has taken in.
func switchAll(t *testing.T, source string) (text string, taken int) {
	t.Helper()
	mutants, err := find("forms.go", []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	s, err := newSwitched("forms.go", []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	for i := range mutants {
		if s.add(numbered{selects(i), mutants[i]}) {
			taken++
		}
	}
	text, _ = s.write(nil)
	return text, taken
}
