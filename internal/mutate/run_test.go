package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// tiny is a command line for the module in testdata.
func tiny(t *testing.T) config {
	t.Helper()
	t.Setenv("GOWORK", "off")
	t.Setenv("TMPDIR", t.TempDir())
	return config{
		dir: "testdata/tiny", parallel: 2, timeout: 2 * time.Second,
		survivors: filepath.Join(t.TempDir(), "survivors.txt"), json: filepath.Join(t.TempDir(), "out.json"),
	}
}

// outcomes reads what a run has written, by the function, kind and text.
func outcomes(t *testing.T, c config) map[string]result {
	t.Helper()
	content, err := os.ReadFile(c.json)
	if err != nil {
		t.Fatal(err)
	}
	var results []result
	if err := json.Unmarshal(content, &results); err != nil {
		t.Fatal(err)
	}
	found := make(map[string]result)
	for i := range results {
		found[strings.TrimPrefix(results[i].key(), "tiny.go: ")] = results[i]
	}
	return found
}

func TestARunTellsWhatBecomesOfEachMutant(t *testing.T) {
	c := tiny(t)
	accepted := "tiny.go:99: Sign: one more: 7\n\tNobody looks.\ntiny.go: Gone: one more: 1\n\tIt was there.\n"
	if err := os.WriteFile(c.survivors, []byte(accepted), 0o600); err != nil {
		t.Fatal(err)
	}
	c.least = 90
	var stdout, stderr bytes.Buffer
	err := run(t.Context(), c, &stdout, &stderr)
	if err == nil || !strings.Contains(err.Error(), "fewer than 90 %") {
		t.Errorf("the score is too low, and run says: %v", err)
	}
	found := outcomes(t, c)
	for key, want := range map[string]outcome{
		"Clamp: condition true: n >= limit":              killed,
		"Clamp: condition false: n >= limit":             killed,
		"Clamp: bound moved: n >= limit":                 survived, // it means the same
		"Sign: condition true: n < 0":                    survived,
		"Sign: one more: 7":                              survived,
		"Count: assignment removed: n--":                 timedOut,
		"Count: assignment removed: rounds++":            killed, // by a slow test
		"Count: zero returned: rounds":                   killed,
		"Forgotten: false returned: true":                uncovered,
		"package: constant doubled: 3":                   killed,
		"Guard: condition false: recover() != nil":       killed,
		"Guard: condition true: recover() != nil":        survived,
		"Refuse: one more: 1 #2":                         uncompiled,
		`Fail: nil returned: errors.New("tiny: failed")`: uncompiled,
	} {
		if got, ok := found[key]; !ok || got.Outcome != want {
			t.Errorf("%s: got %q, want %q", key, got.Outcome, want)
		}
	}
	if got := found["Sign: one more: 7"].Reason; got != "Nobody looks." {
		t.Errorf("the reason is %q", got)
	}
	report := stdout.String()
	for _, want := range []string{
		"\t- if n < 0 {\n\t+ if (n < 0) || true {\n", "(no test runs it)", "killed or gone: tiny.go: Gone: one more: 1",
	} {
		if !strings.Contains(report, want) {
			t.Errorf("the report lacks %q:\n%s", want, report)
		}
	}
	if strings.Contains(report+stderr.String(), "Sign: one more: 7") {
		t.Errorf("a survivor is named that is explained:\n%s%s", report, &stderr)
	}
	if want := "survived: tiny.go:11: Clamp: bound moved: n >= limit\n"; !strings.Contains(stderr.String(), want) {
		t.Errorf("the survivor is not named as it is found:\n%s", &stderr)
	}
	left, err := os.ReadDir(os.Getenv("TMPDIR"))
	left = slices.DeleteFunc(left, func(entry os.DirEntry) bool { return !strings.HasPrefix(entry.Name(), "mutate-") })
	if err != nil || len(left) > 0 {
		t.Errorf("temporary files are left: %v, %v", left, err)
	}
}

func TestOnlyTheSurvivorsOfARunAreTriedAgain(t *testing.T) {
	c := tiny(t)
	c.only = filepath.Join(t.TempDir(), "earlier.json")
	m := mutant{File: "tiny.go", Function: "Sign", Kind: "condition true", Text: "n < 0"}
	other := mutant{File: "tiny.go", Function: "Clamp", Kind: "condition true", Text: "n >= limit"}
	earlier := []result{{mutant: m, Outcome: survived}, {mutant: other, Outcome: killed}}
	if err := writeJSON(c.only, earlier); err != nil {
		t.Fatal(err)
	}
	if err := run(t.Context(), c, io.Discard, io.Discard); err != nil {
		t.Fatal(err)
	}
	found := outcomes(t, c)
	if got := found["Sign: condition true: n < 0"].Outcome; got != survived || len(found) != 1 {
		t.Errorf("got %q of %d mutants", got, len(found))
	}
}

func TestTestsThatFailWithoutAMutantAreAnError(t *testing.T) {
	c := tiny(t)
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(c.dir)); err != nil {
		t.Fatal(err)
	}
	failing := "package tiny\n\nimport \"testing\"\n\nfunc TestNever(t *testing.T) { t.Fail() }\n"
	if err := os.WriteFile(filepath.Join(dir, "never_test.go"), []byte(failing), 0o600); err != nil {
		t.Fatal(err)
	}
	c.dir = dir
	err := run(t.Context(), c, io.Discard, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "fail without a mutant") {
		t.Errorf("got %v", err)
	}
}

func TestMutantsThatCannotBeBuiltTogetherAreBuiltOneAtATime(t *testing.T) {
	c := tiny(t)
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(c.dir)); err != nil {
		t.Fatal(err)
	}
	clash := "package tiny\n\nvar mutantUnderTest = false\n"
	if err := os.WriteFile(filepath.Join(dir, "clash.go"), []byte(clash), 0o600); err != nil {
		t.Fatal(err)
	}
	c.dir, c.lines, c.files = dir, "11", []string{"tiny.go"}
	var stderr bytes.Buffer
	if err := run(t.Context(), c, io.Discard, &stderr); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(stderr.String(), "built on its own") {
		t.Errorf("standard error does not say so:\n%s", &stderr)
	}
	if got := outcomes(t, c)["Clamp: condition true: n >= limit"].Outcome; got != killed {
		t.Errorf("got %q", got)
	}
}
