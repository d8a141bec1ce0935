package eventlog_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare/eventlog"
)

// TestAReaderThatIsBehindIsGivenNoMoreThanASegment has records that grow when they are
// encoded, some that are large, and some of which nothing is sent. The reader must get all
// of them, once and in order, in chunks that it may keep while it stalls.
func TestAReaderThatIsBehindIsGivenNoMoreThanASegment(t *testing.T) {
	const segment = 64 << 10
	for name, text := range map[string]func(i int) string{
		"small records":                    func(int) string { return "1" },
		"empty records":                    func(int) string { return "" },
		"records of which nothing is sent": func(i int) string { return []string{"1", "nothing"}[i%2] },
		"large records between small ones": func(i int) string {
			if i%1500 == 700 {
				return strings.Repeat("x", 3*segment)
			}
			return "1"
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := eventlog.NewMemory(eventlog.MemoryOptions{})
				const records = 5000
				for i := range records {
					add(t, log, text(i))
				}
				feed := eventlog.NewFeed(log, eventlog.FeedOptions{})
				encode := func(dst []byte, record *eventlog.Record, at eventlog.Offset) []byte {
					if string(record.Data) == "nothing" {
						return dst
					}
					return fmt.Appendf(dst, "id: %d%80s\n%s\n\n", at.Seq, "", record.Data)
				}
				reader := join(t, feed, feed.Encoding(encode), eventlog.Offset{})
				defer reader.leave()
				synctest.Wait()
				var got, all []byte
				chunks := 0
				for {
					chunk, status := reader.now()
					if status != eventlog.Ready {
						break
					}
					if len(chunk) > segment && strings.Count(chunk, "id: ") > 1 {
						t.Errorf("a chunk of %d bytes has %d records", len(chunk), strings.Count(chunk, "id: "))
					}
					got = append(got, chunk...)
					chunks++
				}
				for i := range records {
					all = encode(all, &eventlog.Record{Data: []byte(text(i))}, eventlog.Offset{Seq: uint64(i + 1)})
				}
				if !bytes.Equal(got, all) {
					t.Errorf("got %d bytes, want %d, all records in order", len(got), len(all))
				}
				if limit := 12 + 4*len(all)/segment; chunks > limit {
					t.Errorf("%d bytes came in %d chunks, want at most %d", len(all), chunks, limit)
				}
			})
		})
	}
}

// TestAPageHasAThousandRecordsAtMost: it is copied under the lock for which appends wait.
func TestAPageHasAThousandRecordsAtMost(t *testing.T) {
	log := eventlog.NewMemory(eventlog.MemoryOptions{})
	for range 5000 {
		add(t, log, "1")
	}
	page, err := log.Read(t.Context(), eventlog.Offset{}, 1<<20)
	if err != nil || len(page.Records) > 1024 || page.Next.Seq != uint64(len(page.Records)) {
		t.Errorf("%d records, Next is %v (%v)", len(page.Records), page.Next, err)
	}
}

// TestALossIsToldOnce has a log that is compacted: what it keeps of the keys comes before
// what it has lost. A reader gets that in several pages, each of which has a gap.
func TestALossIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := eventlog.NewMemory(eventlog.MemoryOptions{Compact: true, Records: 2})
		for i := range 200 {
			add(t, log, fmt.Sprintf("key%d=%s", i, strings.Repeat("x", 1000)))
		}
		add(t, log, "a", "b", "c", "d") // two of them are lost
		feed := eventlog.NewFeed(log, eventlog.FeedOptions{Compacted: true})
		reader := join(t, feed, feed.Encoding(line), eventlog.Offset{})
		defer reader.leave()
		synctest.Wait()
		got := reader.rest()
		if gaps, records := strings.Count(got, "gap "), strings.Count(got, "\n"); gaps != 1 || records != 1+200+2 {
			t.Errorf("%d gaps and %d lines, want 1 and 203", gaps, records)
		}
		if !strings.HasPrefix(got, "gap 0 0\n") || !strings.HasSuffix(got, "203 c\n204 d\n") {
			t.Errorf("got %.20q ... %q, want the gap first and the last records at the end", got, got[len(got)-20:])
		}
	})
}

// TestAFurtherLossIsToldAsWell loses more while a reader is in the middle of the keys.
func TestAFurtherLossIsToldAsWell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := eventlog.NewMemory(eventlog.MemoryOptions{Compact: true, Records: 2})
		for i := range 200 {
			add(t, log, fmt.Sprintf("key%d=%s", i, strings.Repeat("x", 1000)))
		}
		add(t, log, "a", "b", "c", "d")
		feed := eventlog.NewFeed(log, eventlog.FeedOptions{Compacted: true})
		reader := join(t, feed, feed.Encoding(line), eventlog.Offset{})
		defer reader.leave()
		synctest.Wait()
		if _, status := reader.now(); status != eventlog.Gap {
			t.Errorf("it begins with %v", status)
		}
		if _, status := reader.now(); status != eventlog.Ready {
			t.Errorf("and goes on with %v", status)
		}
		at := reader.cursor.Offset().Seq
		add(t, log, "e", "f") // c and d are lost
		want(t, "what comes next", fmt.Sprintf("%.7s", reader.rest()), fmt.Sprintf("gap %d ", at))
	})
}

// TestWhoJoinsIsNotGivenWhatIsTooOld has one reader that keeps the window alive, and
// another that joins behind a record that the log has lost by then.
func TestWhoJoinsIsNotGivenWhatIsTooOld(t *testing.T) {
	for _, compact := range []bool{false, true} {
		t.Run(fmt.Sprintf("compact %v", compact), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := eventlog.NewMemory(eventlog.MemoryOptions{Age: time.Minute, Compact: compact})
				feed := eventlog.NewFeed(log, eventlog.FeedOptions{Age: time.Minute, Compacted: compact})
				lines := feed.Encoding(line)
				start := tail(t, log)
				one := join(t, feed, lines, start)
				defer one.leave()
				synctest.Wait()
				add(t, log, "old")
				synctest.Wait()
				time.Sleep(time.Minute - 1)
				young := join(t, feed, lines, start)
				defer young.leave()
				want(t, "before it is a minute old", young.rest(), "1 old\n")
				time.Sleep(time.Nanosecond)
				old := join(t, feed, lines, start)
				defer old.leave()
				want(t, "when it is", old.rest(), "gap 0 1\n")
				add(t, log, "a=new")
				synctest.Wait()
				want(t, "and then", old.rest(), "2 new\n")
				time.Sleep(time.Hour)
				if compact { // the key's latest is kept, whatever its age
					late := join(t, feed, lines, start)
					defer late.leave()
					want(t, "an hour later", late.rest(), "gap 0 1\n2 new\n")
				}
			})
		})
	}
}
