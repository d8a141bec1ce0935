package main

import (
	"bytes"
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare/baretest"
)

var update = flag.Bool("update", false, "rewrite the transcript")

// The guide shows what this run logs.
func TestAServiceStreamsInsideItsMiddlewares(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		stream, began := baretest.NewServer(t, newApp(&log)).Get("/ticks"), time.Now()
		for range 3 {
			stream.Line()
		}
		if took := time.Since(began).Round(time.Second); took != 2*time.Second || stream.Response.Header.Get("X-Request-Id") == "" {
			t.Errorf("three lines took %v, and the headers are %v", took, stream.Response.Header)
		}
		time.Sleep(500 * time.Millisecond)
		stream.Close()
		synctest.Wait()
		compare(t, "service.txt", replaced(log.String(),
			`request_id=\w+`, "request_id=H4FJ2KQ7", // which is another one each time
			`client=\S+`, "client=127.0.0.1", // a network in memory has no addresses
			`2000-01-01T00:00:0(\d)`, "2026-11-21T09:04:0$1",
			`first_byte=\w+`, "first_byte=0s",
			`duration=[\d.]+s`, "duration=2.5s"))
	})
}

// replaced has what the expressions match in the log replaced.
func replaced(log string, pairs ...string) string {
	for i := 0; i < len(pairs); i += 2 {
		log = regexp.MustCompile(pairs[i]).ReplaceAllString(log, pairs[i+1])
	}
	return log
}

func compare(t *testing.T, name, got string) {
	t.Helper()
	path := "../transcripts/" + name
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) || strings.Count(got, "\n") != 2 {
		t.Errorf("got\n%s\nwant\n%s\n(-update rewrites it)", got, want)
	}
}
