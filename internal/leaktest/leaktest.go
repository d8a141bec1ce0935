// Package leaktest fails the tests of a package that leave goroutines behind.
package leaktest

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"
)

// patience is how long goroutines that are about to end may take, in real time.
const patience = 3 * time.Second

// Run runs the tests, and returns the exit code for [os.Exit]: that of the tests, or 1 if
// they pass and leave a goroutine of the module behind, whose stack it writes to w. A
// TestMain calls it, and nothing else may be running then.
func Run(m *testing.M, w io.Writer) int {
	code := m.Run()
	if code != 0 {
		return code
	}
	if leaked := leaked(); leaked != "" {
		_, _ = fmt.Fprintln(w, "goroutines were left behind:\n\n"+leaked)
		return 1
	}
	return 0
}

// leaked returns the stacks of the module's goroutines, without the one that asks.
func leaked() string {
	var leaked string
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); runtime.Gosched() {
		buffer := make([]byte, 1<<20)
		var stacks []string
		for stack := range strings.SplitSeq(string(buffer[:runtime.Stack(buffer, true)]), "\n\n") {
			if strings.Contains(stack, "bare-go/bare") && !strings.Contains(stack, "internal/leaktest.Run") {
				stacks = append(stacks, stack)
			}
		}
		if leaked = strings.Join(stacks, "\n\n"); leaked == "" {
			break
		}
	}
	return leaked
}
