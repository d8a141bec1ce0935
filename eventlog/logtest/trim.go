package logtest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bare-go/bare/eventlog"
)

// trimCases are for logs that lose their first records.
func trimCases() []logCase {
	return []logCase{
		{name: "what is lost is a gap, and only that", run: announcesGaps},
		{name: "the tail stays whatever is lost", run: keepsTheTail},
		{name: "a page stays as it is, though its records are lost", run: keepsTrimmedPages},
	}
}

// fill appends until something is lost, and returns all that was appended.
func (l *log) fill() (offsets []eventlog.Offset) {
	l.Helper()
	start := l.state().First
	for i := range 1000 {
		data := fmt.Sprintf("%d%s", i, strings.Repeat(".", 100))
		offsets = append(offsets, l.append(eventlog.Record{Data: []byte(data)}, eventlog.AppendOptions{}))
		if i%10 == 9 && l.state().First != start {
			return offsets
		}
	}
	l.Fatal("a thousand records of 100 bytes have been appended, and nothing is lost")
	return nil
}

func announcesGaps(l *log) {
	begin := l.state().Tail
	offsets := append([]eventlog.Offset{begin}, l.fill()...)
	state := l.state()
	first := slices.Index(offsets, state.First)
	if first < 0 || state.Tail != offsets[len(offsets)-1] {
		l.Fatalf("First is %v and Tail %v, want one of the offsets, and the last", state.First, state.Tail)
	}
	left := offsets[first+1:]
	if page := l.read(eventlog.Offset{}, everything); !page.Gap {
		l.Error("from zero there is no gap, and records are lost")
	}
	for i, after := range offsets {
		page := l.read(after, everything)
		if page.Gap != (i < first) {
			l.Fatalf("after %v the gap is %v, and First is %v", after, page.Gap, state.First)
		}
		if page.Gap && page.First != state.First {
			l.Fatalf("after %v First is %v in the page, and %v in the state", after, page.First, state.First)
		}
		want := left
		if i > first {
			want = offsets[i+1:]
		}
		if !slices.EqualFunc(page.Records, want, func(r eventlog.Record, o eventlog.Offset) bool { return r.Seq == o.Seq }) {
			l.Fatalf("after %v there are %d records, want the %d that are left", after, len(page.Records), len(want))
		}
		if page.Next != state.Tail {
			l.Fatalf("after %v Next is %v, want the tail, %v", after, page.Next, state.Tail)
		}
	}
}

func keepsTheTail(l *log) {
	offsets := l.fill()
	tail := offsets[len(offsets)-1]
	if after := l.append(record("a"), eventlog.AppendOptions{Expect: tail}); after.Compare(tail) <= 0 {
		l.Errorf("the append after %v is at %v", tail, after)
	}
	tail = l.append(eventlog.Record{Meta: []byte("end")}, eventlog.AppendOptions{Close: eventlog.CloseOnly})
	l.wantClosed(tail)
}

func keepsTrimmedPages(l *log) {
	l.add("a", "b", "c")
	page := l.read(eventlog.Offset{}, everything)
	l.fill()
	if got := texts(page.Records); !slices.Equal(got, []string{"a", "b", "c"}) {
		l.Errorf("when its records are lost a page has %q", got)
	}
}
