package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"

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

func TestTheProgramPrintsEachEventAndTheEnd(t *testing.T) {
	output := captureOutput(t)
	synctest.Test(t, func(t *testing.T) {
		stream := baretest.NewServer(t, newApp()).Get("/events")
		for range 3 {
			stream.Next()
		}
		stream.Close()  // the tab is closed
		synctest.Wait() // and everything that follows from it has happened
	})
	want := "Sending event\nSending event\nSending event\nCancelled\n"
	if got := output(); got != want {
		t.Errorf("the program printed %q, want %q", got, want)
	}
}

func TestThePageIsAtTestAndTheRootLeadsThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stream := baretest.NewServer(t, newApp()).Get("/")
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

func TestAStopEndsTheStreamCleanly(t *testing.T) {
	captureOutput(t)
	for _, protocol := range baretest.Protocols() {
		t.Run(protocol.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := baretest.Config{Protocol: protocol}.NewServer(t, newApp())
				stream := server.Get("/events")
				stream.Next()
				if err := server.Stop(); err != nil {
					t.Error(err)
				}
				if rest := stream.Rest(); rest != "" || stream.Err() != nil {
					t.Errorf("the stream ended with %q (%v)", rest, stream.Err())
				}
			})
		})
	}
}
