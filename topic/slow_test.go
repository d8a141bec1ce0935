package topic_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare/eventlog"
	"github.com/bare-go/bare/topic"
)

// large is the size of an event of which a hundred are not taken by the buffers on the
// way: those of a client of HTTP/2 take 4 MiB.
const large = 64 << 10

// flood publishes 7 MiB of large events in a few seconds, which the healthy client
// reads, and returns the last id.
func flood(s *site, healthy interface{ Event() string }) (last eventlog.Offset) {
	s.t.Helper()
	for i := range 112 {
		text := strings.Repeat(string(rune('a'+i%26)), large)
		last = s.publish(text)
		if got := healthy.Event(); got != record(last, text) {
			s.t.Fatalf("the healthy client got %.80q for event %d", got, i)
		}
		time.Sleep(50 * time.Millisecond)
	}
	return last
}

func TestASlowSubscriberIsDisconnectedAndHarmsNobody(t *testing.T) {
	options := topic.Options{Memory: eventlog.MemoryOptions{Bytes: 1 << 20}}
	eachProtocol(t, options, func(t *testing.T, s *site) {
		stalled, healthy := s.follow(), s.follow()
		begin := time.Now()
		flood(s, healthy)
		if took := time.Since(begin); took > 7*time.Second {
			t.Errorf("the healthy client waited: %v", took)
		}
		time.Sleep(5 * time.Second) // far less than the time after which a client counts as stalled
		want(t, "the ends", s.reasons(), "slow")
		if stalled.Rest(); stalled.Err() == nil {
			t.Error("the slow client's response looks complete")
		}
	})
}

func TestASlowSubscriberResumesWithoutAGap(t *testing.T) {
	options := topic.Options{Memory: eventlog.MemoryOptions{Bytes: 1 << 20}}
	overHTTP1(t, options, func(t *testing.T, s *site) {
		stalled := s.follow()
		first := s.publish("one")
		for range 9 { // a little more than half of what the log keeps
			s.publish(strings.Repeat("x", 64<<10))
		}
		time.Sleep(5 * time.Second)
		want(t, "the ends", s.reasons(), "slow")
		stalled.Close()
		again := s.follow("last-event-id", first.String())
		for i := range uint64(9) {
			id := eventlog.Offset{Epoch: first.Epoch, Seq: first.Seq + 1 + i}
			if got := again.Event(); !strings.HasPrefix(got, "id: "+id.String()+"\n") {
				t.Errorf("got %.60q, want the event %v", got, id)
			}
		}
	})
}

// TestASlowSubscriberIsDisconnectedBeforeTheLogIsFullByNumber has few bytes, and fewer records.
func TestASlowSubscriberIsDisconnectedBeforeTheLogIsFullByNumber(t *testing.T) {
	options := topic.Options{Memory: eventlog.MemoryOptions{Records: 40}}
	overHTTP1(t, options, func(t *testing.T, s *site) {
		stalled := s.follow()
		var first eventlog.Offset
		for range 60 { // there is time enough for many looks
			id := s.publish(strings.Repeat("x", 32<<10))
			if first.IsZero() {
				first = id
			}
			if s.reasons() != "" {
				break
			}
			time.Sleep(250 * time.Millisecond)
		}
		want(t, "the ends", s.reasons(), "slow")
		stalled.Close()
		again := s.follow("last-event-id", first.String()) // the client may have had no more
		if got := again.Event(); !strings.HasPrefix(got, "id: ") {
			t.Errorf("it comes back to %.80q", got)
		}
	})
}

// TestASubscriberThatABurstHasLeftBehindIsSlow is faster than the look at who is slow: what
// the subscriber lacks is gone when it comes for it.
func TestASubscriberThatABurstHasLeftBehindIsSlow(t *testing.T) {
	options := topic.Options{Memory: eventlog.MemoryOptions{Bytes: 256 << 10}}
	eachProtocol(t, options, func(t *testing.T, s *site) {
		stream := s.follow()
		for range 112 {
			s.publish(strings.Repeat("x", large))
			synctest.Wait()
		}
		if rest := stream.Rest(); strings.Contains(rest, "event: gap") || stream.Err() == nil {
			t.Errorf("the stream ended with %v, or told of a gap", stream.Err())
		}
		want(t, "the ends", s.reasons(), "slow")
	})
}

func TestASubscriberThatCatchesUpIsNotSlow(t *testing.T) {
	options := topic.Options{Memory: eventlog.MemoryOptions{Bytes: 1 << 20}}
	overHTTP1(t, options, func(t *testing.T, s *site) {
		other := s.follow() // there is a window
		start := s.publish("one")
		other.Event()
		for range 15 {
			s.publish(strings.Repeat("x", 64<<10))
			other.Event()
		}
		late := s.follow("last-event-id", start.String())
		for range 15 { // it takes its time to read what it has missed
			late.Event()
			time.Sleep(6 * time.Second)
		}
		want(t, "the ends", s.reasons(), "")
	})
}

func TestASubscriberThatDropsTheOldestIsToldOfTheGap(t *testing.T) {
	options := topic.Options{Slow: topic.DropOldest, Memory: eventlog.MemoryOptions{Bytes: 1 << 20}}
	eachProtocol(t, options, func(t *testing.T, s *site) {
		slow, healthy := s.follow(), s.follow()
		last := flood(s, healthy)
		seen, gaps := eventlog.Offset{}, 0
		for seen != last {
			event := slow.Event()
			if event == "" {
				t.Fatalf("the stream ended: %v", slow.Err())
			}
			kind, rest, _ := strings.Cut(event, "id: ")
			id, err := eventlog.ParseOffset(rest[:33])
			if err != nil {
				t.Fatal(err)
			}
			switch {
			case kind == "event: gap\n":
				gaps++
				want(t, "the gap", event, gap(seen.String(), id))
			case seen != (eventlog.Offset{}) && id.Seq != seen.Seq+1:
				t.Errorf("event %d came after %d", id.Seq, seen.Seq)
			}
			seen = id
		}
		if gaps != 1 {
			t.Errorf("there were %d gaps, want one", gaps)
		}
		want(t, "the ends", s.reasons(), "")
	})
}

func TestATopicThatConflatesSendsTheLatestOfEachKey(t *testing.T) {
	options := topic.Options{Conflate: true, Memory: eventlog.MemoryOptions{Bytes: 1 << 20}}
	eachProtocol(t, options, func(t *testing.T, s *site) {
		slow := s.follow()
		publish := func(key, data string) eventlog.Offset {
			id, err := s.topic.Publish(t.Context(), topic.Event{Key: key, Data: []byte(data)})
			if err != nil {
				t.Fatal(err)
			}
			return id
		}
		for range 112 {
			publish("large", strings.Repeat("x", large))
			time.Sleep(50 * time.Millisecond)
		}
		for range 10 {
			publish("a", "old")
			publish("b", "old")
		}
		a, b := publish("a", "new"), publish("b", "new")
		synctest.Wait()
		large := 0
		for {
			event := slow.Event()
			if strings.HasPrefix(event, "event: gap") {
				t.Error("a skip is no gap")
			}
			if len(event) < 100 {
				want(t, "the latest a", event, record(a, "new"))
				want(t, "the latest b", slow.Event(), record(b, "new"))
				break
			}
			large++
		}
		if large > 90 {
			t.Errorf("%d large events came, want those that were superseded left out", large)
		}
		want(t, "the ends", s.reasons(), "")
	})
}

// TestASubscriberThatIsSentAllKeysIsNotSlow has more keys than a read of the log brings,
// and they come before what the log has lost. It loses more while they are sent.
func TestASubscriberThatIsSentAllKeysIsNotSlow(t *testing.T) {
	options := topic.Options{Conflate: true, Replay: true, Memory: eventlog.MemoryOptions{Records: 2}}
	for _, busy := range []bool{false, true} {
		t.Run(fmt.Sprintf("busy %v", busy), func(t *testing.T) {
			eachProtocol(t, options, func(t *testing.T, s *site) {
				const keys = 200
				for i := range keys {
					event := topic.Event{Key: fmt.Sprint("key", i), Data: []byte(strings.Repeat("x", 32<<10))}
					if _, err := s.topic.Publish(t.Context(), event); err != nil {
						t.Fatal(err)
					}
				}
				s.publish("a", "b", "c", "last")
				stream := s.get("/events")
				gaps, events, published := 0, 0, false
				for event := stream.Event(); event != "" && !strings.Contains(event, "data: last"); event = stream.Event() {
					if strings.HasPrefix(event, "event: gap") {
						gaps++
					} else if strings.Contains(event, "data: ") {
						events++
					}
					if busy && events == 10 && !published {
						published = true
						s.publish("d", "e", "last") // each of which may be a loss of its own
					}
				}
				if events < 100 || gaps < 1 || gaps > 4 || !busy && gaps != 1 {
					t.Errorf("%d events and %d gaps", events, gaps)
				}
				want(t, "the ends", s.reasons(), "")
			})
		})
	}
}
