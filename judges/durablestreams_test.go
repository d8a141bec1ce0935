package judges

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/durable"
)

const (
	// durableTests is how many tests the suite of Durable Streams has for servers.
	durableTests = 332
	// reserved is the suite's section that runs only when it is asked for: that of the
	// subscription APIs, which package durable does not have.
	reserved = "Reserved subscription APIs"
)

// It is not parallel: some of the suite's tests are about seconds that pass, and would
// fail where something else takes the machine.
//
//nolint:paralleltest // see above
func TestDurableStreamsConformanceSuitePasses(t *testing.T) {
	program := node(t)
	address := runExample(t, "durable_streams", "-long-poll", "500ms")
	sections := runDurableSuite(t, program, address)

	total := 0
	record := "@durable-streams/server-conformance-tests " + version(t, "@durable-streams/server-conformance-tests") + "\n\n"
	for _, section := range sections {
		for _, fault := range section.faults {
			t.Error(fault)
		}
		total += section.passed
		if section.passed > 0 {
			record += fmt.Sprintf("%4d passed: %s\n", section.passed, section.name)
		}
	}
	if total < durableTests {
		t.Errorf("%d tests passed, and there are %d", total, durableTests)
	}
	record += fmt.Sprintf("%4d passed, none failed. Not run: %s\n", total, reserved)
	checkRecord(t, "durablestreams.txt", record)
}

// runExample builds one of the examples, runs it until the test ends, and returns its
// address.
func runExample(t *testing.T, name string, arguments ...string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), name)
	said, err := hear("go", "build", "-o", program, "github.com/bare-go/bare/examples/"+name)
	if err != nil || said.status != 0 {
		t.Fatalf("%s cannot be built: %v\n%s", name, err, said.output)
	}
	ctx, cancel := context.WithCancel(context.Background())
	command := exec.CommandContext(ctx, program, append(arguments, "-addr", "127.0.0.1:0")...)
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = patience
	command.Stderr = t.Output()
	output, err := command.StdoutPipe()
	if err == nil {
		err = command.Start()
	}
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	line, err := bufio.NewReader(output).ReadString('\n')
	t.Cleanup(func() {
		cancel()
		_ = command.Wait() // what it says of being interrupted tells nothing
		if status := command.ProcessState.ExitCode(); status != 0 {
			t.Errorf("%s ended with the status %d", name, status)
		}
	})
	address, ok := strings.CutPrefix(strings.TrimSpace(line), "Listening on ")
	if err != nil || !ok {
		t.Fatalf("%s said %q, %v", name, line, err)
	}
	return address
}

// A section is one of the suite's outermost groups of tests.
type section struct {
	name   string
	passed int
	faults []string
}

// runDurableSuite runs the suite under vitest, and returns its sections in order. A
// test that did not pass is a fault, unless it is in the section that was not asked
// for.
func runDurableSuite(t *testing.T, program, address string) []section {
	t.Helper()
	results := filepath.Join(t.TempDir(), "results.json")
	said, err := hearFor(5*patience, "env", "DURABLE_STREAMS_URL="+address, // vitest passes no arguments on
		program, filepath.Join("node_modules", "vitest", "vitest.mjs"), "run", "--root", ".",
		"durablestreams.test.mjs", "--reporter", "json", "--outputFile", results)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(results)
	if err != nil {
		t.Fatalf("the suite left no results: %v\n%s", err, said.output)
	}
	var report struct {
		TestResults []struct {
			AssertionResults []struct {
				AncestorTitles  []string
				Title, Status   string
				FailureMessages []string
			}
		}
	}
	if err := json.Unmarshal(text, &report); err != nil {
		t.Fatal(err)
	}
	var sections []section
	for _, file := range report.TestResults {
		for _, test := range file.AssertionResults {
			name := test.AncestorTitles[0]
			if len(sections) == 0 || sections[len(sections)-1].name != name {
				sections = append(sections, section{name: name})
			}
			last := &sections[len(sections)-1]
			switch {
			case test.Status == "passed":
				last.passed++
			case name != reserved:
				last.faults = append(last.faults, fmt.Sprintf("%s, %s: %s\n%s",
					name, test.Title, test.Status, strings.Join(test.FailureMessages, "\n")))
			}
		}
	}
	if said.status != 0 {
		t.Errorf("the suite ended with the status %d:\n%s", said.status, said.output)
	}
	return sections
}

// The example embeds the client as one file, which bundle.mjs makes of the packages
// that are pinned here.
func TestTheExampleEmbedsTheClientThatIsPinned(t *testing.T) {
	t.Parallel()
	fresh := t.TempDir()
	if said, err := hear(node(t), "bundle.mjs", fresh); err != nil || said.status != 0 {
		t.Fatalf("the client cannot be bundled: %v\n%s", err, said.output)
	}
	for _, name := range []string{"client.js", "client.licences.txt"} {
		got, err := os.ReadFile(filepath.Join("..", "examples", "durable_streams", name))
		if err != nil {
			t.Error(err)
		}
		if want, err := os.ReadFile(filepath.Join(fresh, name)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is stale (%v): run node bundle.mjs ../examples/durable_streams in judges", name, err)
		}
	}
}

func TestDurableStreamsClientReadsAndWrites(t *testing.T) {
	t.Parallel()
	app := bare.NewApplication()
	durable.New(durable.Options{MaxSSE: 100 * time.Millisecond, LongPoll: 100 * time.Millisecond}).Register(app.Group("/v1/stream"))
	script(t, "durableclient", "@durable-streams/client", "http://"+serveBare(t, app, bare.Server{}))
}
