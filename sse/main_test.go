package sse_test

import (
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare/baretest"
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

// leakedGoroutines returns the stacks of the goroutines that are neither the test's own
// nor the runtime's. It gives those that are about to end some time.
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

// eachProtocol runs a test over every protocol, in a bubble of fake time.
func eachProtocol(t *testing.T, test func(t *testing.T, protocol baretest.Protocol)) {
	t.Helper()
	for _, protocol := range baretest.Protocols() {
		t.Run(protocol.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { test(t, protocol) })
		})
	}
}

// nothing is a logger of nothing.
func nothing() *slog.Logger { return slog.New(slog.DiscardHandler) }
