package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare/baretest"
)

// ask asks for a path as a client does that had the event with the id; empty means none.
func ask(t *testing.T, server *baretest.Server, path, lastID string) *baretest.Stream {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if lastID != "" {
		request.Header.Set("Last-Event-ID", lastID)
	}
	return server.Do(request)
}

func eachProtocol(t *testing.T, test func(t *testing.T, protocol baretest.Protocol)) {
	t.Helper()
	for _, protocol := range baretest.Protocols() {
		t.Run(protocol.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test(t, protocol) })
		})
	}
}

// steps are the events of the countdown.
func steps(left ...int) string {
	var b strings.Builder
	for _, n := range left {
		fmt.Fprintf(&b, "event: step\nid: %d\ndata: {\"left\":%d}\n\n", n, n)
	}
	return b.String()
}

func TestEachWayThatACountdownGoes(t *testing.T) {
	const retry, done = "retry: 1000\n\n", "event: done\nid: done\ndata:\n\n"
	tests := []struct {
		name, path, lastID string
		status             int
		want               string
		cut                bool
		took               time.Duration
	}{
		{"to its end", "/countdown", "", 200, retry + steps(6, 5, 4, 3, 2, 1) + done, false, 6 * time.Second},
		{"from where it was", "/countdown", "3", 200, retry + steps(2, 1) + done, false, 2 * time.Second},
		{"from the last step", "/countdown", "1", 200, retry + done, false, 0},
		{"with an id that it has never sent", "/countdown", "1000000", 200, retry + steps(6, 5, 4, 3, 2, 1) + done, false, 6 * time.Second},
		{"with an id that is no number", "/countdown", "x", 200, retry + steps(6, 5, 4, 3, 2, 1) + done, false, 6 * time.Second},
		{"not again when it is done", "/countdown", "done", 204, "", false, 0},
		{"until the tank is empty", "/countdown?tank=empty", "", 200, retry + steps(6, 5, 4) + "event: failed\ndata: The tank is empty.\n\n", true, 3 * time.Second},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				server := baretest.Config{Protocol: protocol}.NewServer(t, newApp())
				start := time.Now()
				stream := ask(t, server, test.path, test.lastID)
				if got := stream.Rest(); got != test.want || stream.Response.StatusCode != test.status {
					t.Errorf("got %d, %q, want %d, %q", stream.Response.StatusCode, got, test.status, test.want)
				}
				if err := stream.Err(); (err != nil) != test.cut {
					t.Errorf("the stream ended with %v, want it cut: %v", err, test.cut)
				}
				if took := time.Since(start).Truncate(time.Second); took != test.took {
					t.Errorf("it took %v, want %v", took, test.took)
				}
			})
		})
	}
}

func TestTheClockTicksUntilTheServerStops(t *testing.T) {
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		server := baretest.Config{Protocol: protocol}.NewServer(t, newApp())
		now := time.Now()
		stream := server.Get("/clock")
		if got := stream.Event(); got != ":\n\n" {
			t.Errorf("the stream begins with %q", got)
		}
		for i := range 20 {
			want := "data: " + now.Add(time.Duration(i)*time.Second).Format(time.DateTime) + "\n\n"
			if got := stream.Event(); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
		if rest := stream.Rest(); rest != "" || stream.Err() != nil {
			t.Errorf("the stream ends with %q, %v", rest, stream.Err())
		}
	})
}

func TestThePageIsServed(t *testing.T) {
	stream := baretest.NewServer(t, newApp()).Get("/")
	if got := stream.Rest(); !strings.Contains(got, `new EventSource("clock")`) {
		t.Errorf("got %q", got)
	}
}
