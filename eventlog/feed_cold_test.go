package eventlog_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

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
				if string(got) != string(all) {
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
