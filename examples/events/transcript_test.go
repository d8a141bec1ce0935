package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare/baretest"
)

var update = flag.Bool("update", false, "rewrite the transcripts")

// TestTranscripts compares what the chapter shows of curl with a recorded run.
func TestTranscripts(t *testing.T) {
	for _, test := range []struct {
		name, options, path, lastID string
		events                      int // to read; 0 means all
	}{
		{"events-clock", "-N -i", "/clock", "", 4},
		{"events-countdown", "-N", "/countdown", "", 0},
		{"events-resume", "-N", "/countdown", "3", 0},
		{"events-done", "-i", "/countdown", "done", 0},
		{"events-failed", "-N", "/countdown?tank=empty", "", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(time.Until(time.Date(2026, 11, 21, 9, 0, 0, 0, time.Local)))
				command := "curl " + test.options
				if test.lastID != "" {
					command += " -H 'Last-Event-ID: " + test.lastID + "'"
				}
				stream := ask(t, baretest.NewServer(t, newApp()), test.path, test.lastID)
				screen := "$ " + command + " " + quote("http://localhost:9009"+test.path) + "\n"
				if strings.Contains(test.options, "-i") {
					screen += head(stream)
				}
				compare(t, test.name+".txt", screen+body(stream, test.events))
			})
		})
	}
}

// quote quotes what a shell would take apart.
func quote(url string) string {
	if strings.Contains(url, "?") {
		return "'" + url + "'"
	}
	return url
}

// head is what curl -i shows of the head, in the order in which the server sends it.
func head(stream *baretest.Stream) string {
	text := "HTTP/1.1 " + stream.Response.Status + "\n"
	for _, name := range []string{"Cache-Control", "Content-Type", "Incremental", "X-Accel-Buffering"} {
		if value := stream.Response.Header.Get(name); value != "" {
			text += fmt.Sprintf("%s: %s\n", name, value)
		}
	}
	text += "Date: Sat, 21 Nov 2026 09:00:00 GMT\n" // as in London
	if slices.Contains(stream.Response.TransferEncoding, "chunked") {
		text += "Transfer-Encoding: chunked\n"
	}
	return text + "\n"
}

// body is what curl shows of the events, and of their end.
func body(stream *baretest.Stream, events int) string {
	if events == 0 {
		text := stream.Rest()
		if stream.Err() != nil {
			text += "curl: (18) transfer closed with outstanding read data remaining\n"
		}
		return text
	}
	text := ""
	for range events {
		text += stream.Event()
	}
	return text + "^C\n"
}

// compare checks a transcript, or rewrites it when the tests run with -update.
func compare(t *testing.T, name, got string) {
	t.Helper()
	path := "../../docs/tutorial/transcripts/" + name
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s\n(-update rewrites it)", name, got, want)
	}
}
