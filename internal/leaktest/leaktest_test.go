package leaktest_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/bare-go/bare/internal/leaktest"
)

// leaking has the test of that name leave a goroutine behind, in a process of its own.
const leaking = "LEAKTEST_LEAKS"

func TestMain(m *testing.M) { os.Exit(leaktest.Run(m, os.Stderr)) }

func TestAGoroutineThatIsLeftBehindFailsTheRun(t *testing.T) {
	if os.Getenv(leaking) != "" {
		go func() { select {} }()
		return
	}
	command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	command.Env = append(os.Environ(), leaking+"=1")
	output, err := command.CombinedOutput()
	if err == nil || !strings.Contains(string(output), "TestAGoroutineThatIsLeftBehindFailsTheRun.func1") {
		t.Errorf("the run says %v, and prints\n%s", err, output)
	}
}
