package main

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare/baretest"
)

// thinking finds a word after a little more than a minute.
func thinking(_ context.Context, _ string, words chan<- string) error {
	time.Sleep(61 * time.Second)
	words <- "42"
	return nil
}

func TestAModelThatThinksForAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		server := baretest.NewServer(t, newApp(thinking))
		stream := server.Post("/answers", "text/plain", strings.NewReader("Why?"))
		if got := stream.Response.Header.Get("Content-Type"); got != "text/event-stream" {
			t.Errorf("the content type is %q", got)
		}
		for range 5 { // one at once, and then every 15 seconds
			if got := stream.Event(); got != ":\n\n" {
				t.Errorf("got %q, want a comment", got)
			}
		}
		if got := stream.Event(); got != "data: 42\n\n" {
			t.Errorf("got %q, want the word", got)
		}
		if got := time.Since(start).Round(time.Second); got != 61*time.Second {
			t.Errorf("the word came after %v", got)
		}
		if got := stream.Rest(); got != "event: done\nid: done\ndata:\n\n" || stream.Err() != nil {
			t.Errorf("the end is %q and %v", got, stream.Err())
		}
	})
}
