package logtest

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/bare-go/bare/eventlog"
)

func appendCases() []logCase {
	return []logCase{
		{name: "a new log is empty and open", run: isNew},
		{name: "an append returns the new tail", run: returnsTheTail},
		{name: "a record is what was appended", run: keepsTheRecord},
		{name: "the log sets a record's Seq and Time", run: setsSeqAndTime},
		{name: "a record's bytes are the caller's again", run: copiesTheBytes},
		{name: "an append at the expected tail is made", run: expectsTheTail},
		{name: "an append at another tail is a conflict", run: conflicts},
		{name: "an append that is tried again is made once", run: triesAgain},
		{name: "a context that has ended gives its error, or nothing", run: endedContext},
	}
}

func isNew(l *log) {
	state := l.state()
	if state.Tail.IsZero() {
		l.Error("the tail of a new log is zero")
	}
	if state.First != state.Tail {
		l.Errorf("a new log has its first offset at %v, and its tail at %v", state.First, state.Tail)
	}
	if state.Closed || state.End != nil {
		l.Errorf("a new log is closed (%v), with the end %q", state.Closed, state.End)
	}
	for _, after := range []eventlog.Offset{{}, state.Tail} {
		page := l.read(after, everything)
		if len(page.Records) > 0 || page.Gap || page.Closed || page.Next != state.Tail {
			l.Errorf("Read(%v) of a new log: %+v", after, page)
		}
	}
}

func returnsTheTail(l *log) {
	first := l.state()
	before := first.Tail
	for range 20 {
		offset := l.append(record("x"), eventlog.AppendOptions{})
		if offset.Epoch != before.Epoch || offset.Seq <= before.Seq {
			l.Fatalf("an append after %v is at %v", before, offset)
		}
		if state := l.state(); state.Tail != offset || state.First != first.First {
			l.Fatalf("after an append at %v the tail is %v, and the first %v", offset, state.Tail, state.First)
		}
		before = offset
	}
}

func keepsTheRecord(l *log) {
	binary := make([]byte, 256)
	for i := range binary {
		binary[i] = byte(i)
	}
	records := []eventlog.Record{
		{Key: "key", Meta: []byte("meta"), Data: []byte("data")},
		{Key: "Schlüssel / \x00\xff", Meta: binary, Data: slices.Repeat(binary, 2)},
		{Data: binary},
		{Meta: binary},
		{Key: "only a key"},
		{},
	}
	offsets := make([]eventlog.Offset, len(records))
	for i, r := range records {
		offsets[i] = l.append(r, eventlog.AppendOptions{})
	}
	for i, got := range l.whole(len(records)).Records {
		want := records[i]
		if got.Seq != offsets[i].Seq {
			l.Errorf("record %d has the Seq %d, and was appended at %v", i, got.Seq, offsets[i])
		}
		if got.Key != want.Key || !bytes.Equal(got.Meta, want.Meta) || !bytes.Equal(got.Data, want.Data) {
			l.Errorf("record %d is %+v, want %+v", i, got, want)
		}
	}
}

func setsSeqAndTime(l *log) {
	long := time.Unix(1000, 0)
	offset := l.append(eventlog.Record{Seq: 1 << 60, Time: long, Data: []byte("x")}, eventlog.AppendOptions{})
	got := l.whole(1).Records[0]
	if got.Seq != offset.Seq || got.Seq == 1<<60 {
		l.Errorf("the Seq is %d, want that of the offset, %v, and not the caller's", got.Seq, offset)
	}
	if got.Time.IsZero() || got.Time.Equal(long) {
		l.Errorf("the time is %v, want that of the append", got.Time)
	}
}

func copiesTheBytes(l *log) {
	meta, data := []byte("meta"), []byte("data")
	l.append(eventlog.Record{Meta: meta, Data: data}, eventlog.AppendOptions{Close: eventlog.CloseAfter})
	clear(meta)
	clear(data)
	page := l.whole(1)
	if r := page.Records[0]; string(r.Meta) != "meta" || string(r.Data) != "data" || string(page.End) != "meta" {
		l.Errorf("after the caller has changed its bytes: %q, %q, end %q", r.Meta, r.Data, page.End)
	}
}

func expectsTheTail(l *log) {
	tail := l.state().Tail
	for range 3 {
		tail = l.append(record("x"), eventlog.AppendOptions{Expect: tail})
	}
	l.has(eventlog.Offset{}, "x", "x", "x")
}

// wantConflict fails unless the error is a conflict that knows the tail.
func (l *log) wantConflict(err error, tail eventlog.Offset) {
	l.Helper()
	var conflict *eventlog.ConflictError
	if !errors.As(err, &conflict) {
		l.Fatalf("Append at another tail: %v, want a ConflictError", err)
	}
	if conflict.Tail != tail {
		l.Errorf("the conflict says that the tail is %v, and it is %v", conflict.Tail, tail)
	}
}

func conflicts(l *log) {
	start := l.state().Tail
	tail := l.add("a", "b")[1]
	for _, expect := range []eventlog.Offset{
		start,
		{Epoch: tail.Epoch, Seq: tail.Seq - 1},
		{Epoch: tail.Epoch, Seq: tail.Seq + 1},
		{Epoch: tail.Epoch + 1, Seq: tail.Seq},
		{Epoch: tail.Epoch - 1, Seq: tail.Seq},
	} {
		for _, closing := range []eventlog.Closing{eventlog.StayOpen, eventlog.CloseAfter, eventlog.CloseOnly} {
			err := l.refused(record("c"), eventlog.AppendOptions{Expect: expect, Close: closing})
			l.wantConflict(err, tail)
		}
	}
	l.has(eventlog.Offset{}, "a", "b")
}

// triesAgain is what a producer does whose acknowledgement was lost.
func triesAgain(l *log) {
	start := l.state().Tail
	made := l.append(record("once"), eventlog.AppendOptions{Expect: start})
	err := l.refused(record("once"), eventlog.AppendOptions{Expect: start})
	l.wantConflict(err, made)
	l.append(record("next"), eventlog.AppendOptions{Expect: made})
	l.has(eventlog.Offset{}, "once", "next")
}

func endedContext(l *log) {
	l.add("a")
	ctx, cancel := context.WithCancel(l.Context())
	cancel()
	want := func(what string, err error) {
		l.Helper()
		if err != nil && !errors.Is(err, context.Canceled) {
			l.Errorf("%s with an ended context: %v, want nothing or the context's error", what, err)
		}
	}
	_, err := l.Read(ctx, eventlog.Offset{}, everything)
	want("Read", err)
	_, err = l.State(ctx)
	want("State", err)
	before := l.state().Tail
	offset, err := l.Append(ctx, record("b"), eventlog.AppendOptions{})
	want("Append", err)
	if err == nil && offset == before {
		l.Errorf("Append with an ended context has said nothing, and done nothing")
	}
}
