package main

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/sse"
	"github.com/bare-go/bare/topic"
)

// each runs a test over every protocol, in fake time.
func each(t *testing.T, test func(t *testing.T, server *baretest.Server, ticks *topic.Topic)) {
	t.Helper()
	for _, protocol := range baretest.Protocols() {
		t.Run(protocol.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ticks := topic.New(topic.Options{})
				test(t, baretest.Config{Protocol: protocol}.NewServer(t, newApp(ticks)), ticks)
			})
		})
	}
}

// next returns the next event that has data.
func next(t *testing.T, stream *baretest.Stream) string {
	t.Helper()
	for {
		for event, err := range sse.Read(strings.NewReader(stream.Event()), sse.Limits{}) {
			if err != nil {
				t.Fatal(err)
			}
			return string(event.Data)
		}
	}
}

func TestAllListenersSeeTheSameTicks(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, server *baretest.Server, _ *topic.Topic) {
		var listeners []*baretest.Stream
		for range 10 {
			listeners = append(listeners, server.Get("/events"))
		}
		for n := range 60 {
			want := time.Date(2000, 1, 1, 0, 0, n+1, 0, time.UTC).Local().Format(time.DateTime)
			for i, listener := range listeners {
				if got := next(t, listener); got != want {
					t.Fatalf("listener %d: got %q, want %q", i, got, want)
				}
			}
		}
	})
}

// In the original a listener's queue stayed when the listener had left, and grew.
func TestListenersThatHaveLeftAreForgotten(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, server *baretest.Server, ticks *topic.Topic) {
		stays := server.Get("/events")
		for range 100 {
			listener := server.Get("/events")
			next(t, listener)
			listener.Close()
		}
		time.Sleep(2 * time.Second) // the next tick finds out, at the latest
		stats := ticks.Stats()
		if stats.Subscribers != 1 || stats.Joined != 101 || stats.Ends[topic.ClientGone] != 100 {
			t.Errorf("of 101 listeners, 100 of which have left, there are: %+v", stats)
		}
		next(t, stays)
		stays.Close()
		time.Sleep(2 * time.Second)
		if stats := ticks.Stats(); stats.Subscribers != 0 {
			t.Errorf("when all have left there are %d", stats.Subscribers)
		}
	})
}

func TestThePageIsAtTestAndTheRootLeadsThere(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, server *baretest.Server, _ *topic.Topic) {
		stream := server.Get("/")
		if got := stream.Response.Request.URL.Path; got != "/test" || stream.Rest() != string(page) {
			t.Errorf("the root leads to %s", got)
		}
	})
}
