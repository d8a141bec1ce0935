package topic_test

import (
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/bare-go/bare/eventlog"
	"github.com/bare-go/bare/topic"
)

// sum folds events that are numbers.
func sum(total int, event topic.Event) int {
	n, _ := strconv.Atoi(string(event.Data))
	return total + n
}

func TestAViewHasWhatWasPublishedBeforeItIsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		numbers := topic.New(topic.Options{})
		publish := func(n int) eventlog.Offset {
			id, err := numbers.Publish(t.Context(), topic.Event{Data: strconv.AppendInt(nil, int64(n), 10)})
			if err != nil {
				t.Fatal(err)
			}
			return id
		}
		publish(1)
		view := topic.NewView(numbers, 0, sum)
		for n, total := 2, 3; n < 100; n++ {
			id := publish(n)
			if err := view.Read(t.Context(), func(state int, at eventlog.Offset) {
				if state != total || at != id {
					t.Errorf("after %d: %d at %v, want %d at %v", n, state, at, total, id)
				}
			}); err != nil {
				t.Fatal(err)
			}
			total += n + 1
		}
		view.Close()
		publish(1000)
		if err := view.Read(t.Context(), func(state int, _ eventlog.Offset) {
			if state != 99*100/2+1000 {
				t.Errorf("after Close: %d", state)
			}
		}); err != nil {
			t.Fatal(err)
		}
	})
}

// TestAViewAndTheStreamBehindItSeeEachEventOnce reads the state at any moment, follows the
// topic from there, and adds up what comes: the sum must be that of all events.
func TestAViewAndTheStreamBehindItSeeEachEventOnce(t *testing.T) {
	overHTTP1(t, topic.Options{}, func(t *testing.T, s *site) {
		view := topic.NewView(s.topic, 0, sum)
		defer view.Close()
		var pages sync.WaitGroup
		for range 20 {
			pages.Go(func() {
				total, start := 0, eventlog.Offset{}
				if err := view.Read(t.Context(), func(state int, at eventlog.Offset) { total, start = state, at }); err != nil {
					t.Error(err)
				}
				stream := s.get("/events?last-event-id=" + start.String())
				for text := range strings.Lines(stream.Rest()) {
					n, _ := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(text, "data: ")))
					total += n
				}
				if total != 1000*1001/2 {
					t.Errorf("the sum is %d", total)
				}
			})
		}
		for n := range 1000 {
			s.publish(strconv.Itoa(n + 1))
		}
		if err := s.topic.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		pages.Wait()
	})
}

func TestAViewKeepsPaceWithALogThatForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		numbers := topic.New(topic.Options{Memory: eventlog.MemoryOptions{Records: 2}})
		publish := func() { _, _ = numbers.Publish(t.Context(), topic.Event{Data: []byte("1")}) }
		view := topic.NewView(numbers, 0, sum)
		defer view.Close()
		for range 10 {
			publish()
			synctest.Wait()
		}
		total := 0
		if err := view.Read(t.Context(), func(state int, _ eventlog.Offset) { total = state }); err != nil || total != 10 {
			t.Errorf("got %d, %v", total, err)
		}
		late := topic.NewView(numbers, 0, sum)
		defer late.Close()
		if err := late.Read(t.Context(), func(state int, _ eventlog.Offset) { total = state }); !errors.Is(err, topic.ErrIncomplete) || total != 2 {
			t.Errorf("a view that began late: %d, %v", total, err)
		}
	})
}
