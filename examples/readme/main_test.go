package main

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare/baretest"
)

func TestAnEventComesEachSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		got := baretest.Chunks(events(baretest.NewRequest("GET", "/events", nil)).Body, 2)
		for i, event := range got {
			want := "data: " + start.Add(time.Duration(i)*time.Second).Format(time.TimeOnly) + "\n\n"
			if event != want {
				t.Errorf("event %d: got %q, want %q", i, event, want)
			}
		}
		if len(got) != 2 {
			t.Errorf("got %d events, want 2", len(got))
		}
	})
}
