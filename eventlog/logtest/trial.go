package logtest

import (
	"bytes"
	"context"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bare-go/bare/eventlog"
)

// A trial is what every case has.
type trial struct {
	testing.TB

	patience time.Duration
}

// waits runs what must not wait for ever, and fails if it does.
func (t *trial) waits(what string, run func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		run()
	}()
	if !t.comes(done) {
		t.Fatalf("%s has not returned within %v", what, t.patience)
	}
}

// comes reports whether a channel has something, or is closed, before patience ends.
func (t *trial) comes(channel <-chan struct{}) bool {
	timer := time.NewTimer(t.patience)
	defer timer.Stop()
	select {
	case <-channel:
		return true
	case <-timer.C:
		return false
	}
}

// A log is the one that a case judges. Its methods fail the case on any error.
type log struct {
	trial
	eventlog.Log

	tooLarge int
}

// everything is a limit that no page reaches.
const everything = math.MaxInt

// record is written as "key=data", or as data alone.
func record(text string) eventlog.Record {
	key, data, found := strings.Cut(text, "=")
	if !found {
		key, data = "", text
	}
	return eventlog.Record{Key: key, Data: []byte(data)}
}

// texts are records as they are written.
func texts(records []eventlog.Record) []string {
	all := []string{}
	for _, r := range records {
		text := string(r.Data)
		if r.Key != "" {
			text = r.Key + "=" + text
		}
		all = append(all, text)
	}
	return all
}

func (l *log) append(r eventlog.Record, options eventlog.AppendOptions) eventlog.Offset {
	l.Helper()
	offset, err := l.Append(l.Context(), r, options)
	if err != nil {
		l.Fatalf("Append(%.40q, %+v): %v", r.Data, options, err)
	}
	return offset
}

// add appends records as they are written, and returns their offsets.
func (l *log) add(all ...string) (offsets []eventlog.Offset) {
	l.Helper()
	for _, text := range all {
		offsets = append(offsets, l.append(record(text), eventlog.AppendOptions{}))
	}
	return offsets
}

// refused appends what must be refused, and returns why it was.
func (l *log) refused(r eventlog.Record, options eventlog.AppendOptions) error {
	l.Helper()
	before := l.state()
	offset, err := l.Append(l.Context(), r, options)
	if err == nil {
		l.Fatalf("Append(%.40q, %+v) = %v, want an error", r.Data, options, offset)
	}
	if after := l.state(); !sameState(after, before) {
		l.Errorf("after a failed append the state is %+v, before it was %+v", after, before)
	}
	return err
}

func sameState(a, b eventlog.State) bool {
	return a.First == b.First && a.Tail == b.Tail && a.Closed == b.Closed && bytes.Equal(a.End, b.End)
}

func (l *log) state() eventlog.State {
	l.Helper()
	state, err := l.State(l.Context())
	if err != nil {
		l.Fatalf("State: %v", err)
	}
	return state
}

// read reads a page, and looks at what holds for every one.
func (l *log) read(after eventlog.Offset, limit int) eventlog.Page {
	l.Helper()
	ctx, cancel := context.WithTimeout(l.Context(), l.patience)
	defer cancel()
	page, err := l.Read(ctx, after, limit)
	if err != nil {
		l.Fatalf("Read(%v): %v; a read never waits for an append", after, err)
	}
	size := 0
	last := uint64(0)
	for i := range page.Records {
		r := &page.Records[i]
		if size += r.Size(); size > limit && i > 0 {
			l.Fatalf("Read(%v, %d) returns more than %d bytes", after, limit, limit)
		}
		if i > 0 && r.Seq <= last {
			l.Fatalf("Read(%v): record %d follows record %d", after, r.Seq, last)
		}
		last = r.Seq
	}
	if len(page.Records) > 0 && page.Next.Seq < last {
		l.Fatalf("Read(%v): Next is %v, before the last record, %d", after, page.Next, last)
	}
	return page
}

// whole reads all that there is in one page, which must have count records.
func (l *log) whole(count int) eventlog.Page {
	l.Helper()
	page := l.read(eventlog.Offset{}, everything)
	if len(page.Records) != count {
		l.Fatalf("there are %q, want %d records", texts(page.Records), count)
	}
	return page
}

// rest reads on to the end, in pages, and whether there was a gap.
func (l *log) rest(after eventlog.Offset, limit int) (records []eventlog.Record, gap bool) {
	l.Helper()
	for {
		page := l.read(after, limit)
		records = append(records, page.Records...)
		gap = gap || page.Gap
		if len(page.Records) == 0 {
			return records, gap
		}
		if page.Next == after {
			l.Fatalf("Read(%v): Next is where it began", after)
		}
		after = page.Next
	}
}

// has fails unless the rest of the log is these records, and without a gap.
func (l *log) has(after eventlog.Offset, want ...string) {
	l.Helper()
	records, gap := l.rest(after, everything)
	if got := texts(records); !slices.Equal(got, want) {
		l.Errorf("after %v there are %q, want %q", after, got, want)
	}
	if gap {
		l.Errorf("after %v there is a gap, and nothing is lost", after)
	}
}

// hasGap fails unless the rest of the log is these records, after a gap.
func (l *log) hasGap(after eventlog.Offset, want ...string) {
	l.Helper()
	page := l.read(after, everything)
	if got := texts(page.Records); !slices.Equal(got, want) {
		l.Errorf("after %v there are %q, want %q", after, got, want)
	}
	if !page.Gap {
		l.Errorf("after %v there is no gap", after)
	}
	if next := l.read(page.Next, everything); next.Gap {
		l.Errorf("after Next, %v, there is a gap again", page.Next)
	}
}
