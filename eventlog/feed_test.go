package eventlog_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare/eventlog"
)

func TestAReaderGetsWhatComesAfterItsOffset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := eventlog.NewMemory(eventlog.MemoryOptions{})
		feed := eventlog.NewFeed(log, eventlog.FeedOptions{})
		lines := feed.Encoding(line)
		second := add(t, log, "a", "b")
		add(t, log, "c")

		all, later := join(t, feed, lines, eventlog.Offset{}), join(t, feed, lines, second)
		defer all.leave()
		defer later.leave()
		want(t, "from the start", all.rest(), "1 a\n2 b\n3 c\n")
		want(t, "after the second", later.rest(), "3 c\n")

		add(t, log, "d", "e")
		synctest.Wait()
		want(t, "live", all.rest(), "4 d\n5 e\n")
		want(t, "live", later.rest(), "4 d\n5 e\n")
	})
}

func TestABurstIsOneChunkForEachReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := eventlog.NewMemory(eventlog.MemoryOptions{})
		feed := eventlog.NewFeed(log, eventlog.FeedOptions{})
		r := join(t, feed, feed.Encoding(line), tail(t, log))
		defer r.leave()
		r.rest()
		synctest.Wait()
		for range 30 { // fills the first segment, so that the second has room for the burst
			add(t, log, strings.Repeat("x", 40))
		}
		synctest.Wait()
		r.rest()
		for range 10 {
			add(t, log, "y")
		}
		synctest.Wait()
		if chunk, _ := r.now(); strings.Count(chunk, "\n") != 10 {
			t.Errorf("the chunk is %q, want the ten records of the burst", chunk)
		}
	})
}

func TestAnOffsetThatIsNotInTheLogIsAGap(t *testing.T) {
	log := eventlog.NewMemory(eventlog.MemoryOptions{Records: 3})
	last := add(t, log, "a", "b", "c", "d", "e")
	epoch := last.Epoch
	tests := []struct {
		name  string
		after eventlog.Offset
		want  string
	}{
		{"the tail is no gap", last, ""},
		{"what is left comes after the gap", eventlog.Offset{Epoch: epoch, Seq: 1}, "gap 1 2\n3 c\n4 d\n5 e\n"},
		{"the edge of what is left is no gap", eventlog.Offset{Epoch: epoch, Seq: 2}, "3 c\n4 d\n5 e\n"},
		{"the start of a log that has lost something", eventlog.Offset{}, "gap 0 2\n3 c\n4 d\n5 e\n"},
		{"an offset that was never given", eventlog.Offset{Epoch: epoch, Seq: 99}, "gap 99 2\n3 c\n4 d\n5 e\n"},
		{"an earlier epoch", eventlog.Offset{Epoch: epoch - 1, Seq: 4}, "gap 4 2\n3 c\n4 d\n5 e\n"},
		{"a later epoch", eventlog.Offset{Epoch: epoch + 1, Seq: 4}, "gap 4 2\n3 c\n4 d\n5 e\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				feed := eventlog.NewFeed(log, eventlog.FeedOptions{})
				lines := feed.Encoding(line)
				other := join(t, feed, lines, last)
				defer other.leave()
				synctest.Wait() // there is a window
				r := join(t, feed, lines, test.after)
				defer r.leave()
				want(t, "the reader", r.rest(), test.want)
			})
		})
	}
}

func TestTheEndComesAfterTheLastRecord(t *testing.T) {
	tests := []struct {
		name string
		end  func(log eventlog.Log)
		want string
	}{
		{"a close", func(log eventlog.Log) {
			_, _ = log.Append(context.Background(), eventlog.Record{Meta: []byte("over")}, eventlog.AppendOptions{Close: eventlog.CloseOnly})
		}, "1 a\nEnded"},
		{"a last record that closes", func(log eventlog.Log) {
			_, _ = log.Append(context.Background(), eventlog.Record{Meta: []byte("over"), Data: []byte("z")}, eventlog.AppendOptions{Close: eventlog.CloseAfter})
		}, "1 a\n2 z\nEnded"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := eventlog.NewMemory(eventlog.MemoryOptions{})
				feed := eventlog.NewFeed(log, eventlog.FeedOptions{})
				lines := feed.Encoding(line)
				r := join(t, feed, lines, eventlog.Offset{})
				defer r.leave()
				add(t, log, "a")
				synctest.Wait()
				test.end(log)
				synctest.Wait()
				want(t, "the reader", r.rest(), test.want)
				if ended, meta, err := feed.End(); !ended || string(meta) != "over" || err != nil {
					t.Errorf("End: %v, %q, %v", ended, meta, err)
				}
				late := join(t, feed, lines, eventlog.Offset{})
				defer late.leave()
				want(t, "who joins after the end", late.rest(), test.want)
			})
		})
	}
}

// TestWhoWaitsIsWoken ends in a deadlock, which fails it, if a wake-up is lost.
func TestWhoWaitsIsWoken(t *testing.T) {
	logs := eventlog.NewMemoryLogs(eventlog.MemoryOptions{})
	closing := eventlog.AppendOptions{Close: eventlog.CloseOnly}
	tests := []struct {
		name   string
		happen func(log eventlog.Log)
		want   eventlog.Status
	}{
		{"by an append", func(log eventlog.Log) { add(t, log, "a") }, eventlog.Ready},
		{"by a close", func(log eventlog.Log) { _, _ = log.Append(context.Background(), eventlog.Record{}, closing) }, eventlog.Ended},
		{"by the deletion", func(eventlog.Log) { _ = logs.Delete(context.Background(), "log", 0) }, eventlog.Ended},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for range 100 { // the moment differs
				synctest.Test(t, func(t *testing.T) {
					log, err := logs.Create(t.Context(), "log", eventlog.CreateOptions{})
					if err != nil {
						t.Fatal(err)
					}
					defer func() { _ = logs.Delete(context.Background(), "log", 0) }()
					feed := eventlog.NewFeed(log, eventlog.FeedOptions{})
					lines := feed.Encoding(line)
					var readers sync.WaitGroup
					for range 5 {
						r := join(t, feed, lines, tail(t, log))
						readers.Go(func() {
							defer r.leave()
							if _, status := r.next(); status != test.want {
								t.Errorf("got %v, want %v", status, test.want)
							}
						})
					}
					test.happen(log)
					readers.Wait()
				})
			}
		})
	}
}

func TestAWaiterMayWaitAgainInItsOwnCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := eventlog.NewMemory(eventlog.MemoryOptions{})
		feed := eventlog.NewFeed(log, eventlog.FeedOptions{})
		var got strings.Builder
		var cursor eventlog.Cursor
		feed.Join(&cursor, feed.Encoding(line), tail(t, log))
		defer feed.Leave(&cursor)
		var waiter eventlog.Waiter
		calls := 0
		// A reader without a goroutine: it reads in the call.
		waiter.Wake = func() {
			calls++
			for more := true; more; more = feed.Wait(&waiter, cursor.Offset()) {
				for status := eventlog.Ready; status != eventlog.Idle; {
					var chunk []byte
					if chunk, status = feed.Next(&cursor); status == eventlog.Cold {
						_ = feed.Fetch(t.Context(), &cursor)
					}
					got.Write(chunk)
				}
			}
		}
		waiter.Wake()
		for _, data := range []string{"a", "b", "c"} {
			add(t, log, data)
			synctest.Wait()
		}
		want(t, "the reader", got.String(), "1 a\n2 b\n3 c\n")
		if calls != 4 {
			t.Errorf("it was called %d times, want once by the test and once for each append", calls)
		}
		if !feed.Forget(&waiter) || feed.Forget(&waiter) {
			t.Error("Forget has not found it waiting, once")
		}
		add(t, log, "d")
		synctest.Wait()
		if calls != 4 {
			t.Error("it was called after Forget")
		}
	})
}

// watched counts the watches of a log, and fails on demand.
type watched struct {
	eventlog.Log

	watches atomic.Int32
	reads   atomic.Int64
	fails   atomic.Bool
	block   chan struct{} // reads wait for it, or for their context; nil for none
}

var errDown = errors.New("the log is down")

func (w *watched) Watch(changed func()) func() {
	w.watches.Add(1)
	stop := w.Log.Watch(changed)
	return func() { w.watches.Add(-1); stop() }
}

func (w *watched) Read(ctx context.Context, after eventlog.Offset, limit int) (eventlog.Page, error) {
	w.reads.Add(1)
	if w.fails.Load() {
		return eventlog.Page{}, errDown
	}
	if w.block != nil {
		select {
		case <-w.block:
		case <-ctx.Done():
			return eventlog.Page{}, ctx.Err()
		}
	}
	return w.Log.Read(ctx, after, limit)
}

func TestAFeedWithoutReadersDoesNotWatchItsLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &watched{Log: eventlog.NewMemory(eventlog.MemoryOptions{})}
		feed := eventlog.NewFeed(log, eventlog.FeedOptions{})
		lines := feed.Encoding(line)
		for round := range 2 {
			if log.watches.Load() != 0 {
				t.Error("it watches without a reader")
			}
			before := tail(t, log)
			a, b := join(t, feed, lines, before), join(t, feed, lines, before)
			a.rest()
			a.leave()
			if log.watches.Load() != 1 {
				t.Error("it does not watch once for its readers")
			}
			add(t, log, "x")
			synctest.Wait()
			want(t, "the one that is left", b.rest(), fmt.Sprintf("%d x\n", 2*round+1))
			b.leave()
			add(t, log, "nobody sees it live")
		}
	})
}

func TestALogThatFailsIsAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &watched{Log: eventlog.NewMemory(eventlog.MemoryOptions{})}
		feed := eventlog.NewFeed(log, eventlog.FeedOptions{})
		r := join(t, feed, feed.Encoding(line), tail(t, log))
		defer r.leave()
		r.rest()
		synctest.Wait()
		log.fails.Store(true)
		add(t, log, "a")
		time.Sleep(2500 * time.Millisecond)
		log.fails.Store(false)
		begin := time.Now()
		if chunk, _ := r.next(); chunk != "1 a\n" {
			t.Errorf("got %q", chunk)
		}
		if waited := time.Since(begin); waited > time.Second {
			t.Errorf("it took %v", waited)
		}
	})
}

func TestAReadThatWaitsHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &watched{Log: eventlog.NewMemory(eventlog.MemoryOptions{}), block: make(chan struct{})}
		feed := eventlog.NewFeed(log, eventlog.FeedOptions{})
		r := join(t, feed, feed.Encoding(line), tail(t, log))
		synctest.Wait()
		for range 100 {
			add(t, log, "x")
		}
		if feed.Wait(&r.waiter, r.cursor.Offset()) {
			t.Error("there is more, although the log has not been read")
		}
		r.leave() // ends the read: the bubble would not end otherwise
		synctest.Wait()
	})
}
