package main

import (
	"flag"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/internal/leaktest"
)

func TestMain(m *testing.M) { os.Exit(leaktest.Run(m, os.Stderr)) }

var update = flag.Bool("update", false, "rewrite the transcript")

func TestTheMetricsTellRequestsAndStreamsApart(t *testing.T) {
	for _, protocol := range baretest.Protocols() {
		t.Run(protocol.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := baretest.Config{Protocol: protocol}.NewServer(t, newApp())
				if got := server.Get("/hello/fred").Rest(); got != "Hello, fred!\n" {
					t.Errorf("got %q", got)
				}
				if got := server.Get("/ticks/3").Rest(); strings.Count(got, "data: ") != 3 {
					t.Errorf("got %q", got)
				}
				server.Get("/ticks/60").Next()
				synctest.Wait()
				compare(t, "metrics.txt", grep(server.Get("/metrics").Rest()))
			})
		})
	}
}

// grep is what the guide shows: the metrics of bare without buckets and sums.
func grep(metrics string) string {
	var text strings.Builder
	for line := range strings.Lines(metrics) {
		if strings.HasPrefix(line, "bare_") && !strings.Contains(line, "_bucket") && !strings.Contains(line, "_sum") {
			text.WriteString(line)
		}
	}
	return text.String()
}

// compare checks a transcript, or rewrites it when the test runs with -update.
func compare(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || got != string(want) {
		t.Errorf("%s differs (%v), run the test with -update; got\n%s", path, err, got)
	}
}
