package logtest_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare/eventlog"
	"github.com/bare-go/bare/eventlog/logtest"
)

// wrongLogs are logs with a fault: a method that is set replaces the logs' own.
type wrongLogs struct {
	eventlog.Logs

	create func(context.Context, string, eventlog.CreateOptions) (eventlog.Log, error)
	open   func(context.Context, string) (eventlog.Log, error)
	update func(context.Context, string, uint64, []byte) (uint64, error)
	delete func(context.Context, string, uint64) error
}

func (w *wrongLogs) Create(ctx context.Context, name string, o eventlog.CreateOptions) (eventlog.Log, error) {
	if w.create != nil {
		return w.create(ctx, name, o)
	}
	return w.Logs.Create(ctx, name, o)
}

func (w *wrongLogs) Open(ctx context.Context, name string) (eventlog.Log, error) {
	if w.open != nil {
		return w.open(ctx, name)
	}
	return w.Logs.Open(ctx, name)
}

func (w *wrongLogs) Update(ctx context.Context, name string, revision uint64, attributes []byte) (uint64, error) {
	if w.update != nil {
		return w.update(ctx, name, revision, attributes)
	}
	return w.Logs.Update(ctx, name, revision, attributes)
}

func (w *wrongLogs) Delete(ctx context.Context, name string, revision uint64) error {
	if w.delete != nil {
		return w.delete(ctx, name, revision)
	}
	return w.Logs.Delete(ctx, name, revision)
}

// A logsFault makes logs wrong, and the case that it is named for notices.
type logsFault struct {
	name    string
	noticed string
	make    func(w *wrongLogs)
}

func TestTestLogs_notices_logs_that_are_wrong(t *testing.T) {
	faults := slices.Concat(createFaults(), updateFaults(), deleteFaults(), forkFaults())
	for _, fault := range faults {
		t.Run(fault.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				options := logtest.LogsOptions{
					Open: func(testing.TB) eventlog.Logs {
						w := &wrongLogs{Logs: eventlog.NewMemoryLogs(eventlog.MemoryOptions{RecordBytes: 2000})}
						fault.make(w)
						return w
					},
					TooLarge: 2001,
				}
				if !logtest.LogsFails(t, fault.noticed, options) {
					t.Errorf("the case %q has not noticed it", fault.noticed)
				}
				time.Sleep(time.Hour) // until all have ended
			})
		})
	}
	t.Run("each case notices something", func(t *testing.T) {
		for _, name := range logtest.LogsCases() {
			if !slices.ContainsFunc(faults, func(f logsFault) bool { return f.noticed == name }) {
				t.Errorf("there are no wrong logs for the case %q", name)
			}
		}
	})
}

// onCreate has the fault change what a log begins with.
func onCreate(change func(w *wrongLogs, name *string, o *eventlog.CreateOptions)) func(*wrongLogs) {
	return func(w *wrongLogs) {
		w.create = func(ctx context.Context, name string, o eventlog.CreateOptions) (eventlog.Log, error) {
			change(w, &name, &o)
			return w.Logs.Create(ctx, name, o)
		}
	}
}

// onCreated has the fault make each log wrong.
func onCreated(change func(w *wrongLogs, name string, log *wrong)) func(*wrongLogs) {
	return func(w *wrongLogs) {
		w.create = func(ctx context.Context, name string, o eventlog.CreateOptions) (eventlog.Log, error) {
			made, err := w.Logs.Create(ctx, name, o)
			log := &wrong{Log: made}
			change(w, name, log)
			return log, err
		}
	}
}

func createFaults() []logsFault {
	return []logsFault{
		{"logs that begin closed", "a log that is created is empty and open", onCreate(func(_ *wrongLogs, _ *string, o *eventlog.CreateOptions) {
			o.Closed = true
		})},
		{"a log for each who opens it", "whoever opens a name has the log that was created", func(w *wrongLogs) {
			w.open = func(ctx context.Context, name string) (eventlog.Log, error) {
				if _, err := w.Logs.Open(ctx, name); err != nil {
					return nil, err
				}
				return eventlog.NewMemory(eventlog.MemoryOptions{}), nil
			}
		}},
		{"names without case", "names are apart", onCreate(func(_ *wrongLogs, name *string, _ *eventlog.CreateOptions) {
			*name = strings.ToLower(*name)
		})},
		{"a name that is created again", "a name that is taken cannot be created", onCreate(func(w *wrongLogs, name *string, _ *eventlog.CreateOptions) {
			_ = w.Logs.Delete(context.Background(), *name, 0)
		})},
		{"attributes of who came second", "a name that is taken cannot be created", onCreate(func(w *wrongLogs, name *string, o *eventlog.CreateOptions) {
			_, _ = w.Logs.Update(context.Background(), *name, 0, o.Attributes)
		})},
		{"a name that is looked up too early", "of those who create one name, one does", onCreate(func(w *wrongLogs, name *string, _ *eventlog.CreateOptions) {
			if _, err := w.Logs.Open(context.Background(), *name); err == nil {
				return
			}
			time.Sleep(time.Nanosecond)
			_ = w.Logs.Delete(context.Background(), *name, 0)
		})},
		{"no first records", "a log begins with its records", onCreate(func(_ *wrongLogs, _ *string, o *eventlog.CreateOptions) { o.Records = nil })},
		{"no first state", "a log may begin closed", onCreate(func(_ *wrongLogs, _ *string, o *eventlog.CreateOptions) { o.Closed = false })},
		{"an ended context that is another error", "a context that has ended gives its error, or nothing", func(w *wrongLogs) {
			w.update = func(context.Context, string, uint64, []byte) (uint64, error) { return 0, errors.New("busy") }
		}},
		{"a log that is there before its records", "a log cannot begin with a record that is too large", func(w *wrongLogs) {
			w.create = func(ctx context.Context, name string, o eventlog.CreateOptions) (eventlog.Log, error) {
				log, err := w.Logs.Create(ctx, name, eventlog.CreateOptions{})
				for _, r := range o.Records {
					if err == nil {
						_, err = log.Append(ctx, r, eventlog.AppendOptions{})
					}
				}
				return log, err
			}
		}},
	}
}

func updateFaults() []logsFault {
	return []logsFault{
		{"attributes that stay", "attributes are what they were set to", func(w *wrongLogs) {
			w.update = func(ctx context.Context, name string, revision uint64, _ []byte) (uint64, error) {
				return w.Logs.Update(ctx, name, revision, []byte("one"))
			}
		}},
		{"revisions that are used again", "a revision is not used again under the name", func(w *wrongLogs) {
			var again atomic.Bool
			w.delete = func(ctx context.Context, name string, revision uint64) error {
				again.Store(true)
				return w.Logs.Delete(ctx, name, revision)
			}
			w.update = func(ctx context.Context, name string, revision uint64, attributes []byte) (uint64, error) {
				if again.Load() {
					revision = 0
				}
				return w.Logs.Update(ctx, name, revision, attributes)
			}
		}},
		{"a revision that nobody looks at", "an update expects a revision", func(w *wrongLogs) {
			w.update = func(ctx context.Context, name string, _ uint64, attributes []byte) (uint64, error) {
				return w.Logs.Update(ctx, name, 0, attributes)
			}
		}},
		{"a revision that is looked at too early", "of updates that expect one revision, one is made", func(w *wrongLogs) {
			w.update = func(ctx context.Context, name string, revision uint64, attributes []byte) (uint64, error) {
				log, err := w.Logs.Open(ctx, name)
				if err != nil {
					return 0, err
				}
				if state, err := log.State(ctx); err != nil || state.Revision != revision {
					return 0, errors.Join(err, eventlog.ErrRevision)
				}
				time.Sleep(time.Nanosecond)
				return w.Logs.Update(ctx, name, 0, attributes)
			}
		}},
		{"an update that creates", "there is no update without a log", func(w *wrongLogs) {
			w.update = func(ctx context.Context, name string, revision uint64, attributes []byte) (uint64, error) {
				_, _ = w.Logs.Create(ctx, name, eventlog.CreateOptions{})
				return w.Logs.Update(ctx, name, revision, attributes)
			}
		}},
	}
}

func deleteFaults() []logsFault {
	return []logsFault{
		{"a delete of nothing that is fine", "a log that is deleted is gone", func(w *wrongLogs) {
			w.delete = func(ctx context.Context, name string, revision uint64) error {
				if err := w.Logs.Delete(ctx, name, revision); !errors.Is(err, eventlog.ErrNotFound) {
					return err
				}
				return nil
			}
		}},
		{"a delete of any revision", "a delete expects a revision", func(w *wrongLogs) {
			w.delete = func(ctx context.Context, name string, _ uint64) error { return w.Logs.Delete(ctx, name, 0) }
		}},
		{"a log that is looked up by its name each time", "those who still have a deleted log are told", onCreated(func(w *wrongLogs, name string, log *wrong) {
			old := log.Log
			log.read = func(ctx context.Context, after eventlog.Offset, limit int) (eventlog.Page, error) {
				if found, err := w.Logs.Open(ctx, name); err == nil {
					return found.Read(ctx, after, limit)
				}
				return old.Read(ctx, after, limit)
			}
		})},
		{"a deletion that nobody is told of", "a watch is told of the deletion, and can be stopped after it", onCreated(func(_ *wrongLogs, _ string, log *wrong) {
			log.watch = func(changed func()) func() {
				return log.Log.Watch(func() {
					if _, err := log.State(context.Background()); err == nil {
						changed()
					}
				})
			}
		})},
		{"one epoch for all", "a name that is used again has another, greater epoch", onCreate(func(_ *wrongLogs, _ *string, o *eventlog.CreateOptions) {
			o.Start.Epoch = 1
		})},
		{"an append after a delete that has found nothing", "of a delete and appends, none is after the delete", onCreated(func(_ *wrongLogs, _ string, log *wrong) {
			onResult(func(_ *wrong, _ eventlog.AppendOptions, _ *eventlog.Offset, err *error) {
				if *err != nil {
					*err = eventlog.ErrNotFound
				}
			})(log)
			log.state = func(ctx context.Context) (eventlog.State, error) {
				state, err := log.Log.State(ctx)
				if err != nil {
					err = eventlog.ErrNotFound
				}
				return state, err
			}
		})},
	}
}

func forkFaults() []logsFault {
	return []logsFault{
		{"forks in an epoch of their own", "a fork counts on where it starts", onCreate(func(_ *wrongLogs, _ *string, o *eventlog.CreateOptions) {
			o.Start = eventlog.Offset{}
		})},
		{"forks that begin empty", "a fork may begin with records", onCreate(func(_ *wrongLogs, _ *string, o *eventlog.CreateOptions) {
			if !o.Start.IsZero() {
				o.Records = nil
			}
		})},
		{"a name that stays in its fork's epoch", "a name that was a fork's has a greater epoch when it is used again", func(w *wrongLogs) {
			var epoch uint64
			onCreate(func(_ *wrongLogs, name *string, o *eventlog.CreateOptions) {
				if *name != "fork" {
					return
				}
				epoch = max(epoch, o.Start.Epoch)
				o.Start.Epoch = epoch
			})(w)
		}},
	}
}
