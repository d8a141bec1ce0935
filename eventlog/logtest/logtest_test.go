package logtest_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare/eventlog"
	"github.com/bare-go/bare/eventlog/logtest"
)

// A wrong is a log with a fault: a method that is set replaces the log's own.
type wrong struct {
	eventlog.Log

	append func(context.Context, eventlog.Record, eventlog.AppendOptions) (eventlog.Offset, error)
	read   func(context.Context, eventlog.Offset, int) (eventlog.Page, error)
	state  func(context.Context) (eventlog.State, error)
	watch  func(func()) func()
}

func (w *wrong) Append(ctx context.Context, r eventlog.Record, o eventlog.AppendOptions) (eventlog.Offset, error) {
	if w.append != nil {
		return w.append(ctx, r, o)
	}
	return w.Log.Append(ctx, r, o)
}

func (w *wrong) Read(ctx context.Context, after eventlog.Offset, limit int) (eventlog.Page, error) {
	if w.read != nil {
		return w.read(ctx, after, limit)
	}
	return w.Log.Read(ctx, after, limit)
}

func (w *wrong) State(ctx context.Context) (eventlog.State, error) {
	if w.state != nil {
		return w.state(ctx)
	}
	return w.Log.State(ctx)
}

func (w *wrong) Watch(changed func()) func() {
	if w.watch != nil {
		return w.watch(changed)
	}
	return w.Log.Watch(changed)
}

// onAppend has the fault change what is appended.
func onAppend(change func(w *wrong, r *eventlog.Record, o *eventlog.AppendOptions)) func(*wrong) {
	return func(w *wrong) {
		w.append = func(ctx context.Context, r eventlog.Record, o eventlog.AppendOptions) (eventlog.Offset, error) {
			change(w, &r, &o)
			return w.Log.Append(ctx, r, o)
		}
	}
}

// onResult has the fault change what an append returns.
func onResult(change func(w *wrong, o eventlog.AppendOptions, at *eventlog.Offset, err *error)) func(*wrong) {
	return func(w *wrong) {
		w.append = func(ctx context.Context, r eventlog.Record, o eventlog.AppendOptions) (eventlog.Offset, error) {
			at, err := w.Log.Append(ctx, r, o)
			change(w, o, &at, &err)
			return at, err
		}
	}
}

// onPage has the fault change what is read.
func onPage(change func(w *wrong, after eventlog.Offset, page *eventlog.Page)) func(*wrong) {
	return func(w *wrong) {
		w.read = func(ctx context.Context, after eventlog.Offset, limit int) (eventlog.Page, error) {
			page, err := w.Log.Read(ctx, after, limit)
			change(w, after, &page)
			return page, err
		}
	}
}

// onRead has the fault change what is read from.
func onRead(change func(w *wrong, after *eventlog.Offset, limit *int)) func(*wrong) {
	return func(w *wrong) {
		w.read = func(ctx context.Context, after eventlog.Offset, limit int) (eventlog.Page, error) {
			change(w, &after, &limit)
			return w.Log.Read(ctx, after, limit)
		}
	}
}

func (w *wrong) now() eventlog.State { return w.at(context.Background()) }

func (w *wrong) at(ctx context.Context) eventlog.State {
	state, err := w.Log.State(ctx)
	if err != nil {
		panic(err)
	}
	return state
}

// wipe has the fault use a page's memory again.
func wipe(w *wrong) {
	var handed []eventlog.Record
	onPage(func(_ *wrong, _ eventlog.Offset, page *eventlog.Page) {
		page.Records = slices.Clone(page.Records)
		handed = page.Records
	})(w)
	onAppend(func(*wrong, *eventlog.Record, *eventlog.AppendOptions) { clear(handed) })(w)
}

// A slowLock is one that a deadlock does not hold for ever.
type slowLock chan struct{}

func (l slowLock) lock() (unlock func()) {
	select {
	case l <- struct{}{}:
		return func() { <-l }
	case <-time.After(time.Hour):
		return func() {}
	}
}

func TestTest_notices_a_log_that_is_wrong(t *testing.T) {
	faults := slices.Concat(appendFaults(), readFaults(), closeFaults(), watchFaults(), concurrentFaults(), retentionFaults())
	for _, fault := range faults {
		t.Run(fault.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // patience costs nothing
				open := func(options eventlog.MemoryOptions) func(testing.TB) eventlog.Log {
					return func(testing.TB) eventlog.Log {
						w := &wrong{Log: eventlog.NewMemory(options)}
						fault.make(w)
						return w
					}
				}
				options := logtest.LogOptions{
					Open:      open(eventlog.MemoryOptions{RecordBytes: 2000}),
					Trimmed:   open(eventlog.MemoryOptions{Records: 100}),
					Compacted: open(eventlog.MemoryOptions{Compact: true}),
					TooLarge:  2001,
				}
				if !logtest.LogFails(t, fault.noticed, options) {
					t.Errorf("the case %q has not noticed it", fault.noticed)
				}
				time.Sleep(24 * time.Hour) // until slow locks have given up
			})
		})
	}
	t.Run("each case notices something", func(t *testing.T) {
		for _, name := range logtest.LogCases() {
			if !slices.ContainsFunc(faults, func(f fault) bool { return f.noticed == name }) {
				t.Errorf("there is no wrong log for the case %q", name)
			}
		}
	})
}
