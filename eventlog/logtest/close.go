package logtest

import (
	"errors"
	"strings"

	"github.com/bare-go/bare/eventlog"
)

func closeCases() []logCase {
	return []logCase{
		{name: "a close with a record appends it, and closes", run: closesAfter},
		{name: "a close alone keeps the tail", run: closesOnly},
		{name: "an empty log can be closed", run: closesEmpty},
		{name: "a closed log takes no appends, and no second close", run: staysClosed},
		{name: "a conflict comes before the closed state", run: conflictsWhenClosed},
		{name: "only the page that reaches the tail is closed", run: closesTheLastPage},
	}
}

// sizeCases are for logs that have a largest record.
func sizeCases() []logCase {
	return []logCase{
		{name: "a record that is too large is refused", run: refusesTooLarge},
		{name: "a close alone uses nothing but Meta", run: closesWithMetaOnly},
	}
}

// wantClosed fails unless the log is closed, with "end" as the end.
func (l *log) wantClosed(tail eventlog.Offset) {
	const end = "end"
	l.Helper()
	state := l.state()
	if !state.Closed || string(state.End) != end || state.Tail != tail {
		l.Errorf("closed is %v with the end %q at %v, want it closed with %q at %v",
			state.Closed, state.End, state.Tail, end, tail)
	}
	page := l.read(tail, everything)
	if !page.Closed || string(page.End) != end || page.Next != tail || page.Gap || len(page.Records) > 0 {
		l.Errorf("Read(%v), from the tail: %+v, want it closed with %q", tail, page, end)
	}
}

func closesAfter(l *log) {
	l.add("a")
	last := eventlog.Record{Meta: []byte("end"), Data: []byte("b")}
	tail := l.append(last, eventlog.AppendOptions{Close: eventlog.CloseAfter})
	l.wantClosed(tail)
	l.has(eventlog.Offset{}, "a", "b")
	page := l.whole(2)
	if !page.Closed || string(page.End) != "end" || string(page.Records[1].Meta) != "end" {
		l.Errorf("Read: %+v, want the end, also as Meta of the last record", page)
	}
}

func closesOnly(l *log) {
	tail := l.add("a")[0]
	offset := l.append(eventlog.Record{Meta: []byte("end"), Data: []byte("x")}, eventlog.AppendOptions{Close: eventlog.CloseOnly})
	if offset != tail {
		l.Errorf("a close alone returns %v, want the tail, %v", offset, tail)
	}
	l.wantClosed(tail)
	l.has(eventlog.Offset{}, "a")
}

func closesEmpty(l *log) {
	tail := l.state().Tail
	meta := []byte("end")
	l.append(eventlog.Record{Meta: meta}, eventlog.AppendOptions{Expect: tail, Close: eventlog.CloseOnly})
	clear(meta)
	l.wantClosed(tail)
	l.has(eventlog.Offset{})
}

func staysClosed(l *log) {
	tail := l.add("a")[0]
	l.append(eventlog.Record{Meta: []byte("end")}, eventlog.AppendOptions{Close: eventlog.CloseOnly})
	for _, closing := range []eventlog.Closing{eventlog.StayOpen, eventlog.CloseAfter, eventlog.CloseOnly} {
		for _, expect := range []eventlog.Offset{{}, tail} {
			again := eventlog.Record{Meta: []byte("another"), Data: []byte("b")}
			err := l.refused(again, eventlog.AppendOptions{Expect: expect, Close: closing})
			if !errors.Is(err, eventlog.ErrClosed) {
				l.Errorf("Append (%v) to a closed log: %v, want ErrClosed", closing, err)
			}
		}
	}
	l.wantClosed(tail)
}

func conflictsWhenClosed(l *log) {
	start := l.state().Tail
	tail := l.append(record("a"), eventlog.AppendOptions{Close: eventlog.CloseAfter})
	for _, closing := range []eventlog.Closing{eventlog.StayOpen, eventlog.CloseAfter, eventlog.CloseOnly} {
		err := l.refused(record("a"), eventlog.AppendOptions{Expect: start, Close: closing})
		l.wantConflict(err, tail)
	}
}

func closesTheLastPage(l *log) {
	l.add("a", "b")
	l.append(eventlog.Record{Meta: []byte("end"), Data: []byte("c")}, eventlog.AppendOptions{Close: eventlog.CloseAfter})
	tail := l.state().Tail
	var after eventlog.Offset
	for range 3 {
		page := l.read(after, 0)
		after = page.Next
		if last := after == tail; page.Closed != last || (len(page.End) > 0) != last {
			l.Errorf("the page that reaches %v of %v is closed: %v, with %q", after, tail, page.Closed, page.End)
		}
	}
	if strange := l.read(eventlog.Offset{Epoch: tail.Epoch + 1}, everything); !strange.Closed || !strange.Gap {
		l.Errorf("from another epoch: %+v, want a gap, and closed", strange)
	}
}

func refusesTooLarge(l *log) {
	l.add("a")
	data := []byte(strings.Repeat("x", l.tooLarge))
	for _, r := range []eventlog.Record{{Data: data}, {Meta: data}, {Meta: data[:len(data)/2], Data: data[len(data)/2:]}} {
		for _, closing := range []eventlog.Closing{eventlog.StayOpen, eventlog.CloseAfter} {
			err := l.refused(r, eventlog.AppendOptions{Close: closing})
			if !errors.Is(err, eventlog.ErrTooLarge) {
				l.Errorf("Append of %d bytes: %v, want ErrTooLarge", r.Size(), err)
			}
		}
	}
	tail := l.add("b")[0]
	strange := eventlog.Offset{Epoch: tail.Epoch, Seq: tail.Seq - 1}
	l.wantConflict(l.refused(eventlog.Record{Data: data}, eventlog.AppendOptions{Expect: strange}), tail)
	l.has(eventlog.Offset{}, "a", "b")
	l.append(eventlog.Record{}, eventlog.AppendOptions{Close: eventlog.CloseOnly})
	if err := l.refused(eventlog.Record{Data: data}, eventlog.AppendOptions{}); !errors.Is(err, eventlog.ErrClosed) {
		l.Errorf("Append of too much to a closed log: %v, want ErrClosed", err)
	}
}

func closesWithMetaOnly(l *log) {
	tail := l.add("a")[0]
	large := eventlog.Record{Meta: []byte("end"), Data: []byte(strings.Repeat("x", l.tooLarge))}
	l.append(large, eventlog.AppendOptions{Close: eventlog.CloseOnly})
	l.wantClosed(tail)
	l.has(eventlog.Offset{}, "a")
}
