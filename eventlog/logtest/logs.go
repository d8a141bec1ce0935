package logtest

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/bare-go/bare/eventlog"
)

// logs are those that a case judges. Its methods fail the case on any error.
type logs struct {
	trial
	eventlog.Logs

	tooLarge int
}

func (l *logs) create(name string, options eventlog.CreateOptions) *log {
	l.Helper()
	made, err := l.Create(l.Context(), name, options)
	if err != nil {
		l.Fatalf("Create(%q): %v", name, err)
	}
	return &log{trial: l.trial, Log: made}
}

func (l *logs) open(name string) *log {
	l.Helper()
	found, err := l.Open(l.Context(), name)
	if err != nil {
		l.Fatalf("Open(%q): %v", name, err)
	}
	return &log{trial: l.trial, Log: found}
}

func (l *logs) delete(name string) {
	l.Helper()
	if err := l.Delete(l.Context(), name, 0); err != nil {
		l.Fatalf("Delete(%q): %v", name, err)
	}
}

// want fails unless an error is the one that is expected.
func (t *trial) want(what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want the error %q", what, err, want)
	}
}

// wantNone fails if there is a log of the name "log".
func (l *logs) wantNone() {
	l.Helper()
	_, err := l.Open(l.Context(), "log")
	l.want("Open", err, eventlog.ErrNotFound)
}

func createCases() []logsCase {
	return []logsCase{
		{"a log that is created is empty and open", func(l *logs) { isNew(l.create("log", eventlog.CreateOptions{})) }},
		{"whoever opens a name has the log that was created", opensTheSame},
		{"names are apart", namesApart},
		{"a name that is taken cannot be created", refusesTaken},
		{"of those who create one name, one does", racesToCreate},
		{"a log begins with its records", beginsWithRecords},
		{"a log may begin closed", beginsClosed},
		{"a context that has ended gives its error, or nothing", endedContextOfLogs},
	}
}

func opensTheSame(l *logs) {
	l.wantNone()
	made := l.create("log", eventlog.CreateOptions{})
	found := l.open("log")
	changed := newSignal()
	defer found.Watch(changed.send)()
	tail := made.add("a")[0]
	l.wantSignal(changed, "an append elsewhere")
	found.has(eventlog.Offset{}, "a")
	found.append(record("b"), eventlog.AppendOptions{Expect: tail, Close: eventlog.CloseAfter})
	made.has(eventlog.Offset{}, "a", "b")
	if !l.open("log").state().Closed {
		l.Error("a log is open again for those who open it")
	}
}

func namesApart(l *logs) {
	names := []string{"log", "LOG", "log/log", "log/", "..", "%2e", "*", ">", "a b", "ü", "u\u0308", "%", "'", strings.Repeat("x", 200)}
	for _, name := range names {
		l.create(name, eventlog.CreateOptions{}).add(name)
	}
	for _, name := range names {
		l.open(name).has(eventlog.Offset{}, name)
	}
	l.delete("log")
	for _, name := range names[1:] {
		l.open(name).has(eventlog.Offset{}, name)
	}
}

func refusesTaken(l *logs) {
	made := l.create("log", eventlog.CreateOptions{Attributes: []byte("first")})
	made.add("a")
	revision := made.state().Revision
	_, err := l.Create(l.Context(), "log", eventlog.CreateOptions{
		Attributes: []byte("second"), Records: []eventlog.Record{record("b")}, Closed: true,
	})
	l.want("Create of a name that is taken", err, eventlog.ErrExists)
	l.open("log").has(eventlog.Offset{}, "a")
	if state := l.open("log").state(); string(state.Attributes) != "first" || state.Closed || state.Revision != revision {
		l.Errorf("a failed Create has changed the log: %+v", state)
	}
}

func racesToCreate(l *logs) {
	var mu sync.Mutex
	var group sync.WaitGroup
	made := 0
	for range 4 {
		group.Go(func() {
			_, err := l.Create(l.Context(), "log", eventlog.CreateOptions{})
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				made++
			} else if !errors.Is(err, eventlog.ErrExists) {
				l.Errorf("Create: %v", err)
			}
		})
	}
	group.Wait()
	if made != 1 {
		l.Errorf("%d have created the log, want 1", made)
	}
}

func beginsWithRecords(l *logs) {
	data := []byte("a")
	made := l.create("log", eventlog.CreateOptions{Records: []eventlog.Record{
		{Key: "k", Meta: []byte("meta"), Data: data},
		{Data: []byte("b")},
	}})
	clear(data)
	made.has(eventlog.Offset{}, "k=a", "b")
	page := made.whole(2)
	first := page.Records[0]
	if string(first.Meta) != "meta" || first.Time.IsZero() {
		l.Errorf("the first record is %+v", first)
	}
	if state := made.state(); state.Tail != page.Next || state.Tail.Seq != page.Records[1].Seq {
		l.Errorf("the tail is %v, and Next %v", state.Tail, page.Next)
	}
	made.add("c")
	made.has(eventlog.Offset{}, "k=a", "b", "c")
}

func beginsClosed(l *logs) {
	end := []byte("end")
	empty := l.create("empty", eventlog.CreateOptions{Closed: true, End: end})
	full := l.create("full", eventlog.CreateOptions{Records: []eventlog.Record{record("a")}, Closed: true, End: end})
	clear(end)
	for _, made := range []*log{empty, full} {
		made.wantClosed(made.state().Tail)
		l.want("Append", made.refused(record("b"), eventlog.AppendOptions{}), eventlog.ErrClosed)
	}
	full.has(eventlog.Offset{}, "a")
}

func endedContextOfLogs(l *logs) {
	l.create("log", eventlog.CreateOptions{})
	ctx, cancel := context.WithCancel(l.Context())
	cancel()
	want := func(what string, err error) {
		l.Helper()
		if err != nil && !errors.Is(err, context.Canceled) {
			l.Errorf("%s with an ended context: %v, want nothing or the context's error", what, err)
		}
	}
	_, err := l.Create(ctx, "another", eventlog.CreateOptions{})
	want("Create", err)
	_, err = l.Open(ctx, "log")
	want("Open", err)
	_, err = l.Update(ctx, "log", 1, nil)
	want("Update", err)
	want("Delete", l.Delete(ctx, "log", 0))
}

func logsSizeCases() []logsCase {
	return []logsCase{{"a log cannot begin with a record that is too large", beginsTooLarge}}
}

func beginsTooLarge(l *logs) {
	_, err := l.Create(l.Context(), "log", eventlog.CreateOptions{Records: []eventlog.Record{
		record("a"),
		{Data: []byte(strings.Repeat("x", l.tooLarge))},
	}})
	l.want("Create", err, eventlog.ErrTooLarge)
	l.wantNone()
}
