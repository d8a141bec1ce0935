package topic_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

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

// A busyLog is appended to whenever it is read, for a long time.
type busyLog struct {
	*eventlog.Memory

	reads atomic.Int64
}

func (l *busyLog) Read(ctx context.Context, after eventlog.Offset, limit int) (eventlog.Page, error) {
	page, err := l.Memory.Read(ctx, after, limit)
	if l.reads.Add(1) < 5000 {
		_, _ = l.Append(ctx, eventlog.Record{Data: []byte("1")}, eventlog.AppendOptions{})
	}
	return page, err
}

func TestAViewOfABusyTopicIsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &busyLog{Memory: eventlog.NewMemory(eventlog.MemoryOptions{})}
		view := topic.NewView(topic.New(topic.Options{Log: log}), 0, sum)
		synctest.Wait()
		view.Close() // so that nothing but the call reads
		if _, err := log.Append(t.Context(), eventlog.Record{Data: []byte("1")}, eventlog.AppendOptions{}); err != nil {
			t.Fatal(err)
		}
		log.reads.Store(0)
		total, at, err := view.Snapshot(t.Context())
		if err != nil || total == 0 || at.IsZero() {
			t.Errorf("%d at %v (%v), want what had been published before", total, at, err)
		}
		if got := log.reads.Load(); got > 10 {
			t.Errorf("one Read has read %d pages of a log that had one event", got)
		}
	})
}

func TestAReadOfAViewObeysItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := silentLog{eventlog.NewMemory(eventlog.MemoryOptions{})}
		view := topic.NewView(topic.New(topic.Options{Log: log}), 0, sum)
		defer view.Close()
		synctest.Wait() // the fold in the background waits for the log
		first, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		go func() { _, _, _ = view.Snapshot(first) }() // and so does somebody else
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin := time.Now()
		if _, _, err := view.Snapshot(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != time.Second {
			t.Errorf("Read returned %v after %v", err, time.Since(begin))
		}
	})
}

func TestAReadOfAViewThatWaitsForAnotherObeysItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		view := topic.NewView(topic.New(topic.Options{}), 0, sum)
		defer view.Close()
		reading := make(chan struct{})
		go func() {
			_ = view.Read(t.Context(), func(int, eventlog.Offset) { <-reading })
		}()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, _, err := view.Snapshot(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Read returned %v", err)
		}
		close(reading)
	})
}

// A gatedLog answers its reads when the gate is opened.
type gatedLog struct {
	*eventlog.Memory

	gate chan struct{}
}

func (l gatedLog) Read(ctx context.Context, after eventlog.Offset, limit int) (eventlog.Page, error) {
	page, err := l.Memory.Read(ctx, after, limit)
	<-l.gate
	return page, err
}

func TestWhatTwoReadsOfAViewHaveFoundIsFoldedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := gatedLog{eventlog.NewMemory(eventlog.MemoryOptions{}), make(chan struct{})}
		numbers := topic.New(topic.Options{Log: log})
		if _, err := numbers.Publish(t.Context(), topic.Event{Data: []byte("1")}); err != nil {
			t.Fatal(err)
		}
		view := topic.NewView(numbers, 0, sum)
		defer view.Close()
		for range 10 {
			go func() {
				if total, _, err := view.Snapshot(t.Context()); err != nil || total != 1 {
					t.Errorf("a read has %d (%v), want 1", total, err)
				}
			}()
		}
		synctest.Wait() // all of them have read the same event
		close(log.gate)
		synctest.Wait()
	})
}

// TestAViewWhoseFunctionPanicsHasFailed publishes what the function does not bear: the
// process goes on, the events before it are not folded twice, and whoever reads is told.
func TestAViewWhoseFunctionPanicsHasFailed(t *testing.T) {
	for name, background := range map[string]bool{"in the background": true, "in a Read": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				numbers := topic.New(topic.Options{})
				folded := 0
				view := topic.NewView(numbers, 0, func(total int, event topic.Event) int {
					if string(event.Data) == "bad" {
						panic("cannot fold that")
					}
					folded++
					return total + 1
				})
				defer view.Close()
				synctest.Wait()
				if !background {
					view.Close()
				}
				for _, text := range []string{"1", "2", "bad", "3"} {
					if _, err := numbers.Publish(t.Context(), topic.Event{Data: []byte(text)}); err != nil {
						t.Fatal(err)
					}
				}
				synctest.Wait()
				for range 2 {
					err := view.Read(t.Context(), func(int, eventlog.Offset) { t.Error("a state is shown") })
					if !errors.Is(err, topic.ErrFold) || !strings.Contains(err.Error(), "cannot fold that") || !strings.Contains(err.Error(), "_0000000000000003") {
						t.Errorf("Read returned %v", err)
					}
				}
				if folded != 2 {
					t.Errorf("%d events were folded, want the two before it, once", folded)
				}
			})
		})
	}
}
