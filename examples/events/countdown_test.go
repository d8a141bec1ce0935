package main

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/sse"
)

func TestTheCountdownGoesOnWhereItWas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		response := countdown(baretest.NewRequest("GET", "/countdown?last-event-id=3", nil))
		body := strings.Join(baretest.Chunks(response.Body, -1), "")

		var got []string
		for event, err := range sse.Read(strings.NewReader(body), sse.Limits{}) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, event.Type+" "+string(event.Data))
		}

		want := []string{`step {"left":2}`, `step {"left":1}`, "done "}
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}
