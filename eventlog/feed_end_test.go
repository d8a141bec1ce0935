package eventlog_test

import (
	"context"
	"errors"
	"math"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"weak"

	"github.com/bare-go/bare/eventlog"
)

// TestWaitSeesWhatHasHappenedBefore has something happen between the look that found
// nothing and the wait.
func TestWaitSeesWhatHasHappenedBefore(t *testing.T) {
	logs := eventlog.NewMemoryLogs(eventlog.MemoryOptions{})
	closing := eventlog.AppendOptions{Close: eventlog.CloseOnly}
	tests := []struct {
		name   string
		happen func(log eventlog.Log, r *reader)
		want   bool
	}{
		{"nothing", func(eventlog.Log, *reader) {}, false},
		{"an append", func(log eventlog.Log, _ *reader) { add(t, log, "a") }, true},
		{"a close", func(log eventlog.Log, _ *reader) { _, _ = log.Append(context.Background(), eventlog.Record{}, closing) }, true},
		{"the deletion", func(eventlog.Log, *reader) { _ = logs.Delete(context.Background(), "log", 0) }, true},
		{"its own leaving", func(_ eventlog.Log, r *reader) { r.leave() }, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log, err := logs.Create(t.Context(), "log", eventlog.CreateOptions{})
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = logs.Delete(context.Background(), "log", 0) }()
				feed := eventlog.NewFeed(log, eventlog.FeedOptions{})
				r := join(t, feed, feed.Encoding(line), tail(t, log))
				defer r.leave()
				r.rest()
				synctest.Wait()
				test.happen(log, r)
				synctest.Wait()
				if got := feed.Wait(&r.waiter, r.cursor.Offset()); got != test.want {
					t.Errorf("Wait says %v, want %v", got, test.want)
				}
				if got := feed.Forget(&r.waiter); got == test.want {
					t.Errorf("it waits: %v", got)
				}
			})
		})
	}
}

func TestAWaiterThatWaitsTwiceIsWokenOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := eventlog.NewMemory(eventlog.MemoryOptions{})
		feed := eventlog.NewFeed(log, eventlog.FeedOptions{})
		lines := feed.Encoding(line)
		first, second := join(t, feed, lines, tail(t, log)), join(t, feed, lines, tail(t, log))
		defer first.leave()
		defer second.leave()
		calls := ""
		first.waiter.Wake = func() { calls += "first " }
		second.waiter.Wake = func() { calls += "second " }
		first.rest()
		synctest.Wait()
		for range 2 {
			feed.Wait(&first.waiter, tail(t, log))
			feed.Wait(&second.waiter, tail(t, log))
		}
		add(t, log, "a")
		synctest.Wait()
		want(t, "the calls", calls, "first second ")
	})
}

func TestEndSaysHowALogHasEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logs := eventlog.NewMemoryLogs(eventlog.MemoryOptions{})
		log, err := logs.Create(t.Context(), "log", eventlog.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		feed := eventlog.NewFeed(log, eventlog.FeedOptions{})
		if ended, _, err := feed.End(); ended || err != nil {
			t.Errorf("without readers: %v, %v", ended, err)
		}
		r := join(t, feed, feed.Encoding(line), tail(t, log))
		defer r.leave()
		r.rest()
		synctest.Wait()
		if ended, _, err := feed.End(); ended || err != nil {
			t.Errorf("before the end: %v, %v", ended, err)
		}
		if err := logs.Delete(t.Context(), "log", 0); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		want(t, "the reader", r.rest(), "Ended")
		if ended, _, err := feed.End(); !ended || !errors.Is(err, eventlog.ErrDeleted) {
			t.Errorf("after the deletion: %v, %v", ended, err)
		}
	})
}

// TestReadersLearnWhatTheFeedHasMissed has a log forget records before the feed, whose
// reads take their time, has had them.
func TestReadersLearnWhatTheFeedHasMissed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &watched{Log: eventlog.NewMemory(eventlog.MemoryOptions{Records: 3})}
		feed := eventlog.NewFeed(log, eventlog.FeedOptions{})
		lines, others := feed.Encoding(line), feed.Encoding(line)
		start := tail(t, log)
		a, b := join(t, feed, lines, start), join(t, feed, others, start)
		defer a.leave()
		defer b.leave()
		a.rest()
		b.rest()
		synctest.Wait()
		add(t, log, strings.Repeat("x", 5000), strings.Repeat("x", 5000)) // in a segment each
		synctest.Wait()
		a.rest()
		b.rest()
		log.fails.Store(true) // until the feed tries again
		for range 10 {
			add(t, log, "x")
		}
		synctest.Wait()
		log.fails.Store(false)
		for _, r := range []*reader{a, b} {
			_, status := r.next()
			if from, to := r.cursor.Gap(); status != eventlog.Gap || from.Seq != 2 || to.Seq != 9 {
				t.Errorf("got %v from %d to %d", status, from.Seq, to.Seq)
			}
			want(t, "behind the gap", r.rest(), "10 x\n11 x\n12 x\n")
		}
		add(t, log, "live")
		synctest.Wait()
		want(t, "after it", a.rest()+b.rest(), "13 live\n13 live\n")
	})
}

// TestAnEncodingLastsAsLongAsItsReaders has two, one of which loses its readers.
func TestAnEncodingLastsAsLongAsItsReaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := eventlog.NewMemory(eventlog.MemoryOptions{})
		feed := eventlog.NewFeed(log, eventlog.FeedOptions{})
		encoded := 0
		lines := feed.Encoding(line)
		counted := feed.Encoding(func(dst []byte, record *eventlog.Record, at eventlog.Offset) []byte {
			encoded++
			return line(dst, record, at)
		})
		stays := join(t, feed, lines, tail(t, log))
		defer stays.leave()
		first, second := join(t, feed, counted, tail(t, log)), join(t, feed, counted, tail(t, log))
		for _, r := range []*reader{stays, first, second} {
			r.rest()
		}
		synctest.Wait()
		first.leave()
		add(t, log, strings.Repeat("x", 100), "y")
		synctest.Wait()
		chunk, _ := feed.Next(&second.cursor)
		segment := weak.Make(&chunk[0])
		second.leave()
		synctest.Wait()
		runtime.GC()
		if segment.Value() != nil {
			t.Error("the segments are kept without a reader")
		}
		add(t, log, "z")
		synctest.Wait()
		if encoded != 2 {
			t.Errorf("%d records were encoded, want the 2 that had a reader", encoded)
		}
		if got := stays.rest(); strings.Count(got, "\n") != 3 {
			t.Errorf("the other encoding has %q", got)
		}
		again := join(t, feed, counted, tail(t, log))
		defer again.leave()
		again.rest()
		add(t, log, "again")
		synctest.Wait()
		want(t, "who comes back", again.rest(), "4 again\n")
		want(t, "the other", stays.rest(), "4 again\n")
	})
}

// TestTheLastRecordIsSeenBeforeTheEnd has readers that look all the time, so that some
// look between the last record and the end, or just before both.
func TestTheLastRecordIsSeenBeforeTheEnd(t *testing.T) {
	for range 300 {
		log := eventlog.NewMemory(eventlog.MemoryOptions{})
		feed := eventlog.NewFeed(log, eventlog.FeedOptions{})
		lines := feed.Encoding(line)
		var readers sync.WaitGroup
		for range 2 {
			r := join(t, feed, lines, tail(t, log))
			readers.Go(func() {
				defer r.leave()
				for got := ""; ; runtime.Gosched() {
					chunk, status := r.now()
					got += chunk
					if status == eventlog.Ended {
						want(t, "the reader", got, "1 last\n")
						return
					}
				}
			})
		}
		record := eventlog.Record{Data: []byte("last")}
		if _, err := log.Append(t.Context(), record, eventlog.AppendOptions{Close: eventlog.CloseAfter}); err != nil {
			t.Fatal(err)
		}
		readers.Wait()
	}
}

// sparse is a log that leaves out its odd records, as one does that has several streams
// in one sequence. So its tail may come after its last record.
type sparse struct{ eventlog.Log }

func (s sparse) Read(ctx context.Context, after eventlog.Offset, limit int) (eventlog.Page, error) {
	page, err := s.Log.Read(ctx, after, limit)
	var even []eventlog.Record
	for _, r := range page.Records {
		if r.Seq%2 == 0 {
			even = append(even, r)
		}
	}
	page.Records = even
	return page, err
}

func TestATailThatIsNoRecordIsReached(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := sparse{eventlog.NewMemory(eventlog.MemoryOptions{})}
		feed := eventlog.NewFeed(log, eventlog.FeedOptions{})
		lines := feed.Encoding(line)
		r := join(t, feed, lines, tail(t, log))
		defer r.leave()
		r.rest()
		synctest.Wait()
		add(t, log, "1", "2", "3")
		synctest.Wait()
		want(t, "in the window", r.rest(), "2 2\n")
		late := join(t, feed, lines, eventlog.Offset{})
		defer late.leave()
		want(t, "from the log", late.rest(), "2 2\n")
		for _, r := range []*reader{r, late} {
			if at := r.cursor.Offset(); at != tail(t, log) {
				t.Errorf("the reader is at %v", at)
			}
			if feed.Wait(&r.waiter, r.cursor.Offset()) {
				t.Error("a reader that has everything is told that there is more")
			}
		}
	})
}

func TestLagIsWhatAReaderHasYetToBeGiven(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := eventlog.NewMemory(eventlog.MemoryOptions{})
		feed := eventlog.NewFeed(log, eventlog.FeedOptions{Window: 1})
		var nowhere eventlog.Cursor
		lag := func(c *eventlog.Cursor, bytes int64, known bool) {
			t.Helper()
			if got, ok := feed.Lag(c); got != bytes || ok != known {
				t.Errorf("the lag is %d, %v, want %d, %v", got, ok, bytes, known)
			}
		}
		lag(&nowhere, 0, false)
		r := join(t, feed, feed.Encoding(line), tail(t, log))
		defer r.leave()
		lag(&r.cursor, 0, false)
		synctest.Wait()
		r.rest()
		lag(&r.cursor, 0, true)
		first := strings.Repeat("x", 50<<10)
		add(t, log, first)
		synctest.Wait()
		r.rest() // it is not at the very beginning of the window, which is trimmed soon
		lag(&r.cursor, 0, true)
		add(t, log, "yy", "z")
		synctest.Wait()
		lag(&r.cursor, int64(len("2 yy\n3 z\n")), true)
		r.now()
		lag(&r.cursor, 0, true)
		for range 3 {
			add(t, log, first)
		}
		synctest.Wait()
		lag(&r.cursor, math.MaxInt64, true)
		r.now() // the segment that it was in
		r.now()
		r.rest()
		lag(&r.cursor, 0, true)
	})
}
