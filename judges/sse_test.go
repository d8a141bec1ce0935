package judges

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestTheContractTestsJudgeTheClient(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	service, err := buildProgram(".", filepath.Join(folder, "sseservice"), "./sseservice")
	if err != nil {
		t.Fatal(err)
	}
	suite, err := buildProgram("testdata/sse-contract-tests", filepath.Join(folder, "sse-contract-tests"), ".")
	if err != nil {
		absent(t, err)
	}
	addr, port := freePort(t), freePort(t)
	running := exec.CommandContext(t.Context(), service, "-addr", "localhost:"+addr)
	if err := running.Start(); err != nil {
		t.Fatal(err)
	}
	said, err := hear(suite, "-url", "http://localhost:"+addr, "-port", port, "-stop-service-at-end")
	if err != nil {
		t.Fatal(err)
	}
	if err := running.Wait(); err != nil {
		t.Errorf("the service ended with %v", err)
	}
	results := readContract(said.output)
	if said.status != 0 || len(results.failed) > 0 || len(results.passed) == 0 {
		t.Errorf("status %d\n%s", said.status, said.output)
	}
	version, _, _ := strings.Cut(said.output, "Connecting")
	checkRecord(t, "sse-contract-tests.txt", fmt.Sprintf("%s\n\n%s\n\nskipped, as the client does not have the feature:\n%s",
		strings.TrimSpace(version), results, listed(results.skipped)))
}

// readContract reads what the suite prints: a test's name in brackets, and beneath it
// what is wrong with it.
func readContract(output string) caseResults {
	var results caseResults
	var started []string
	name := regexp.MustCompile(`^\[(.+)\]$`)
	for line := range strings.Lines(output) {
		line = strings.TrimSpace(line)
		if match := name.FindStringSubmatch(line); match != nil {
			started = append(started, match[1])
		} else if failed, ok := strings.CutPrefix(line, "FAILED: "); ok {
			results.failed = append(results.failed, failed)
		} else if skipped, ok := strings.CutPrefix(line, "SKIPPED: "); ok {
			skipped, _, _ = strings.Cut(skipped, " (")
			results.skipped = append(results.skipped, skipped)
		}
	}
	for _, test := range started {
		group := slices.ContainsFunc(started, func(other string) bool { return strings.HasPrefix(other, test+"/") })
		if !group && !slices.Contains(results.failed, test) && !slices.Contains(results.skipped, test) {
			results.passed = append(results.passed, test)
		}
	}
	return results
}

// buildProgram builds a program in the module that folder is in.
func buildProgram(folder, program, path string) (string, error) {
	build := exec.CommandContext(context.Background(), "go", "build", "-o", program, path)
	build.Dir = folder
	build.Env = append(build.Environ(), "GOWORK=off", "GOFLAGS=")
	if output, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%s cannot be built: %w\n%s", filepath.Base(program), err, output)
	}
	return program, nil
}

// freePort is a port of localhost that nobody listens on yet.
func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := listener.Close(); err != nil {
			t.Error(err)
		}
	}()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}
