package main

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare/baretest"
)

func TestAnEventComesAtOnceAndThenEachSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		stream := baretest.NewServer(t, newApp()).Get("/events")
		for i := range 3 {
			second := start.Add(time.Duration(i) * time.Second)
			want := "data: " + second.Format(time.DateTime) + "\n\n"
			if got := stream.Event(); got != want {
				t.Errorf("event %d: got %q, want %q", i, got, want)
			}
		}
	})
}
