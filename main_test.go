package bare_test

import (
	"os"
	"testing"

	"github.com/bare-go/bare/internal/leaktest"
)

// TestMain fails a run that leaves goroutines behind. With an environment variable
// the binary is another program, for the tests that start one.
func TestMain(m *testing.M) {
	if name := os.Getenv(programVariable); name != "" {
		programs()[name]()
		return
	}
	os.Exit(leaktest.Run(m, os.Stderr))
}
