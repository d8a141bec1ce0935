package logtest_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bare-go/bare/eventlog"
)

// A fault makes a log wrong, and the case that it is named for notices.
type fault struct {
	name    string
	noticed string
	make    func(w *wrong)
}

func appendFaults() []fault {
	type (
		record  = eventlog.Record
		options = eventlog.AppendOptions
		offset  = eventlog.Offset
	)
	return []fault{
		{"a tail that is zero", "a new log is empty and open", func(w *wrong) {
			w.state = func(context.Context) (eventlog.State, error) { return eventlog.State{}, nil }
		}},
		{"an append that returns the tail before it", "an append returns the new tail", onResult(func(_ *wrong, _ options, at *offset, _ *error) { at.Seq-- })},
		{"no Meta", "a record is what was appended", onAppend(func(_ *wrong, r *record, _ *options) { r.Meta = nil })},
		{"no key", "a record is what was appended", onAppend(func(_ *wrong, r *record, _ *options) { r.Key = "" })},
		{"text that is mended", "a record is what was appended", onAppend(func(_ *wrong, r *record, _ *options) {
			r.Data = []byte(strings.ToValidUTF8(string(r.Data), "?"))
		})},
		{"no time", "the log sets a record's Seq and Time", onPage(func(_ *wrong, _ offset, page *eventlog.Page) {
			for i := range page.Records {
				page.Records[i].Time = time.Time{}
			}
		})},
		{"bytes that are not copied", "a record's bytes are the caller's again", func(w *wrong) {
			var kept []byte
			onAppend(func(_ *wrong, r *record, _ *options) { kept = r.Data })(w)
			onPage(func(_ *wrong, _ offset, page *eventlog.Page) { page.Records[0].Data = kept })(w)
		}},
		{"an expected tail that is never right", "an append at the expected tail is made", onAppend(func(_ *wrong, _ *record, o *options) {
			if !o.Expect.IsZero() {
				o.Expect.Seq += 7
			}
		})},
		{"a conflict that appends", "an append at another tail is a conflict", onAppend(func(_ *wrong, _ *record, o *options) { o.Expect = offset{} })},
		{"a conflict that appends, and says so", "an append at another tail is a conflict", onResult(func(w *wrong, o options, _ *offset, err *error) {
			if *err != nil {
				_, _ = w.Log.Append(context.Background(), record{}, options{Close: o.Close})
			}
		})},
		{"a conflict without a tail", "an append at another tail is a conflict", onResult(func(_ *wrong, _ options, _ *offset, err *error) {
			if *err != nil {
				*err = &eventlog.ConflictError{}
			}
		})},
		{"an expected beginning that expects nothing", "an append that is tried again is made once", onAppend(func(_ *wrong, _ *record, o *options) {
			if o.Expect.Seq == 0 {
				o.Expect = offset{}
			}
		})},
		{"an ended context that is another error", "a context that has ended gives its error, or nothing", onResult(func(_ *wrong, _ options, _ *offset, err *error) {
			if *err != nil {
				*err = errors.New("busy")
			}
		})},
	}
}

func readFaults() []fault {
	type (
		offset = eventlog.Offset
		page   = eventlog.Page
	)
	return []fault{
		{"a read that has its offset's record, too", "a read has what comes after its offset", onRead(func(_ *wrong, after *offset, _ *int) {
			if after.Seq > 0 {
				after.Seq--
			}
		})},
		{"a page that is one too long", "a page has as many records as have its bytes, and at least one", onRead(func(_ *wrong, _ *offset, limit *int) {
			*limit = max(*limit, *limit+1)
		})},
		{"a page that is empty when its first record is too large", "a page has as many records as have its bytes, and at least one", func(w *wrong) {
			w.read = func(ctx context.Context, after offset, limit int) (page, error) {
				p, err := w.Log.Read(ctx, after, limit)
				if len(p.Records) > 0 && p.Records[0].Size() > limit {
					return page{Next: after}, err
				}
				return p, err
			}
		}},
		{"a Next that is always the tail", "pages of any size join", onPage(func(w *wrong, _ offset, p *page) { p.Next = w.now().Tail })},
		{"an epoch that nobody looks at", "an offset of another epoch is a gap", onRead(func(w *wrong, after *offset, _ *int) {
			after.Epoch = w.now().Tail.Epoch
		})},
		{"a gap that never ends", "an offset of another epoch is a gap", onPage(func(_ *wrong, after offset, p *page) {
			if p.Gap && len(p.Records) == 0 {
				p.Next = after
			}
		})},
		{"an offset beyond the tail that waits for it", "an offset beyond the tail is a gap", onRead(func(w *wrong, after *offset, _ *int) {
			if tail := w.now().Tail; after.Epoch == tail.Epoch && after.Seq > tail.Seq {
				*after = tail
			}
		})},
		{"a page that is used again", "a page stays as it is", wipe},
		{"keys that supersede", "keys mean nothing in a log that is not compacted", func(w *wrong) {
			w.Log = eventlog.NewMemory(eventlog.MemoryOptions{Compact: true})
		}},
	}
}

func closeFaults() []fault {
	type (
		record  = eventlog.Record
		options = eventlog.AppendOptions
		offset  = eventlog.Offset
		page    = eventlog.Page
	)
	return []fault{
		{"no end", "a close with a record appends it, and closes", onPage(func(_ *wrong, _ offset, p *page) { p.End = nil })},
		{"a close that mints an offset", "a close alone keeps the tail", onAppend(func(_ *wrong, _ *record, o *options) {
			if o.Close == eventlog.CloseOnly {
				o.Close = eventlog.CloseAfter
			}
		})},
		{"an end that is not copied", "an empty log can be closed", func(w *wrong) {
			var kept []byte
			onAppend(func(_ *wrong, r *record, _ *options) { kept = r.Meta })(w)
			onPage(func(_ *wrong, _ offset, p *page) { p.End = kept })(w)
		}},
		{"a second close that changes nothing, and says so", "a closed log takes no appends, and no second close", onResult(func(_ *wrong, o options, _ *offset, err *error) {
			if o.Close == eventlog.CloseOnly && errors.Is(*err, eventlog.ErrClosed) {
				*err = nil
			}
		})},
		{"a closed state that comes before a conflict", "a conflict comes before the closed state", func(w *wrong) {
			w.append = func(ctx context.Context, r record, o options) (offset, error) {
				if w.at(ctx).Closed {
					return offset{}, eventlog.ErrClosed
				}
				return w.Log.Append(ctx, r, o)
			}
		}},
		{"every page closed", "only the page that reaches the tail is closed", onPage(func(w *wrong, _ offset, p *page) { p.Closed = w.now().Closed })},
		{"too large a record that is cut", "a record that is too large is refused", onAppend(func(_ *wrong, r *record, _ *options) {
			r.Data = r.Data[:min(len(r.Data), 2000)]
		})},
		{"a close alone that is too large", "a close alone uses nothing but Meta", func(w *wrong) {
			w.append = func(ctx context.Context, r record, o options) (offset, error) {
				if r.Size() > 2000 {
					return offset{}, eventlog.ErrTooLarge
				}
				return w.Log.Append(ctx, r, o)
			}
		}},
	}
}

func watchFaults() []fault {
	return []fault{
		{"a close that nobody is told of", "a watch is told of each append and of the close", func(w *wrong) {
			w.watch = func(changed func()) func() {
				return w.Log.Watch(func() {
					if !w.now().Closed {
						changed()
					}
				})
			}
		}},
		{"a watch that is told once", "a watch is told of each append and of the close", func(w *wrong) {
			w.watch = func(changed func()) func() { return w.Log.Watch(sync.OnceFunc(changed)) }
		}},
		{"a call that comes before the append", "a call of a watch finds what it reports", func(w *wrong) {
			var changes func()
			w.watch = func(changed func()) func() { changes = changed; return func() {} }
			onAppend(func(*wrong, *eventlog.Record, *eventlog.AppendOptions) { changes() })(w)
		}},
		{"a call with a lock held", "a call of a watch may use the log", func(w *wrong) {
			lock := make(slowLock, 1)
			w.append = func(ctx context.Context, r eventlog.Record, o eventlog.AppendOptions) (eventlog.Offset, error) {
				defer lock.lock()()
				return w.Log.Append(ctx, r, o)
			}
		}},
		{"a stop that does nothing", "a watch that is stopped is not called", func(w *wrong) {
			w.watch = func(changed func()) func() { w.Log.Watch(changed); return func() {} }
		}},
		{"a stop that waits for the call", "stop may be called again, and by the call itself", func(w *wrong) {
			w.watch = func(changed func()) func() {
				lock := make(slowLock, 1)
				stop := w.Log.Watch(func() { defer lock.lock()(); changed() })
				return func() { defer lock.lock()(); stop() }
			}
		}},
		{"a stop that stops all", "watches are apart", func(w *wrong) {
			var stopped atomic.Bool
			w.watch = func(changed func()) func() {
				w.Log.Watch(func() {
					if !stopped.Load() {
						changed()
					}
				})
				return func() { stopped.Store(true) }
			}
		}},
	}
}

func concurrentFaults() []fault {
	type (
		record  = eventlog.Record
		options = eventlog.AppendOptions
		offset  = eventlog.Offset
	)
	return []fault{
		{"an append that is lost", "appends from several goroutines are all there, in order", func(w *wrong) {
			var appends atomic.Int64
			w.append = func(ctx context.Context, r record, o options) (offset, error) {
				if appends.Add(1) == 100 {
					return w.at(ctx).Tail, nil
				}
				return w.Log.Append(ctx, r, o)
			}
		}},
		{"a tail that is looked at too early", "of appends that expect one tail, one is made", func(w *wrong) {
			w.append = func(ctx context.Context, r record, o options) (offset, error) {
				if tail := w.at(ctx).Tail; o.Expect != tail {
					return offset{}, &eventlog.ConflictError{Tail: tail}
				}
				time.Sleep(time.Nanosecond)
				_, err := w.Log.Append(ctx, r, options{})
				return w.at(ctx).Tail, err
			}
		}},
		{"a closed state that is looked at too early", "of a close and appends, none is after the close", func(w *wrong) {
			var closed atomic.Bool
			w.append = func(ctx context.Context, r record, o options) (offset, error) {
				if closed.Load() {
					return offset{}, eventlog.ErrClosed
				}
				if o.Close == eventlog.CloseOnly {
					time.Sleep(10 * time.Nanosecond)
					closed.Store(true)
					return w.at(ctx).Tail, nil
				}
				time.Sleep(time.Nanosecond)
				return w.Log.Append(ctx, r, o)
			}
		}},
		{"a Next that is looked at too late", "reads while it is appended to join", func(w *wrong) {
			onAppend(func(*wrong, *record, *options) { time.Sleep(time.Nanosecond) })(w)
			onPage(func(w *wrong, _ offset, page *eventlog.Page) {
				time.Sleep(time.Nanosecond)
				page.Next = w.now().Tail
			})(w)
		}},
	}
}

func retentionFaults() []fault {
	type (
		record  = eventlog.Record
		options = eventlog.AppendOptions
		offset  = eventlog.Offset
		page    = eventlog.Page
	)
	return []fault{
		{"gaps that do not say what is lost", "what is lost is a gap, and only that", onPage(func(_ *wrong, _ offset, p *page) { p.First = offset{} })},
		{"gaps that are not announced", "what is lost is a gap, and only that", onPage(func(_ *wrong, _ offset, p *page) { p.Gap = false })},
		{"a gap for whoever has all that is left", "what is lost is a gap, and only that", onPage(func(w *wrong, after offset, p *page) {
			p.Gap = after.Compare(w.now().First) <= 0
		})},
		{"a tail that is counted", "the tail stays whatever is lost", onAppend(func(w *wrong, _ *record, o *options) {
			if w.now().First.Seq > 0 {
				o.Expect.Seq = min(o.Expect.Seq, 100)
			}
		})},
		{"a page whose records are lost", "a page stays as it is, though its records are lost", wipe},
		{"no compaction", "an append supersedes the one before it with its key", func(w *wrong) {
			w.Log = eventlog.NewMemory(eventlog.MemoryOptions{})
		}},
		{"a key that is empty", "records without a key supersede nothing", func(w *wrong) {
			onAppend(func(_ *wrong, r *record, _ *options) { r.Key = "key " + r.Key })(w)
			onPage(func(_ *wrong, _ offset, p *page) {
				for i := range p.Records {
					p.Records[i].Key = strings.TrimPrefix(p.Records[i].Key, "key ")
				}
			})(w)
		}},
		{"a gap where something was superseded", "what is superseded is no gap, wherever a read begins", onPage(func(_ *wrong, after offset, p *page) {
			p.Gap = len(p.Records) > 0 && p.Records[0].Seq != after.Seq+1
		})},
		{"a record that is skipped as if it were superseded", "the last record of each key always arrives", onPage(func(w *wrong, _ offset, p *page) {
			p.Next = w.now().Tail
		})},
		{"a page whose records are superseded", "a page stays as it is, though its records are superseded", wipe},
	}
}
