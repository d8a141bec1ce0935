package topic_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/bare-go/bare/eventlog"
	"github.com/bare-go/bare/topic"
)

// TestTheSpreadGrowsWithTheSubscribers: a page that is alone is not to wait for long, and many
// are not to come back at the same moment. All are told at once, so that the last of them
// must not take itself to be alone.
func TestTheSpreadGrowsWithTheSubscribers(t *testing.T) {
	overHTTP1(t, topic.Options{}, func(t *testing.T, s *site) {
		const count = 500
		streams := make([]interface{ Rest() string }, count)
		for i := range streams {
			streams[i] = s.follow()
		}
		if err := s.topic.Drain(t.Context(), 0); err != nil {
			t.Error(err)
		}
		late := 0
		for _, stream := range streams {
			var retry int
			if _, err := fmt.Sscanf(stream.Rest(), "retry: %d\n\n", &retry); err != nil || retry < 3000 || retry > 4500 {
				t.Fatalf("the retry is %d, %v", retry, err)
			}
			if retry > 4001 {
				late++
			}
		}
		if late < count/6 { // a third of them, on average
			t.Errorf("%d of %d come back later than one that is alone may", late, count)
		}
	})
}

// TestAnEventIsPublishedAlthoughItsClientHasLeft: the change that it tells has been made.
func TestAnEventIsPublishedAlthoughItsClientHasLeft(t *testing.T) {
	prices := topic.New(topic.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := prices.Publish(ctx, topic.Event{Data: []byte("42")}); err != nil {
		t.Errorf("Publish failed with %v", err)
	}
	if err := prices.Close(ctx); err != nil {
		t.Errorf("Close failed with %v", err)
	}
}

func TestAnUnknownIDGetsTheLatestOfEachKey(t *testing.T) {
	options := topic.Options{Conflate: true, Memory: eventlog.MemoryOptions{Records: 2}}
	eachProtocol(t, options, func(t *testing.T, s *site) {
		if _, err := s.topic.Publish(t.Context(), topic.Event{Key: "ACME", Data: []byte("42")}); err != nil {
			t.Fatal(err)
		}
		s.publish("a", "b", "c", "last")
		foreign := eventlog.Offset{Epoch: 1, Seq: 1}.String()
		for _, id := range []string{foreign, "garbage"} {
			stream := s.get("/events?last-event-id=" + id)
			stream.Event()
			all := ""
			for !strings.HasSuffix(all, "data: last\n\n") {
				event := stream.Event()
				if event == "" {
					t.Fatalf("the stream ended: %v", stream.Err())
				}
				all += event
			}
			if !strings.Contains(all, "data: 42\n") || strings.Count(all, "event: gap\n") != 1 || !strings.Contains(all, `{"from":"`+id+`"`) {
				t.Errorf("%s: it gets %q", id, all)
			}
			stream.Close()
			polled := s.get("/events?live=long-poll&last-event-id=" + id).Rest()
			if !strings.Contains(polled, `"data":"42"`) || strings.Count(polled, `"gap"`) != 1 {
				t.Errorf("%s: a poll gets %s", id, polled)
			}
		}
	})
}
