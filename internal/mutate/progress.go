package main

import (
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// progress returns a function that counts on standard error, and names each
// survivor that is not explained.
func progress(w io.Writer, explained explanations, all int) func(*result) {
	start, done, living := time.Now(), 0, 0
	return func(r *result) {
		done++
		if r.lives() {
			living++
		}
		if r.lives() && explained[r.key()] == "" {
			fmt.Fprintf(w, "%s: %s:%d: %s: %s: %s\n", r.Outcome, r.File, r.Line, r.Function, r.Kind, r.Text)
		}
		if done%10 == 0 || done == all {
			fmt.Fprintf(w, "%d of %d, %d survived, %v\n", done, all, living, time.Since(start).Round(time.Second))
		}
	}
}

func writeJSON(name string, results []result) error {
	content, err := json.MarshalIndent(results, "", "\t")
	if err != nil {
		return err
	}
	return writeFile(name, append(content, '\n'))
}

// readSurvivors returns the keys of the mutants that were alive in what writeJSON
// has written.
func readSurvivors(name string) (map[string]bool, error) {
	content, err := readFile(name)
	if err != nil {
		return nil, err
	}
	var results []result
	if err := json.Unmarshal(content, &results); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	living := make(map[string]bool)
	for i := range results {
		if results[i].lives() {
			living[results[i].key()] = true
		}
	}
	return living, nil
}
