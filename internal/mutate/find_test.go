package main

import (
	"bytes"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestEachKindOfMutant(t *testing.T) {
	for _, test := range []struct {
		kind, source string
		want         []string // the lines after the change
	}{
		{"call removed", "func f() {\n\tg()\n\th()\n}", []string{"if false { g() }", "if false { h() }"}},
		{"call removed", "func f() {\n\tif x {\n\t\tg()\n\t}\n}", nil}, // as is its condition, false
		{"assignment removed", "func f() {\n\tx = 1\n\ty := 2\n\tx++\n}", []string{"if false { x = 1 }", "if false { x++ }"}},
		{"assignment removed", "func f() {\n\tif x = g(); x {\n\t}\n}", []string{"if ; x {"}},
		{"defer removed", "func f() {\n\tdefer g()\n}", []string{"if false { defer g() }"}},
		{"go removed", "func f() {\n\tgo g()\n}", []string{"if false { go g() }"}},
		{"go without go", "func f() {\n\tgo g()\n}", []string{"g()"}},
		{"send removed", "func f() {\n\tc <- 1\n}", []string{"if false { c <- 1 }"}},
		{"continue removed", "func f() {\n\tfor {\n\t\tcontinue\n\t}\n}", []string{"if false { continue }"}},
		{"false for true", "func f() {\n\tx := true\n}", []string{"x := false"}},
		{"condition true", "func f() {\n\tif x == 1 {\n\t}\n}", []string{"if (x == 1) || true {"}},
		{"condition false", "func f() {\n\tif x == 1 {\n\t}\n}", []string{"if (x == 1) && false {"}},
		{"comparison negated", "func f() {\n\tif x == 1 {\n\t}\n\ty := x != 1\n}", []string{"y := x == 1"}},
		{"operand true", "func f() {\n\tif a && b && c {\n\t}\n}", []string{
			"if (true || a) && b && c {", "if a && (true || b) && c {", "if a && b && (true || c) {",
		}},
		{"operand false", "func f() {\n\tx := a || b && c\n}", []string{
			"x := (false && (a)) || b && c", "x := a || (false && (b && c))",
		}},
		{"bound moved", "var x = a < b\nvar y = a >= b", []string{"var x = a <= b", "var y = a > b"}},
		{"else removed", "func f() {\n\tif x {\n\t} else { g() }\n}", []string{"}"}},
		{"loop skipped", "func f() {\n\tfor x < 1 {\n\t}\n}", []string{"for (x < 1) && false {"}},
		{"loop ended after one round", "func f() {\n\tfor range x { g() }\n}", []string{"for range x { g() ; break }"}},
		{"case removed", "func f() {\n\tswitch {\n\tcase a, b:\n\tdefault:\n\t}\n}", []string{"case (a) && false, b:", "case a, (b) && false:", ""}},
		{"case removed", "func f() {\n\tswitch x {\n\tcase a, b:\n\tcase c:\n\t}\n}", []string{"case b:", "case a:", ""}},
		{"case removed", "func f() {\n\tselect {\n\tcase <-a:\n\tcase <-b:\n\t}\n}", []string{"", ""}},
		{"nothing done", "func f() (int, error) {\n\tg()\n\treturn 1, nil\n}", []string{"func f() (int, error) { return *new(int), nil;"}},
		{"nil returned", "func f() (int, error) {\n\treturn 0, err\n}", []string{"return 0, nil"}},
		{"zero returned", "func f() (int, error) {\n\treturn n, nil\n}", []string{"return *new(int), nil"}},
		{"zero returned", "func f() (int, error) {\n\treturn g()\n}", []string{"return *new(int), nil"}},
		{"true returned", "func f() bool {\n\treturn a == b\n}", []string{"return true"}},
		{"false returned", "func f() bool {\n\treturn func() bool { return false }()\n}", []string{"return false"}},
		{"constant doubled", "const x = 1 << 3", []string{"const x = (1 << 3) * 2"}},
		{"constant zeroed", "const x = 2 * time.Second\nconst y = \"text\"\nconst z = iota", []string{"const x = (2 * time.Second) * 0"}},
		{"duration doubled", "func f() {\n\tg(2 * time.Second)\n}", []string{"g((2 * time.Second) * 2)"}},
		{"one more", "func f() {\n\tg(x[2])\n}", []string{"g(x[(2 + 1)])"}},
		{"one more", "func f() {\n\tx := make([]int, 1, 2)\n\ty := make(map[int]int, 3)\n\tz := make(chan int, 4)\n}", []string{
			"x := make([]int, (1 + 1), 2)", "z := make(chan int, (4 + 1))",
		}},
		{"one more", "func f() (int, error) {\n\treturn 0, g(x > 0, 0)\n}", []string{"return 0, g(x > 0, (0 + 1))"}},
		{"operator swapped", "var x = a + b*c\nvar y = a + \"text\"", []string{"var x = a - b*c", "var x = a + b / c"}},
		{"max for min", "var x = min(a, b)", []string{"var x = max(a, b)"}},
		{"entry removed", "var x = y{a: 1, b: 2, c: \"text\"}", []string{"var x = y{b: 2, c: \"text\"}", "var x = y{a: 1, c: \"text\"}"}},
		{"level lowered", "func f() {\n\tx.log(slog.LevelWarn, 1)\n}", []string{"x.log(slog.LevelDebug, 1)"}},
		{"one more", "func f() {\n\tx.log(1)\n\tslog.Int(\"n\", 2)\n}\nfunc (x T) String() string { return g(1) }", nil},
	} {
		mutants, err := find("x.go", []byte("package p\n"+test.source+"\n"))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, m := range mutants {
			if m.Kind == test.kind {
				got = append(got, m.After)
			}
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s in %q:\n got %q\nwant %q", test.kind, test.source, got, test.want)
		}
	}
}

func TestAMutantIsNamedByItsFunctionAndText(t *testing.T) {
	mutants, err := find("x.go", []byte("package p\nvar x = 2\nfunc (t *T[K]) f() {\n\tg(1)\n\th()\n\tg(1)\n}\n"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range mutants {
		got = append(got, m.key())
	}
	want := []string{
		"x.go: package: one more: 2",
		"x.go: T.f: nothing done: func (t *T[K]) f()",
		"x.go: T.f: call removed: g(1)", "x.go: T.f: one more: 1",
		"x.go: T.f: call removed: h()",
		"x.go: T.f: call removed: g(1) #2", "x.go: T.f: one more: 1 #2",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

// The sources of this program and of the root stand for any other.
func TestEveryMutantIsAnotherProgram(t *testing.T) {
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Glob("../../*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(names, root...) {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		mutants, err := find(name, source)
		if err != nil {
			t.Fatal(err)
		}
		keys := make(map[string]bool)
		for _, m := range mutants {
			mutated := m.apply(source)
			if _, err := parser.ParseFile(token.NewFileSet(), name, mutated, parser.SkipObjectResolution); err != nil {
				t.Errorf("%s:%d: %s: %v", name, m.Line, m.Kind, err)
			}
			if bytes.Equal(mutated, source) || keys[m.key()] {
				t.Errorf("%s:%d: %s: no change, or the key of another", name, m.Line, m.Kind)
			}
			keys[m.key()] = true
		}
	}
}
