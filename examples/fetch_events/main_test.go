package main

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare/baretest"
)

func TestEventsComeASecondApartAndGoOnAfterTheLastOne(t *testing.T) {
	tests := []struct {
		name, query, want string
		takes             time.Duration
	}{
		{"from the beginning", "", "id: 1\ndata: Number 1\n\nid: 2\ndata: Number 2\n\n", 2 * time.Second},
		{"after the first", "?last-event-id=1", "id: 2\ndata: Number 2\n\n", time.Second},
		{"after the last", "?last-event-id=2", "", 0},
	}
	for _, protocol := range baretest.Protocols() {
		for _, test := range tests {
			t.Run(protocol.String()+", "+test.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					server := baretest.Config{Protocol: protocol}.NewServer(t, newApp())
					start := time.Now()
					stream := server.Post("/events"+test.query, "application/json", strings.NewReader(`{"last": 2}`))
					got, want := stream.Rest(), test.want+"event: done\ndata: That was all.\n\n"
					if got != want || stream.Err() != nil {
						t.Errorf("got %q (%v), want %q", got, stream.Err(), want)
					}
					if took := time.Since(start).Round(time.Second); took != test.takes {
						t.Errorf("it took %v, want %v", took, test.takes)
					}
				})
			})
		}
	}
}

func TestAStopOfTheServerLooksLikeNoEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := baretest.NewServer(t, newApp())
		stream := server.Post("/events", "application/json", strings.NewReader(`{"last": 2}`))
		stream.Event()
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
		if rest := stream.Rest(); rest != "" || stream.Err() == nil {
			t.Errorf("then it sent %q (%v), want a cut", rest, stream.Err())
		}
	})
}

func TestWhatIsNotUnderstoodIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := baretest.NewServer(t, newApp())
		for path, body := range map[string]string{"/events": "{", "/events?last-event-id=x": "{}"} {
			if stream := server.Post(path, "application/json", strings.NewReader(body)); stream.Response.StatusCode != http.StatusBadRequest {
				t.Errorf("%s: status %d, want 400", path, stream.Response.StatusCode)
			}
		}
	})
}

func TestThePageAndItsModuleAreServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := baretest.NewServer(t, newApp())
		for path, want := range map[string]string{"/": `from "./streams.js"`, "/streams.js": "export const events"} {
			if got := server.Get(path).Rest(); !strings.Contains(got, want) {
				t.Errorf("%s has no %s", path, want)
			}
		}
	})
}
