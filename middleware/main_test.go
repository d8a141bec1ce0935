package middleware_test

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestMain fails a run that leaves goroutines behind.
func TestMain(m *testing.M) {
	code := m.Run()
	if leaked := leakedGoroutines(); code == 0 && leaked != "" {
		fmt.Fprintln(os.Stderr, "goroutines were left behind:\n\n"+leaked)
		code = 1
	}
	os.Exit(code)
}

// leakedGoroutines returns the stacks of the goroutines that are neither the
// test's own nor the runtime's. It gives those that are about to end some time.
func leakedGoroutines() string {
	var leaked string
	for deadline := time.Now().Add(3 * time.Second); time.Now().Before(deadline); runtime.Gosched() {
		buffer := make([]byte, 1<<20)
		var stacks []string
		for stack := range strings.SplitSeq(string(buffer[:runtime.Stack(buffer, true)]), "\n\n") {
			if strings.Contains(stack, "bare-go/bare") && !strings.Contains(stack, "TestMain") {
				stacks = append(stacks, stack)
			}
		}
		if leaked = strings.Join(stacks, "\n\n"); leaked == "" {
			break
		}
	}
	return leaked
}
