package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
)

// lives reports whether the tests have not noticed the mutant.
func (r *result) lives() bool { return r.Outcome == survived || r.Outcome == uncovered }

// A tally counts outcomes.
type tally struct{ mutants, killed, timedOut, survived, uncovered, explained, uncompiled int }

func (t *tally) count(r *result) {
	if r.Outcome == interrupted {
		return
	}
	t.mutants++
	switch r.Outcome {
	case killed:
		t.killed++
	case timedOut:
		t.killed++
		t.timedOut++
	case survived:
		t.survived++
	case uncovered:
		t.survived++
		t.uncovered++
	case uncompiled:
		t.uncompiled++
	case interrupted:
	}
	if r.Reason != "" {
		t.explained++
	}
}

// score is the part that was killed, in per cent, of those that compile. An
// explanation does not raise it.
func (t *tally) score() float64 {
	if t.killed+t.survived == 0 {
		return 100
	}
	return 100 * float64(t.killed) / float64(t.killed+t.survived)
}

// write writes the table, and the survivors that nobody has explained.
func write(w io.Writer, results []result, needless []string) (tally, error) {
	total, err := table(w, results)
	if err != nil {
		return total, err
	}
	for i := range results {
		if r := &results[i]; r.lives() && r.Reason == "" {
			survivor(w, r)
		}
	}
	for _, key := range needless {
		fmt.Fprintf(w, "\nexplained, but killed or gone: %s\n", key)
	}
	return total, nil
}

func survivor(w io.Writer, r *result) {
	note := ""
	if r.Outcome == uncovered {
		note = "\t(no test runs it)\n"
	}
	fmt.Fprintf(w, "\n%s:%d: %s: %s: %s\n\t- %s\n\t+ %s\n%s", r.File, r.Line, r.Function, r.Kind, r.Text,
		r.Before, r.After, note)
}

func table(w io.Writer, results []result) (tally, error) {
	var total tally
	files := make(map[string]*tally)
	for i := range results {
		r := &results[i]
		if files[r.File] == nil {
			files[r.File] = &tally{}
		}
		files[r.File].count(r)
		total.count(r)
	}
	columns := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(columns, "\tmutants\tkilled\tof these by time\tsurvived\tof these not run\texplained\tnot compiling\tscore\t\n")
	for _, name := range slices.Sorted(maps.Keys(files)) {
		row(columns, name, files[name])
	}
	row(columns, "all", &total)
	return total, columns.Flush()
}

func row(w io.Writer, name string, t *tally) {
	score := "-"
	if t.killed+t.survived > 0 {
		score = fmt.Sprintf("%.1f %%", t.score())
	}
	fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%s\t\n", name, t.mutants, t.killed, t.timedOut,
		t.survived, t.uncovered, t.explained, t.uncompiled, score)
}

// sortedTrue returns the keys whose value is true, in order.
func sortedTrue[K cmp.Ordered](set map[K]bool) []K {
	var keys []K
	for _, key := range slices.Sorted(maps.Keys(set)) {
		if set[key] {
			keys = append(keys, key)
		}
	}
	return keys
}
