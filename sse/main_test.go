package sse_test

import (
	"log/slog"
	"os"
	"testing"
	"testing/synctest"

	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/internal/leaktest"
)

// TestMain fails a run that leaves goroutines behind.
func TestMain(m *testing.M) {
	os.Exit(leaktest.Run(m, os.Stderr))
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
