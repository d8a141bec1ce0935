package main

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare/baretest"
)

// The handler by itself. It is a function, so the test calls it.
func TestThreeTicks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		response := ticks(baretest.NewRequest("GET", "/ticks", nil))
		got := baretest.Chunks(response.Body, 3)
		if want := []string{"tick 1\n", "tick 2\n", "tick 3\n"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// The whole application: a client, the server, the router and the handler.
func TestAMinuteOfTicks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		stream := baretest.NewServer(t, newApp()).Get("/ticks")
		for n := range 61 {
			if got, want := stream.Line(), fmt.Sprintf("tick %d\n", n+1); got != want {
				t.Fatalf("got %q, want %q", got, want)
			}
		}
		if got := time.Since(start).Round(time.Second); got != time.Minute {
			t.Errorf("61 ticks took %v", got)
		}
	})
}
