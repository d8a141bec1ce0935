package judges

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/bare-go/bare"
)

// docs:start mcp
func mounted() *bare.Application {
	app := bare.NewApplication()
	app.Mount("/mcp", newMCPHandler())
	return app
}

func adapted() *bare.Application {
	app := bare.NewApplication()
	app.OnHttpRequest(bare.Methods{"GET", "POST", "DELETE"}, "/mcp", bare.FromHTTPHandler(newMCPHandler()))
	return app
}

// docs:end mcp

func TestMCPsConformanceSuiteJudgesBareAsItJudgesNetHTTP(t *testing.T) {
	t.Parallel()
	program := node(t)
	names := []string{"net/http", "bare, Mount", "bare, FromHTTPHandler"}
	addrs := []string{
		serveNetHTTP(t, newMCPHandler(), nil),
		serveBare(t, mounted(), bare.Server{}),
		serveBare(t, adapted(), bare.Server{}),
	}
	results := make([]map[string]string, len(addrs))
	var running sync.WaitGroup
	for i, addr := range addrs {
		running.Go(func() { results[i] = runConformance(t, program, addr) })
	}
	running.Wait()

	var record strings.Builder
	fmt.Fprintf(&record, "@modelcontextprotocol/conformance %s, go-sdk %s\n\n",
		version(t, "@modelcontextprotocol/conformance"), moduleVersion(t, "github.com/modelcontextprotocol/go-sdk"))
	for i, name := range names {
		if !maps.Equal(results[i], results[0]) {
			t.Errorf("%s and %s are judged differently:\n%s", names[0], name, differences(results[0], results[i]))
		}
		fmt.Fprintf(&record, "%-22s %s\n", name, summary(results[i]))
	}
	record.WriteString("\nwhat is no success, the same for all:\n")
	for _, check := range slices.Sorted(maps.Keys(results[0])) {
		if status := results[0][check]; status != "SUCCESS" {
			fmt.Fprintf(&record, "  %s: %s\n", check, strings.ToLower(status))
		}
	}
	checkRecord(t, "mcp.txt", record.String())
}

// runConformance returns each check's status, by scenario and name.
func runConformance(t *testing.T, program, addr string) map[string]string {
	t.Helper()
	results := t.TempDir()
	suite := filepath.Join("node_modules", "@modelcontextprotocol", "conformance", "dist", "index.js")
	said, err := hear(program, suite, "server", "--url", "http://"+addr+"/mcp", "--suite", "all", "--output-dir", results)
	if err != nil {
		t.Error(err)
		return nil
	}
	statuses, err := readChecks(results)
	if err != nil || len(statuses) == 0 {
		t.Errorf("the suite left no results: %v\n%s", err, said.output)
	}
	if failed := failures(statuses); (said.status == 0) != (len(failed) == 0) {
		t.Errorf("the suite exits with %d, and these checks failed: %v\n%s", said.status, failed, said.output)
	}
	return statuses
}

// scenario is in the name of a folder of results, before the time.
var scenario = regexp.MustCompile(`^server-(.+)-\d{4}-\d{2}-\d{2}T`)

func readChecks(folder string) (map[string]string, error) {
	paths, err := filepath.Glob(filepath.Join(folder, "server-*", "checks.json"))
	if err != nil {
		return nil, err
	}
	statuses := make(map[string]string)
	for _, path := range paths {
		name := scenario.FindStringSubmatch(filepath.Base(filepath.Dir(path)))
		if name == nil {
			return nil, fmt.Errorf("%s names no scenario", path)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		var checks []struct{ ID, Status string }
		if err := json.Unmarshal(text, &checks); err != nil {
			return nil, err
		}
		for i, check := range checks {
			statuses[fmt.Sprintf("%s/%d %s", name[1], i+1, check.ID)] = check.Status
		}
	}
	return statuses, nil
}

func failures(statuses map[string]string) []string {
	var failed []string
	for check, status := range statuses {
		if status == "FAILURE" {
			failed = append(failed, check)
		}
	}
	return failed
}

func summary(statuses map[string]string) string {
	scenarios, counts := make(map[string]bool), make(map[string]int)
	for check, status := range statuses {
		name, _, _ := strings.Cut(check, "/")
		scenarios[name] = true
		counts[status]++
	}
	text := fmt.Sprintf("%d scenarios, %d checks", len(scenarios), len(statuses))
	for _, status := range slices.Sorted(maps.Keys(counts)) {
		text += fmt.Sprintf(", %d %s", counts[status], strings.ToLower(status))
	}
	return text
}

// differences lists the checks on which two runs disagree.
func differences(one, other map[string]string) string {
	var lines []string
	for check, status := range one {
		if other[check] != status {
			lines = append(lines, fmt.Sprintf("%s: %q and %q", check, status, other[check]))
		}
	}
	for check, status := range other {
		if _, known := one[check]; !known {
			lines = append(lines, fmt.Sprintf("%s: none and %q", check, status))
		}
	}
	slices.Sort(lines)
	return listed(lines)
}
