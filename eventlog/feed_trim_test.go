package eventlog_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"weak"

	"github.com/bare-go/bare/eventlog"
)

// segmentSize is that of a record that is encoded by filling: a segment for each.
const segmentSize = 50 << 10

func filling(dst []byte, record *eventlog.Record, _ eventlog.Offset) []byte {
	return append(dst, strings.Repeat(string(record.Data[0]), segmentSize)...)
}

// together has the feed read records in one page: its log is down while they come.
func together(t *testing.T, log *watched, r *reader, texts ...string) {
	t.Helper()
	log.fails.Store(true)
	add(t, log, texts...)
	synctest.Wait()
	log.fails.Store(false)
	if r.feed.Wait(&r.waiter, r.cursor.Offset()) {
		t.Fatal("there is more while the log is down")
	}
	<-r.woken
	synctest.Wait()
}

// TestABurstIsTrimmedAtOnce: the window keeps two of its segments, and not those that one
// look after the other has not come to.
func TestABurstIsTrimmedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &watched{Log: eventlog.NewMemory(eventlog.MemoryOptions{})}
		feed := eventlog.NewFeed(log, eventlog.FeedOptions{Window: 2 * segmentSize})
		encoding := feed.Encoding(filling)
		r := join(t, feed, encoding, tail(t, log))
		defer r.leave()
		synctest.Wait()
		r.rest()
		together(t, log, r, "1", "2", "3", "4", "5", "6", "7", "8", "9")
		last := tail(t, log)
		for _, test := range []struct {
			after uint64
			want  eventlog.Status
		}{{6, eventlog.Cold}, {7, eventlog.Ready}} {
			late := join(t, feed, encoding, eventlog.Offset{Epoch: last.Epoch, Seq: test.after})
			if _, status := feed.Next(&late.cursor); status != test.want {
				t.Errorf("after record %d: %v, want %v", test.after, status, test.want)
			}
			late.leave()
		}
	})
}

// TestSegmentsThatAreTrimmedTogetherPinNothing: a stalled reader's segment is not the oldest
// of those that a burst has trimmed. What comes after it must not stay in memory.
func TestSegmentsThatAreTrimmedTogetherPinNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &watched{Log: eventlog.NewMemory(eventlog.MemoryOptions{})}
		feed := eventlog.NewFeed(log, eventlog.FeedOptions{Window: 2 * segmentSize})
		encoding := feed.Encoding(filling)
		stalled, healthy := join(t, feed, encoding, tail(t, log)), join(t, feed, encoding, tail(t, log))
		defer stalled.leave()
		defer healthy.leave()
		synctest.Wait()
		stalled.rest()
		segments := map[string]weak.Pointer[byte]{}
		read := func() {
			t.Helper()
			for {
				chunk, status := feed.Next(&healthy.cursor)
				if status == eventlog.Idle {
					return
				}
				if status != eventlog.Ready || len(chunk) != segmentSize {
					t.Fatalf("the healthy reader got %v with %d bytes", status, len(chunk))
				}
				segments[string(chunk[:1])] = weak.Make(&chunk[0])
			}
		}
		for _, text := range []string{"1", "2"} {
			add(t, log, text)
			synctest.Wait()
			read()
			stalled.now()
		}
		together(t, log, healthy, "3", "4")
		read()
		for _, text := range []string{"5", "6", "7"} {
			add(t, log, text)
			synctest.Wait()
			read()
		}
		runtime.GC()
		var alive []string
		for _, text := range []string{"1", "2", "3", "4", "5", "6", "7"} {
			if segments[text].Value() != nil {
				alive = append(alive, text)
			}
		}
		want(t, "what is in memory", fmt.Sprint(alive), "[2 6 7]")
	})
}
