package eventlog_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/bare-go/bare/eventlog"
)

// stitched reads a fork as if it had its source's records, too: the source's through
// the fork's start, and then its own.
func stitched(t *testing.T, source, fork eventlog.Log, start, after eventlog.Offset) (seen []string) {
	t.Helper()
	for after.Compare(start) < 0 {
		page, err := source.Read(t.Context(), after, 10)
		if err != nil {
			t.Fatal(err)
		}
		if page.Gap {
			seen = append(seen, "gap")
		}
		for _, r := range page.Records {
			if r.Seq <= start.Seq {
				seen = append(seen, string(r.Data))
			}
		}
		if after = page.Next; after.Seq > start.Seq {
			after = start
		}
	}
	return append(seen, all(t, fork, after)...)
}

// The source's records may be lost in any number before somebody reads the fork. What
// is left of them joins the fork's, and what is lost is announced, also when the
// source is past the fork's start.
func TestMemory_forks_are_read_across_what_their_source_has_lost(t *testing.T) {
	const kept, start, last = 5, 8, 20
	for appended := start; appended <= last; appended++ {
		logs := eventlog.NewMemoryLogs(eventlog.MemoryOptions{Records: kept})
		source, err := logs.Create(t.Context(), "source", eventlog.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		var offsets []eventlog.Offset
		var fork eventlog.Log
		for i := range appended {
			offsets = append(offsets, add(t, source, fmt.Sprint(i+1)))
			if i+1 == start {
				fork, err = logs.Create(t.Context(), "fork", eventlog.CreateOptions{Start: offsets[i]})
				if err != nil {
					t.Fatal(err)
				}
				add(t, fork, "x", "y")
			}
		}
		lost := appended - kept
		for after := 1; after <= start; after++ {
			var want []string
			if after < start && after < lost {
				want = append(want, "gap")
			}
			for i := max(after, lost) + 1; i <= start; i++ {
				want = append(want, fmt.Sprint(i))
			}
			want = append(want, "x", "y")
			got := stitched(t, source, fork, offsets[start-1], offsets[after-1])
			if !slices.Equal(got, want) {
				t.Errorf("after %d, when %d are lost: %s, want %s", after, lost, strings.Join(got, " "), strings.Join(want, " "))
			}
		}
	}
}
