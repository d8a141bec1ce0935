package main

import (
	"bytes"
	"go/format"
	"os"
	"strings"
	"testing"
)

// Both services do the same, as their tests are the same. This one must not need more code
// for it.
func TestTheServiceHasNoMoreLinesThanOnEcho(t *testing.T) {
	here, there := countLines(t, "main.go"), countLines(t, "echo/main.go")
	t.Logf("%d lines here, %d on Echo", here, there)
	if here > there {
		t.Errorf("there are %d lines of code here, and %d on Echo", here, there)
	}
}

// countLines counts the lines of a formatted file that are neither blank nor comments.
func countLines(t *testing.T, path string) int {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if formatted, err := format.Source(text); err != nil || !bytes.Equal(formatted, text) {
		t.Errorf("%s is not formatted (%v)", path, err)
	}
	lines := 0
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "//") {
			lines++
		}
	}
	return lines
}
