package main

import (
	"testing"
	"testing/synctest"

	"github.com/bare-go/bare/baretest"
)

func TestAnEventComesEachSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := baretest.Chunks(events(baretest.NewRequest("GET", "/events", nil)).Body, 2)
		if len(got) != 2 || got[0] != "data: 00:00:00\n\n" || got[1] != "data: 00:00:01\n\n" {
			t.Errorf("got %q", got)
		}
	})
}
