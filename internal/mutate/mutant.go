package main

import (
	"fmt"
	"strings"
)

// How much source is shown, in bytes.
const (
	keyLimit  = 100 // in a key
	lineLimit = 200 // as a line before or after the change
)

// A mutant is one small fault, made by replacing a part of one source file.
type mutant struct {
	File     string `json:"file"` // its name in the package's directory
	Line     int    `json:"line"`
	Function string `json:"function"` // with its receiver's type; "package" outside of one
	Kind     string `json:"kind"`
	Text     string `json:"text"` // what was replaced, on one line
	Before   string `json:"before"`
	After    string `json:"after"`

	start, end int // the replaced bytes
	with       string
}

// key names the mutant in a way that outlasts changes elsewhere in its file.
func (m mutant) key() string {
	return strings.Join([]string{m.File, m.Function, m.Kind, m.Text}, ": ")
}

// apply returns the mutated source.
func (m mutant) apply(source []byte) []byte {
	mutated := make([]byte, 0, len(source)+len(m.with))
	mutated = append(mutated, source[:m.start]...)
	mutated = append(mutated, m.with...)
	return append(mutated, source[m.end:]...)
}

// oneLine makes one line of a piece of source, and cuts one that is too long.
func oneLine(source string, limit int) string {
	line := strings.Join(strings.Fields(source), " ")
	if len(line) > limit {
		line = strings.ToValidUTF8(line[:limit], "") + "..."
	}
	return line
}

// number tells apart the mutants of a function that have the same key: the second
// has "#2" at its end.
func number(mutants []mutant) {
	seen := make(map[string]int)
	for i := range mutants {
		key := mutants[i].key()
		seen[key]++
		if seen[key] > 1 {
			mutants[i].Text += fmt.Sprintf(" #%d", seen[key])
		}
	}
}
