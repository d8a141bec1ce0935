package main

import (
	"bytes"
	"sync/atomic"
)

// A watcher reads a test's output, and notices the first sign of a failure.
type watcher struct {
	failed func()
	found  atomic.Bool
	line   []byte // the start of the last line
}

// Write looks at whole lines only.
func (w *watcher) Write(output []byte) (int, error) {
	w.line = append(w.line, output...)
	for {
		line, rest, ok := bytes.Cut(w.line, []byte("\n"))
		if !ok {
			return len(output), nil
		}
		if isFailure(line) && !w.found.Swap(true) {
			w.failed()
		}
		w.line = rest
	}
}

// isFailure reports whether a line says that a test, or the program, has failed.
func isFailure(line []byte) bool {
	for _, sign := range []string{"--- FAIL: ", "panic: ", "fatal error: "} {
		if bytes.HasPrefix(line, []byte(sign)) {
			return true
		}
	}
	return false
}

// tail is the end of a long output.
func tail(output []byte) []byte {
	const limit = 4 << 10
	return output[max(0, len(output)-limit):]
}
