package main

import (
	"maps"
	"reflect"
	"slices"
	"testing"
)

func TestSurvivorsFile(t *testing.T) {
	got, err := parseExplanations("# a comment\n\n" +
		"a.go:12: f: one more: x[1: 2]\n\tThe first reason,\n\ton two lines.\n" +
		"a.go: T.f: case removed: b\n  The second one.\n")
	want := explanations{
		"a.go: f: one more: x[1: 2]": "The first reason, on two lines.",
		"a.go: T.f: case removed: b": "The second one.",
	}
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("got %q, %v", got, err)
	}
	for name, content := range map[string]string{
		"no reason":                 "a.go: f: one more: 1\n",
		"a reason without survivor": "\twhy\n",
		"twice":                     "a.go: f: x: 1\n\twhy\na.go: f: x: 1\n\twhy\n",
	} {
		if _, err := parseExplanations(content); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if got, err := readExplanations("testdata/none.txt"); err != nil || len(got) != 0 {
		t.Errorf("without a file: got %v, %v", got, err)
	}
	if _, err := readExplanations("survivors.txt"); err != nil {
		t.Error(err)
	}
}

func TestDiffHasTheNewLines(t *testing.T) {
	got := parseDiff([]byte("--- a.go\n+++ a.go\n@@ -1,2 +3,4 @@ func f() {\n+x\n@@ -9 +12 @@\n@@ -20,2 +21,0 @@\n" +
		"--- b.go\n+++ b.go\n@@ -0,0 +1,2 @@\n"))
	want := map[string][]lineRange{"a.go": {{3, 6}, {12, 12}, {21, 20}}, "b.go": {{1, 2}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
}

func TestLines(t *testing.T) {
	if got, err := parseLines("3-5"); err != nil || got != (lineRange{3, 5}) {
		t.Errorf("got %v, %v", got, err)
	}
	if got, err := parseLines("3"); err != nil || got != (lineRange{3, 3}) {
		t.Errorf("got %v, %v", got, err)
	}
	for _, text := range []string{"", "x", "5-3", "0-1", "1-"} {
		if _, err := parseLines(text); err == nil {
			t.Errorf("%q: no error", text)
		}
	}
}

func TestASampleIsTheSameAgain(t *testing.T) {
	source := []byte("package p\nfunc f() { g(1, 2, 3, 4, 5, 6, 7, 8, 9) }\n")
	keys := func(n int) []string {
		mutants, err := find("x.go", source)
		if err != nil {
			t.Fatal(err)
		}
		sampled := &target{mutants: mutants}
		sampled.sample(n)
		var keys []string
		for _, m := range sampled.mutants {
			keys = append(keys, m.key())
		}
		return keys
	}
	got := keys(3)
	if len(got) != 3 || !slices.Equal(got, keys(3)) || len(keys(0)) != 10 {
		t.Errorf("got %q, %d of all", got, len(keys(0)))
	}
}

func TestCodeThatNoTestRuns(t *testing.T) {
	s := survey{blocks: parseProfile([]byte("mode: atomic\n"+
		"m/p/a.go:1.10,5.2 1 3\nm/p/a.go:5.2,9.3 1 0\nm/p/a.go:6.1,7.1 1 2\nm/p/q/a.go:5.2,9.3 1 1\n"), "m/p")}
	for _, test := range []struct {
		line, column int
		want         bool
	}{{1, 9, false}, {1, 10, false}, {5, 1, false}, {5, 2, true}, {6, 5, false}, {9, 2, true}, {9, 3, false}} {
		if got := s.unreached("a.go", test.line, test.column); got != test.want {
			t.Errorf("%d:%d: got %v", test.line, test.column, got)
		}
	}
}

func TestSlowTestsAreFound(t *testing.T) {
	got := slowTests([]byte("=== RUN TestA\n--- PASS: TestA (0.01s)\n    --- PASS: TestB/c (3.00s)\n--- PASS: TestB (3.01s)\nok\n"))
	if !slices.Equal(got, []string{"TestB"}) {
		t.Errorf("got %q", got)
	}
}

func TestAFailureIsNoticedAtOnce(t *testing.T) {
	stopped := 0
	w := &watcher{failed: func() { stopped++ }}
	for _, part := range []string{"log --- FAIL: no\n--- FA", "IL: TestA (0.00s)\n", "panic: x\n"} {
		if n, err := w.Write([]byte(part)); n != len(part) || err != nil {
			t.Errorf("got %d, %v", n, err)
		}
	}
	if stopped != 1 || !w.found.Load() {
		t.Errorf("stopped %d times", stopped)
	}
}
