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

// TestALimitThatTheLogCannotKeepIsLowered: whoever is disconnected is to find in the log
// what it lacks, whatever the options say.
func TestALimitThatTheLogCannotKeepIsLowered(t *testing.T) {
	options := topic.Options{MaxLag: 1 << 30, Memory: eventlog.MemoryOptions{Bytes: 1 << 20}}
	overHTTP1(t, options, func(t *testing.T, s *site) {
		stalled := s.follow()
		for range 13 { // more than half of what the log keeps, and not all of it
			s.publish(strings.Repeat("x", large))
			synctest.Wait() // it stands in the window, at what it cannot send
		}
		time.Sleep(5 * time.Second)
		want(t, "the ends", s.reasons(), "slow")
		stalled.Close()
	})
}

// TestASubscriberThatComesNearerIsNotSlow: its lag is too much at each look, and less than
// at the one before.
func TestASubscriberThatComesNearerIsNotSlow(t *testing.T) {
	overHTTP1(t, topic.Options{MaxLag: 8 << 10}, func(t *testing.T, s *site) {
		stream := s.follow()
		const events, text = 11, 16 << 10 // the window, which is larger than MaxLag, has all of it
		for range events {
			s.publish(strings.Repeat("x", text))
			synctest.Wait()
		}
		for range events {
			time.Sleep(900 * time.Millisecond)
			stream.Event()
		}
		want(t, "the ends", s.reasons(), "")
	})
}

// TestASubscriberThatIsBehindNowAndThenIsNotSlow: it has had everything between two looks
// at which its lag was too much.
func TestASubscriberThatIsBehindNowAndThenIsNotSlow(t *testing.T) {
	overHTTP1(t, topic.Options{MaxLag: large}, func(t *testing.T, s *site) {
		stream := s.follow()
		for burst := range 3 {
			for range 10 + burst {
				s.publish(strings.Repeat("x", large))
				synctest.Wait()
			}
			time.Sleep(1900 * time.Millisecond) // a look and no more: there is one every 1.875 s
			for range 10 + burst {
				stream.Event()
			}
			time.Sleep(3 * time.Second)
		}
		want(t, "the ends", s.reasons(), "")
	})
}

// TestASubscriberSaysHowFarItIsBehind to those who look at the streams of the application.
func TestASubscriberSaysHowFarItIsBehind(t *testing.T) {
	overHTTP1(t, topic.Options{Slow: topic.DropOldest, Memory: eventlog.MemoryOptions{Bytes: 1 << 20}}, func(t *testing.T, s *site) {
		said := func() string {
			t.Helper()
			synctest.Wait()
			all := ""
			for stream := range s.app.Streams() {
				all += fmt.Sprintln(stream.Path, stream.Describe())
			}
			return all
		}
		stream := s.get("/of/ann")
		synctest.Wait() // it has joined: otherwise the log may give it the event
		s.publish("one")
		want(t, "one that has had everything", said(), "/of/ann [transport=sse key=ann lag=0]\n")
		s.publish(strings.Repeat("x", 2*large), "two", strings.Repeat("y", 100)) // more than its connection holds
		var lag int
		if _, err := fmt.Sscanf(said(), "/of/ann [transport=sse key=ann lag=%d]", &lag); err != nil || lag < 100 || lag > 500 {
			t.Errorf("one that is two events behind: %v, %q", err, said())
		}
		for range 40 {
			s.publish(strings.Repeat("z", large))
			synctest.Wait()
		}
		want(t, "one that is too far behind", said(), "/of/ann [transport=sse key=ann lag=lost]\n")
		stream.Close()
		want(t, "one that has left", said(), "")
	})
}
