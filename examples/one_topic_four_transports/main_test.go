package main

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

// get asks for a path with headers, in pairs.
func get(t *testing.T, server *baretest.Server, path string, headers ...string) *baretest.Stream {
	t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, server.URL+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Header = bare.Headers(headers...)
	return server.Do(request)
}

func TestEachTransportHasTheSameEvents(t *testing.T) {
	for _, protocol := range baretest.Protocols() {
		t.Run(protocol.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := baretest.Config{Protocol: protocol}.NewServer(t, newApp())
				events := server.Get("/events")
				lines := get(t, server, "/events", "accept", "application/x-ndjson")
				socket := server.WebSocket("/events", nil)
				events.Event()
				lines.Line()
				socket.Text()
				offset := "now"
				for range 3 {
					poll := server.Get("/events?live=long-poll&offset=" + offset)
					offset = poll.Response.Header.Get("Stream-Next-Offset")
					var records []struct {
						ID   string
						Data json.RawMessage
					}
					if err := json.Unmarshal([]byte(poll.Rest()), &records); err != nil || len(records) != 1 {
						t.Fatalf("the poll: %v, %v", records, err)
					}
					id, data := records[0].ID, string(records[0].Data)
					if got, want := events.Event(), "event: tick\nid: "+id+"\ndata: "+data+"\n\n"; got != want {
						t.Errorf("the event stream: %q, want %q", got, want)
					}
					if got, want := lines.Line(), `{"id":"`+id+`","type":"tick","data":`+data+"}\n"; got != want {
						t.Errorf("the lines: %q, want %q", got, want)
					}
					if got, want := socket.Text(), `{"id":"`+id+`","type":"tick","data":`+data+"}"; got != want {
						t.Errorf("the messages: %q, want %q", got, want)
					}
				}
			})
		})
	}
}

func TestTheCostsAreThoseOfEachTransport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := baretest.NewServer(t, newApp())
		events := server.Get("/events")
		sent := len(events.Event() + events.Event())
		server.WebSocket("/events", nil).Text()
		polled := 0
		for range 2 {
			polled += len(server.Get("/events?live=long-poll").Rest())
		}
		sent += len(events.Event() + events.Event())
		var got map[string]cost
		if err := json.Unmarshal([]byte(server.Get("/costs").Rest()), &got); err != nil {
			t.Fatal(err)
		}
		sse, polling := got["sse"], got["polling"]
		if sse.Requests != 1 || sse.Bodies != sent || polling.Requests != 2 || polling.Bodies != polled {
			t.Errorf("the costs are %+v, want bodies of %d and %d bytes", got, sent, polled)
		}
		if sse.Events != 3 || polling.Events != 2 {
			t.Errorf("the events are %+v", got)
		}
		socket := got["websocket"]
		if sse.Heads < 200 || polling.Heads < 400 || socket.Heads < 200 || socket.Requests != 1 || len(got) != 3 {
			t.Errorf("the heads are %+v", got)
		}
	})
}

func TestThePageIsServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stream := baretest.NewServer(t, newApp()).Get("/")
		if got := stream.Rest(); !strings.HasPrefix(got, "<!DOCTYPE html>") {
			t.Errorf("the page begins with %.40q", got)
		}
	})
}
