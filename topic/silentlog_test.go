package topic_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/bare-go/bare/eventlog"
	"github.com/bare-go/bare/topic"
)

// A silentLog does not answer a read before its context ends.
type silentLog struct{ *eventlog.Memory }

func (silentLog) Read(ctx context.Context, _ eventlog.Offset, _ int) (eventlog.Page, error) {
	<-ctx.Done()
	return eventlog.Page{}, ctx.Err()
}

func TestAStreamWhoseLogDoesNotAnswerIsKeptAlive(t *testing.T) {
	log := silentLog{eventlog.NewMemory(eventlog.MemoryOptions{})}
	eachProtocol(t, topic.Options{Log: log}, func(t *testing.T, s *site) {
		s.publish("one")
		stream := s.get("/events?last-event-id=-1")
		defer time.AfterFunc(5*time.Minute, stream.Close).Stop()
		stream.Event()
		for range 3 {
			before := time.Now()
			want(t, "the comment", stream.Event(), ":\n\n")
			if silence := time.Since(before); silence > 15*time.Second {
				t.Errorf("there was silence for %v", silence)
			}
		}
		if err := s.topic.Drain(t.Context(), 0); err != nil {
			t.Error(err)
		}
		if got := stream.Event(); !strings.HasPrefix(got, "retry: ") {
			t.Errorf("a drain says %q", got)
		}
		stream.Rest()
		time.Sleep(time.Second)
		want(t, "ends", s.reasons(), "drained")
	})
}
