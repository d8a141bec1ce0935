package inspect_test

import (
	"os"
	"testing"

	"github.com/bare-go/bare/internal/leaktest"
)

// TestMain fails a run that leaves goroutines behind.
func TestMain(m *testing.M) { os.Exit(leaktest.Run(m, os.Stderr)) }
