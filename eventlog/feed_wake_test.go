package eventlog_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare/eventlog"
)

// TestWhoWaitsLearnsOfTheEnd has readers that wait when the end comes without a record.
func TestWhoWaitsLearnsOfTheEnd(t *testing.T) {
	logs := eventlog.NewMemoryLogs(eventlog.MemoryOptions{})
	tests := []struct {
		name string
		end  func(log eventlog.Log) error
	}{
		{"a close", func(log eventlog.Log) error {
			_, err := log.Append(context.Background(), eventlog.Record{}, eventlog.AppendOptions{Close: eventlog.CloseOnly})
			return err
		}},
		{"the deletion", func(eventlog.Log) error { return logs.Delete(context.Background(), "the deletion", 0) }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log, err := logs.Create(t.Context(), test.name, eventlog.CreateOptions{})
				if err != nil {
					t.Fatal(err)
				}
				feed := eventlog.NewFeed(log, eventlog.FeedOptions{})
				r := join(t, feed, feed.Encoding(line), tail(t, log))
				defer r.leave()
				synctest.Wait()
				for range 2 { // the second time it goes on waiting
					if feed.Wait(&r.waiter, tail(t, log)) {
						t.Error("there is more before the end")
					}
				}
				if err := test.end(log); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				select {
				case <-r.woken:
				default:
					t.Error("nobody was woken")
				}
				if _, status := r.now(); status != eventlog.Ended {
					t.Errorf("got %v, want Ended", status)
				}
			})
		})
	}
}

// TestAWaiterThatWaitsTwiceDoesNotLoseOthers: one that was entered twice would cut those
// between its places off the list.
func TestAWaiterThatWaitsTwiceDoesNotLoseOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := eventlog.NewMemory(eventlog.MemoryOptions{})
		feed := eventlog.NewFeed(log, eventlog.FeedOptions{})
		lines := feed.Encoding(line)
		first, second, third := join(t, feed, lines, tail(t, log)), join(t, feed, lines, tail(t, log)), join(t, feed, lines, tail(t, log))
		defer first.leave()
		defer second.leave()
		defer third.leave()
		readers := []*reader{first, second, third}
		synctest.Wait()
		wait := func(i int) {
			if feed.Wait(&readers[i].waiter, tail(t, log)) {
				t.Errorf("there is more for reader %d", i)
			}
		}
		wait(0)
		wait(1)
		wait(0)
		wait(2)
		if !feed.Forget(&readers[0].waiter) || feed.Forget(&readers[0].waiter) {
			t.Error("it is forgotten once, and not twice")
		}
		add(t, log, "a")
		synctest.Wait()
		for i, r := range readers {
			if got, want := len(r.woken), min(i, 1); got != want {
				t.Errorf("reader %d was woken %d times, want %d", i, got, want)
			}
		}
	})
}

// TestAReaderBehindALossSleeps: the tail is a record that was lost.
func TestAReaderBehindALossSleeps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := eventlog.NewMemory(eventlog.MemoryOptions{Age: time.Minute})
		feed := eventlog.NewFeed(log, eventlog.FeedOptions{})
		start := tail(t, log)
		add(t, log, "a", "b", "c")
		time.Sleep(time.Hour) // all of them are too old
		r := join(t, feed, feed.Encoding(line), start)
		defer r.leave()
		synctest.Wait()
		want(t, "the reader", r.rest(), "gap 0 3\n")
		if feed.Wait(&r.waiter, r.cursor.Offset()) {
			t.Error("it is told that there is more, for ever")
		}
	})
}

// TestWhatComesBetweenTwoLooksIsSeen: a reader finds nothing in the window, and something
// is published before it asks, under the lock, whether that was all.
func TestWhatComesBetweenTwoLooksIsSeen(t *testing.T) {
	tests := []struct {
		name   string
		window int
		first  int // the size of a record that the reader has had
		then   []int
		want   string
	}{
		{"a record in the same segment", 0, 10, []int{10}, "2 13"},
		{"a record in the next segment", 0, 60 << 10, []int{10 << 10}, "2 10243"},
		{"so many that its segment was trimmed", 1, 60 << 10, []int{60 << 10, 60 << 10, 60 << 10}, "2 61443"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := eventlog.NewMemory(eventlog.MemoryOptions{})
				feed := eventlog.NewFeed(log, eventlog.FeedOptions{Window: test.window})
				r := join(t, feed, feed.Encoding(line), tail(t, log))
				defer r.leave()
				synctest.Wait()
				r.rest()
				add(t, log, string(make([]byte, test.first)))
				synctest.Wait()
				r.now()
				if chunk := feed.Look(&r.cursor); len(chunk) > 0 {
					t.Fatalf("there is %.10q already", chunk)
				}
				for _, size := range test.then {
					add(t, log, string(make([]byte, size)))
					synctest.Wait()
				}
				if status, ok := feed.AtTail(&r.cursor); ok {
					t.Errorf("the reader is told that it is %v, behind %v", status, r.cursor.Offset())
				}
				chunk, _ := r.now()
				want(t, "the next chunk", fmt.Sprintf("%.1s %d", chunk, len(chunk)), test.want)
			})
		})
	}
}
