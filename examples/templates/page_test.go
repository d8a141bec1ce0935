package main

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare/baretest"
)

func TestARowOfTheReportIsSentWhenItIsFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stream := baretest.NewServer(t, newApp()).Get("/report")
		started := time.Now()
		var seen []time.Duration
		for line := stream.Line(); line != ""; line = stream.Line() {
			if strings.Contains(line, "<li>") {
				seen = append(seen, time.Since(started).Round(time.Millisecond))
			}
		}
		if len(seen) != 3 || seen[0] != time.Second || seen[2] != 3*time.Second {
			t.Errorf("the rows came after %v, want 1s, 2s and 3s", seen)
		}
	})
}
