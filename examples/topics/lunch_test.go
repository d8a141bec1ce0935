package main

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/sse"
)

func TestAPageThatComesBackMissesNoVote(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := baretest.NewServer(t, newApp())
		vote := func(dish string) { server.Post("/votes/"+dish, "", nil).Rest() }
		ada, bob := server.Get("/events"), server.Get("/events")
		next(t, ada) // where the stream begins
		next(t, bob)

		vote("pizza")
		had := next(t, ada)
		if got := next(t, bob); got.ID != had.ID {
			t.Errorf("Ada sees the event %s, Bob %s", had.ID, got.ID)
		}

		ada.Close()
		vote("sushi")
		ada = server.Get("/events?last-event-id=" + had.ID)
		next(t, ada)
		if got, want := string(next(t, ada).Data), `{"dish":"sushi","votes":1}`; got != want {
			t.Errorf("after she is back, Ada sees %s, want %s", got, want)
		}
	})
}

// next waits for the next event of a stream.
func next(t *testing.T, stream *baretest.Stream) sse.Event {
	t.Helper()
	for event, err := range sse.Read(strings.NewReader(stream.Event()), sse.Limits{}) {
		if err != nil {
			t.Fatal(err)
		}
		return event
	}
	return sse.Event{} // a record without data
}
