package eventlog_test

import (
	"fmt"
	"math"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/bare-go/bare/eventlog"
)

func TestLateJoinersGetTheSameBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := eventlog.NewMemory(eventlog.MemoryOptions{})
		feed := eventlog.NewFeed(log, eventlog.FeedOptions{})
		encodings := 0
		lines := feed.Encoding(func(dst []byte, record *eventlog.Record, at eventlog.Offset) []byte {
			encodings++
			return line(dst, record, at)
		})
		start := tail(t, log)
		first := join(t, feed, lines, start)
		defer first.leave()
		first.rest()
		synctest.Wait()
		for i := range 300 {
			add(t, log, strings.Repeat("x", i))
		}
		synctest.Wait()
		whole := first.rest()
		if encodings != 300 {
			t.Errorf("300 records were encoded %d times", encodings)
		}
		for seq := range uint64(300) {
			late := join(t, feed, lines, eventlog.Offset{Epoch: start.Epoch, Seq: seq})
			got := late.rest()
			late.leave()
			if !strings.HasSuffix(whole, got) || !strings.HasPrefix(got, fmt.Sprint(seq+1, " ")) {
				t.Fatalf("after %d: %d bytes that begin with %.10q", seq, len(got), got)
			}
		}
		if encodings != 300 {
			t.Errorf("late joiners had the records encoded %d times", encodings)
		}
	})
}

func TestARecordIsNeverSplit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := eventlog.NewMemory(eventlog.MemoryOptions{})
		feed := eventlog.NewFeed(log, eventlog.FeedOptions{})
		r := join(t, feed, feed.Encoding(line), tail(t, log))
		defer r.leave()
		r.rest()
		synctest.Wait()
		for i, size := range []int{0, 10, 60 << 10, 64 << 10, 200 << 10, 3, 1 << 20, 1} {
			add(t, log, strings.Repeat("x", size))
			synctest.Wait()
			chunk, _ := r.now()
			want(t, "the record", fmt.Sprint(len(chunk), " ", chunk[:2]), fmt.Sprint(size+3, " ", i+1, " "))
		}
	})
}

// TestAStalledReaderPinsOneSegment: what was published after the segment in which a
// reader has stopped can be collected when it is trimmed, and so can what came before.
func TestAStalledReaderPinsOneSegment(t *testing.T) {
	for _, compacted := range []bool{false, true} {
		t.Run(fmt.Sprintf("compacted %v", compacted), func(t *testing.T) { stallAndCount(t, compacted) })
	}
}

func stallAndCount(t *testing.T, compacted bool) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		log := eventlog.NewMemory(eventlog.MemoryOptions{Compact: compacted})
		feed := eventlog.NewFeed(log, eventlog.FeedOptions{Window: 1, Compacted: compacted})
		lines := feed.Encoding(line)
		stalled, healthy := join(t, feed, lines, tail(t, log)), join(t, feed, lines, tail(t, log))
		defer stalled.leave()
		defer healthy.leave()
		stalled.rest()
		synctest.Wait()

		var segments []weak.Pointer[byte]
		alive := func() (list []int) {
			runtime.GC()
			for i, segment := range segments {
				if segment.Value() != nil {
					list = append(list, i)
				}
			}
			return list
		}
		for i := range 10 {
			add(t, log, fmt.Sprint("key", i, "=", strings.Repeat("y", 50<<10))) // one for each segment
			synctest.Wait()
			chunk, _ := healthy.feed.Next(&healthy.cursor)
			segments = append(segments, weak.Make(&chunk[0]))
			if len(segments) == 1 {
				stalled.feed.Next(&stalled.cursor)
			}
		}
		if got := fmt.Sprint(alive()); got != "[0 9]" {
			t.Errorf("segments %s are in memory, want the stalled reader's and the latest", got)
		}
		if lag, known := feed.Lag(&stalled.cursor); lag != math.MaxInt64 || !known {
			t.Errorf("the lag is %d, %v, want it to say that the segment is gone", lag, known)
		}
		if got := strings.Count(stalled.rest(), "\n"); got != 9 {
			t.Errorf("the stalled reader got %d further records, want the 9 that it had missed", got)
		}
	})
}

func TestTheWindowForgetsWhatTheLogForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := eventlog.NewMemory(eventlog.MemoryOptions{Records: 4})
		feed := eventlog.NewFeed(log, eventlog.FeedOptions{})
		lines := feed.Encoding(line)
		start := tail(t, log)
		r := join(t, feed, lines, start)
		defer r.leave()
		r.rest()
		synctest.Wait()
		for range 10 {
			add(t, log, strings.Repeat("x", 40<<10)) // one for each segment
			synctest.Wait()
			r.rest()
		}
		late := join(t, feed, lines, start)
		defer late.leave()
		if got := late.rest(); !strings.HasPrefix(got, "gap 0 6\n7 ") {
			t.Errorf("the late reader got %.20q", got)
		}
	})
}

func TestAReaderThatIsBehindSkipsWhatWasSuperseded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := eventlog.NewMemory(eventlog.MemoryOptions{Compact: true})
		feed := eventlog.NewFeed(log, eventlog.FeedOptions{Compacted: true})
		lines := feed.Encoding(line)
		live, behind := join(t, feed, lines, tail(t, log)), join(t, feed, lines, tail(t, log))
		defer live.leave()
		defer behind.leave()
		live.rest()
		behind.rest()
		synctest.Wait()
		var seen strings.Builder
		for _, record := range []string{"a=1", "b=2", "plain", "a=3", "c=4", "a=5", "b=6", "plain"} {
			add(t, log, record)
			synctest.Wait()
			seen.WriteString(live.rest())
		}
		want(t, "the live reader", seen.String(), "1 1\n2 2\n3 plain\n4 3\n5 4\n6 5\n7 6\n8 plain\n")
		want(t, "the one behind", behind.rest(), "3 plain\n5 4\n6 5\n7 6\n8 plain\n")

		add(t, log, "d=7", "e=8", "f=9", "g=10")
		synctest.Wait()
		add(t, log, "d=11", "e=12", "f=13") // several at once
		synctest.Wait()
		chunk, _ := behind.now()
		want(t, "one chunk without those that were superseded", chunk, "12 10\n13 11\n14 12\n15 13\n")
	})
}

func TestAReaderIsIdleBehindATailThatIsSuperseded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := eventlog.NewMemory(eventlog.MemoryOptions{Compact: true, Keys: 1})
		feed := eventlog.NewFeed(log, eventlog.FeedOptions{Compacted: true})
		r := join(t, feed, feed.Encoding(line), tail(t, log))
		defer r.leave()
		add(t, log, "a=1", "b=2", "b=3")
		synctest.Wait()
		r.rest()
		if feed.Wait(&r.waiter, r.cursor.Offset()) {
			t.Error("a reader that has everything is told that there is more")
		}
	})
}

// TestTheLastValueOfEachKeyArrives lets readers of all paces follow many updates of
// few keys, and compares what they have in the end.
func TestTheLastValueOfEachKeyArrives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const keys, updates = 7, 3000
		log := eventlog.NewMemory(eventlog.MemoryOptions{Compact: true})
		feed := eventlog.NewFeed(log, eventlog.FeedOptions{Compacted: true, Window: 1})
		lines := feed.Encoding(line)
		var readers sync.WaitGroup
		for pace := range 5 {
			r := join(t, feed, lines, eventlog.Offset{})
			readers.Go(func() {
				defer r.leave()
				latest := map[string]string{}
				for {
					chunk, status := r.next()
					if status == eventlog.Ended {
						break
					}
					if status == eventlog.Gap {
						t.Error("a skip is no gap")
					}
					for text := range strings.Lines(chunk) {
						_, data, _ := strings.Cut(strings.TrimSpace(text), " ")
						key, value, _ := strings.Cut(data, ":")
						latest[key] = value
					}
					time.Sleep(time.Duration(pace) * 7 * time.Millisecond)
				}
				for key := range keys {
					last := fmt.Sprint(updates - keys + key)
					if got := latest[fmt.Sprint(key)]; got != last {
						t.Errorf("pace %d: key %d is %s, want %s", pace, key, got, last)
					}
				}
			})
		}
		for i := range updates {
			key := (i - updates%keys + keys) % keys
			add(t, log, fmt.Sprintf("%d=%d:%d", key, key, i))
			if i%10 == 0 {
				time.Sleep(time.Millisecond)
			}
		}
		_, _ = log.Append(t.Context(), eventlog.Record{}, eventlog.AppendOptions{Close: eventlog.CloseOnly})
		readers.Wait()
	})
}

// TestReadersOfAllPacesMissNothingUnannounced is the hand-over between the log and
// the window, while both are trimmed and readers come, sleep and go.
func TestReadersOfAllPacesMissNothingUnannounced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const records = 5000
		log := eventlog.NewMemory(eventlog.MemoryOptions{Records: 300})
		feed := eventlog.NewFeed(log, eventlog.FeedOptions{Window: 4 << 10})
		lines := feed.Encoding(line)
		var readers sync.WaitGroup
		gaps := make(chan int, 100)
		for pace := range 40 {
			readers.Go(func() {
				var after eventlog.Offset
				lost := 0
				for ended := false; !ended; {
					r := join(t, feed, lines, after)
					for range pace + 1 {
						last := r.cursor.Offset()
						chunk, status := r.next()
						if ended = status == eventlog.Ended; ended {
							break
						}
						if status == eventlog.Gap {
							lost++
							from, to := r.cursor.Gap()
							if from != last || to != r.cursor.Offset() {
								t.Errorf("the gap is from %v to %v, want from %v to %v", from, to, last, r.cursor.Offset())
							}
							continue
						}
						expected := last.Seq + 1
						for text := range strings.Lines(chunk) {
							if !strings.HasPrefix(text, fmt.Sprint(expected, " ")) {
								t.Errorf("got %.10q, want the record %d", text, expected)
							}
							expected++
						}
						time.Sleep(time.Duration(pace%10*pace) * time.Millisecond)
					}
					after = r.cursor.Offset()
					r.leave()
				}
				if after.Seq != records {
					t.Errorf("the last record was %d, want %d", after.Seq, records)
				}
				gaps <- lost
			})
		}
		for i := range records {
			add(t, log, strings.Repeat("x", i%100))
			if i%20 == 0 {
				time.Sleep(10 * time.Millisecond)
			}
		}
		_, _ = log.Append(t.Context(), eventlog.Record{}, eventlog.AppendOptions{Close: eventlog.CloseOnly})
		readers.Wait()
		close(gaps)
		some, none := 0, 0
		for lost := range gaps {
			if lost > 0 {
				some++
			} else {
				none++
			}
		}
		if some == 0 || none == 0 {
			t.Errorf("%d readers had a gap and %d had none: the test wants both", some, none)
		}
	})
}

func TestAReaderThatHasCaughtUpAllocatesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := eventlog.NewMemory(eventlog.MemoryOptions{})
		feed := eventlog.NewFeed(log, eventlog.FeedOptions{})
		r := join(t, feed, feed.Encoding(line), tail(t, log))
		defer r.leave()
		r.rest()
		var before, after runtime.MemStats
		allocated := uint64(0)
		for range 100 {
			feed.Wait(&r.waiter, r.cursor.Offset())
			add(t, log, "x")
			synctest.Wait() // the pump has done its part
			runtime.ReadMemStats(&before)
			feed.Next(&r.cursor)
			feed.Wait(&r.waiter, r.cursor.Offset())
			feed.Forget(&r.waiter)
			feed.Next(&r.cursor)
			runtime.ReadMemStats(&after)
			allocated += after.Mallocs - before.Mallocs
		}
		if allocated > 50 { // of others, such as the runtime
			t.Errorf("%d allocations for 100 records", allocated)
		}
	})
}

func TestAnAppendWithoutReadersCostsWhatTheLogDoes(t *testing.T) {
	log := eventlog.NewMemory(eventlog.MemoryOptions{})
	feed := eventlog.NewFeed(log, eventlog.FeedOptions{})
	r := join(t, feed, feed.Encoding(line), tail(t, log))
	r.rest()
	r.leave()
	record := eventlog.Record{Data: []byte("x")}
	if got := testing.AllocsPerRun(1000, func() {
		_, _ = log.Append(t.Context(), record, eventlog.AppendOptions{})
	}); got > 1 {
		t.Errorf("%v allocations for each append, want the record alone", got)
	}
}

// TestRecordsThatAreEncodedAsNothingAreForgotten has an encoding that leaves everything
// out: what a window keeps of each record must go with the log's.
func TestRecordsThatAreEncodedAsNothingAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := eventlog.NewMemory(eventlog.MemoryOptions{Records: 1000})
		feed := eventlog.NewFeed(log, eventlog.FeedOptions{})
		nothing := feed.Encoding(func(dst []byte, _ *eventlog.Record, _ eventlog.Offset) []byte { return dst })
		r := join(t, feed, nothing, tail(t, log))
		defer r.leave()
		publish := func() uint64 {
			for i := range 40_000 {
				if add(t, log, "x"); i%500 == 0 {
					synctest.Wait()
					want(t, "the reader", r.rest(), "")
				}
			}
			runtime.GC()
			var stats runtime.MemStats
			runtime.ReadMemStats(&stats)
			return stats.HeapAlloc
		}
		before := publish()
		if after := publish(); after > before+300<<10 {
			t.Errorf("the memory grew by %d bytes", after-before)
		}
		synctest.Wait()
		r.rest()
		if got, at := r.cursor.Offset(), tail(t, log); got != at {
			t.Errorf("the reader is at %v, want %v", got, at)
		}
	})
}
