package logtest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bare-go/bare/eventlog"
)

func readCases() []logCase {
	return []logCase{
		{name: "a read has what comes after its offset", run: readsAfter},
		{name: "a page has as many records as have its bytes, and at least one", run: fillsPages},
		{name: "pages of any size join", run: joinsPages},
		{name: "an offset of another epoch is a gap", run: otherEpoch},
		{name: "an offset beyond the tail is a gap", run: beyondTheTail},
		{name: "a page stays as it is", run: keepsPages},
		{name: "keys mean nothing in a log that is not compacted", run: ignoresKeys},
	}
}

func readsAfter(l *log) {
	all := strings.Fields("a b c d e")
	start := l.state().Tail
	offsets := append([]eventlog.Offset{start}, l.add(all...)...)
	tail := offsets[len(offsets)-1]
	l.has(eventlog.Offset{}, all...)
	for i, after := range offsets {
		l.has(after, all[i:]...)
		page := l.read(after, everything)
		if page.Next != tail || page.Closed {
			l.Errorf("Read(%v): Next is %v and Closed is %v, want the tail, %v, and open", after, page.Next, page.Closed, tail)
		}
	}
}

func fillsPages(l *log) {
	ten := eventlog.Record{Key: "key", Meta: []byte("meta"), Data: []byte("abc")}
	for range 5 {
		l.append(ten, eventlog.AppendOptions{})
	}
	for limit, want := range map[int]int{-1: 1, 0: 1, 1: 1, 10: 1, 19: 1, 20: 2, 29: 2, 49: 4, 50: 5, everything: 5} {
		page := l.read(eventlog.Offset{}, limit)
		if len(page.Records) != want {
			l.Errorf("a page of %d bytes has %d records of 10 bytes, want %d", limit, len(page.Records), want)
			continue
		}
		if last := page.Records[want-1].Seq; page.Next.Seq != last {
			l.Errorf("Next is %v, and the last record %d", page.Next, last)
		}
	}
}

func joinsPages(l *log) {
	var all []string
	for i := range 600 {
		all = append(all, fmt.Sprintf("%d%s", i, strings.Repeat(".", i%50)))
	}
	l.add(all...)
	for _, limit := range []int{0, 100, 1000, everything} {
		records, gap := l.rest(eventlog.Offset{}, limit)
		if gap || !slices.Equal(texts(records), all) {
			l.Errorf("pages of %d bytes have %d records (gap: %v), and not the %d that there are", limit, len(records), gap, len(all))
		}
	}
}

func otherEpoch(l *log) {
	tail := l.state().Tail
	strange := []eventlog.Offset{
		{Epoch: tail.Epoch - 1, Seq: tail.Seq},
		{Epoch: tail.Epoch + 1, Seq: tail.Seq},
		{Epoch: 0, Seq: tail.Seq + 1},
		{Epoch: ^uint64(0), Seq: ^uint64(0)},
	}
	for _, after := range strange {
		l.hasGap(after)
	}
	l.add("a", "b")
	for _, after := range strange {
		l.hasGap(after, "a", "b")
	}
}

func beyondTheTail(l *log) {
	tail := l.state().Tail
	l.hasGap(eventlog.Offset{Epoch: tail.Epoch, Seq: tail.Seq + 1})
	tail = l.add("a", "b")[1]
	l.hasGap(eventlog.Offset{Epoch: tail.Epoch, Seq: tail.Seq + 1}, "a", "b")
	l.hasGap(eventlog.Offset{Epoch: tail.Epoch, Seq: ^uint64(0)}, "a", "b")
}

func keepsPages(l *log) {
	l.add("a", "b", "c")
	page := l.read(eventlog.Offset{}, everything)
	for i := range 500 {
		l.add(fmt.Sprint(i))
		l.read(eventlog.Offset{}, everything)
	}
	_ = append(page.Records, eventlog.Record{}) // the capacity is not the log's, either
	if got := texts(page.Records); !slices.Equal(got, []string{"a", "b", "c"}) {
		l.Errorf("after further appends and reads a page has %q", got)
	}
	if records, _ := l.rest(eventlog.Offset{}, everything); len(records) != 503 || string(records[3].Data) != "0" {
		l.Errorf("appending to a page has changed the log")
	}
}

func ignoresKeys(l *log) {
	l.add("a=1", "b=2", "a=3")
	l.has(eventlog.Offset{}, "a=1", "b=2", "a=3")
}
