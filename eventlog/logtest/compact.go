package logtest

import (
	"fmt"
	"math/rand/v2"

	"github.com/bare-go/bare/eventlog"
)

// compactCases are for logs that are compacted.
func compactCases() []logCase {
	return []logCase{
		{name: "an append supersedes the one before it with its key", run: supersedes},
		{name: "records without a key supersede nothing", run: keepsWithoutKey},
		{name: "what is superseded is no gap, wherever a read begins", run: skipsWithoutGap},
		{name: "the last record of each key always arrives", run: latestArrives},
		{name: "a page stays as it is, though its records are superseded", run: keepsSupersededPages},
	}
}

func supersedes(l *log) {
	offsets := l.add("a=1", "b=1", "a=2", "c=1", "b=2")
	l.has(eventlog.Offset{}, "a=2", "c=1", "b=2")
	records := l.whole(3).Records
	for i, want := range []eventlog.Offset{offsets[2], offsets[3], offsets[4]} {
		if records[i].Seq != want.Seq {
			l.Errorf("record %d has the Seq %d, and was appended at %v", i, records[i].Seq, want)
		}
	}
	l.append(record("a=3"), eventlog.AppendOptions{Close: eventlog.CloseAfter})
	l.has(eventlog.Offset{}, "c=1", "b=2", "a=3")
}

func keepsWithoutKey(l *log) {
	l.add("1", "a=1", "2", "a=2", "3")
	l.has(eventlog.Offset{}, "1", "2", "a=2", "3")
}

func skipsWithoutGap(l *log) {
	var offsets []eventlog.Offset
	for i := range 500 {
		offsets = append(offsets, l.add(fmt.Sprintf("a=%d", i))...)
	}
	for _, after := range append(offsets[:499:499], eventlog.Offset{}) {
		l.has(after, "a=499")
	}
	l.has(offsets[499])
	if state := l.state(); state.Tail != offsets[499] || state.First.Compare(offsets[0]) >= 0 {
		l.Errorf("First is %v and Tail %v, want the beginning and %v", state.First, state.Tail, offsets[499])
	}
}

// A view is what a reader makes of a compacted log.
type view struct {
	after  eventlog.Offset
	latest map[string]string
}

func (v *view) read(l *log, limit int) (more bool) {
	l.Helper()
	page := l.read(v.after, limit)
	if page.Gap {
		l.Fatalf("after %v there is a gap, and nothing is lost", v.after)
	}
	for _, r := range page.Records {
		v.latest[r.Key] = string(r.Data)
	}
	v.after = page.Next
	return len(page.Records) > 0
}

// latestArrives has readers that are behind by any amount.
func latestArrives(l *log) {
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same records each time
	want := map[string]string{}
	views := make([]view, 20)
	for i := range views {
		views[i].latest = map[string]string{}
	}
	for i := range 500 {
		key, data := fmt.Sprint("k", min(random.IntN(30), random.IntN(30))), fmt.Sprint(i)
		want[key] = data
		l.add(key + "=" + data)
		views[random.IntN(len(views))].read(l, random.IntN(100))
	}
	for i := range views {
		for views[i].read(l, 50) {
		}
		for key, data := range want {
			if got := views[i].latest[key]; got != data {
				l.Errorf("reader %d has %q of %s, want the last, %q", i, got, key, data)
			}
		}
	}
}

func keepsSupersededPages(l *log) {
	l.add("a=1", "b=1")
	page := l.read(eventlog.Offset{}, everything)
	for i := range 500 {
		l.add(fmt.Sprintf("a=%d", i), fmt.Sprintf("b=%d", i))
	}
	if got := fmt.Sprint(texts(page.Records)); got != "[a=1 b=1]" {
		l.Errorf("when its records are superseded a page has %s", got)
	}
}
