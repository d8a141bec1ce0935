package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare/baretest"
)

// captureOutput has what the program prints go to a file until the test ends, and
// returns a function that reads it.
func captureOutput(t *testing.T) func() string {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "stdout"))
	if err != nil {
		t.Fatal(err)
	}
	stdout := os.Stdout
	os.Stdout = file
	t.Cleanup(func() {
		os.Stdout = stdout
		if err := file.Close(); err != nil {
			t.Error(err)
		}
	})
	return func() string {
		content, err := os.ReadFile(file.Name())
		if err != nil {
			t.Fatal(err)
		}
		return string(content)
	}
}

// docs:start test
func TestAnEventComesAtOnceAndThenEachSecond(t *testing.T) {
	output := captureOutput(t)
	synctest.Test(t, func(t *testing.T) {
		server := baretest.NewServer(t, newApp(&options{every: time.Second}))
		stream := server.Get("/events")
		for _, want := range []string{"00:00:00", "00:00:01", "00:00:02"} {
			if got := stream.Next(); got != "data: 2000-01-01 "+want+"\n\n" {
				t.Errorf("got %q, want the event of %s", got, want)
			}
		}
		stream.Close()  // the tab is closed
		synctest.Wait() // and everything that follows from it has happened
	})
	want := "Sending event\nSending event\nSending event\nCancelled\n"
	if got := output(); got != want {
		t.Errorf("the program printed %q, want %q", got, want)
	}
}

// docs:end test

// docs:start handlertest
func TestTheHandlerSendsTheTimeInTheFormatOfEvents(t *testing.T) {
	captureOutput(t)
	synctest.Test(t, func(t *testing.T) {
		o := &options{every: time.Hour, nudge: true}
		response := o.testEvents(baretest.NewRequest("GET", "/events", nil))
		got := baretest.Chunks(response.Body, 3)
		want := []string{"data: 2000-01-01 00:00:00\n\n", ":\n\n", "data: 2000-01-01 01:00:00\n\n"}
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// docs:end handlertest

func TestThePageIsAtTestAndTheRootLeadsThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stream := baretest.NewServer(t, newApp(new(options))).Get("/")
		if got := stream.Response.Request.URL.Path; got != "/test" {
			t.Errorf("the root leads to %s", got)
		}
		if got := stream.Response.Header.Get("Content-Type"); got != "text/html; charset=utf-8" {
			t.Errorf("the content type is %q", got)
		}
		if got := stream.Rest(); got != string(page) {
			t.Errorf("the page is %q", got)
		}
	})
}

func TestThePageUsesARelativeAddressAndWritesText(t *testing.T) {
	for _, unwanted := range []string{"http://", "https://", "innerHTML", "var "} {
		if bytes.Contains(page, []byte(unwanted)) {
			t.Errorf("the page has %q", unwanted)
		}
	}
}

// TestTheNudgeChangesNothing is the chapter's experiment: five seconds between
// events, with the nudge and without.
func TestTheNudgeChangesNothing(t *testing.T) {
	captureOutput(t)
	for _, nudge := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			server := baretest.NewServer(t, newApp(&options{every: 5 * time.Second, nudge: nudge}))
			start := time.Now()
			stream := server.Get("/events")
			for i := range 3 {
				event := ""
				for !strings.Contains(event, "data: ") {
					event = stream.Next()
				}
				if late := time.Since(start) - time.Duration(i)*5*time.Second; late > time.Millisecond {
					t.Errorf("nudge %t: event %d came %v late", nudge, i, late)
				}
			}
		})
	}
}

func TestAStopEndsTheStreamCleanly(t *testing.T) {
	captureOutput(t)
	synctest.Test(t, func(t *testing.T) {
		server := baretest.NewServer(t, newApp(&options{every: time.Second}))
		stream := server.Get("/events")
		stream.Next()
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
		if rest := stream.Rest(); rest != "" || stream.Err() != nil {
			t.Errorf("the stream ended with %q (%v)", rest, stream.Err())
		}
	})
}
