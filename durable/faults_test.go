package durable_test

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/durable"
	"github.com/bare-go/bare/eventlog"
)

var errReach = errors.New("the logs are out of reach")

// faulty are logs of which one call fails, and which count their watches.
type faulty struct {
	eventlog.Logs

	calls   atomic.Int64 // until the one that fails
	watches atomic.Int64
	before  atomic.Pointer[func()] // what happens just before the next append
}

func newFaulty() *faulty {
	return &faulty{Logs: eventlog.NewMemoryLogs(eventlog.MemoryOptions{})}
}

// fails reports whether this call is the one.
func (f *faulty) fails() bool { return f.calls.Add(-1) == 0 }

func (f *faulty) Create(ctx context.Context, name string, options eventlog.CreateOptions) (eventlog.Log, error) {
	if f.fails() {
		return nil, errReach
	}
	log, err := f.Logs.Create(ctx, name, options)
	return &faultyLog{log, f}, err
}

func (f *faulty) Open(ctx context.Context, name string) (eventlog.Log, error) {
	if f.fails() {
		return nil, errReach
	}
	log, err := f.Logs.Open(ctx, name)
	return &faultyLog{log, f}, err
}

func (f *faulty) Update(ctx context.Context, name string, revision uint64, attributes []byte) (uint64, error) {
	if f.fails() {
		return 0, errReach
	}
	return f.Logs.Update(ctx, name, revision, attributes)
}

func (f *faulty) Delete(ctx context.Context, name string, revision uint64) error {
	if f.fails() {
		return errReach
	}
	return f.Logs.Delete(ctx, name, revision)
}

type faultyLog struct {
	eventlog.Log

	logs *faulty
}

func (l *faultyLog) Append(ctx context.Context, record eventlog.Record, options eventlog.AppendOptions) (eventlog.Offset, error) {
	if l.logs.fails() {
		return eventlog.Offset{}, errReach
	}
	if before := l.logs.before.Swap(nil); before != nil {
		(*before)()
	}
	return l.Log.Append(ctx, record, options)
}

func (l *faultyLog) Read(ctx context.Context, after eventlog.Offset, limit int) (eventlog.Page, error) {
	if l.logs.fails() {
		return eventlog.Page{}, errReach
	}
	return l.Log.Read(ctx, after, limit)
}

func (l *faultyLog) State(ctx context.Context) (eventlog.State, error) {
	if l.logs.fails() {
		return eventlog.State{}, errReach
	}
	return l.Log.State(ctx)
}

func (l *faultyLog) Watch(changed func()) (stop func()) {
	l.logs.watches.Add(1)
	stopLog := l.Log.Watch(changed)
	return func() {
		l.logs.watches.Add(-1)
		stopLog()
	}
}

// Whatever call to the logs fails, the client is told so, and the server goes on.
func TestLogsThatFailAreNoAnswer(t *testing.T) {
	t.Parallel()
	typed := []string{"Content-Type", "text/plain"}
	for _, test := range []struct {
		name, method, path, body string
		headers                  []string
	}{
		{"create", "PUT", "new", "x", typed},
		{"create again", "PUT", "s", "", typed},
		{"fork", "PUT", "other", "x", []string{"Stream-Forked-From", prefix + "/fork", "Stream-Fork-Offset", "0000000000000000_0000000000000000", "Stream-Fork-Sub-Offset", "1"}},
		{"append", "POST", "s", "x", typed},
		{"append once", "POST", "s", "x", append(produced("q", 0, 0), typed...)},
		{"close", "POST", "s", "", []string{"Stream-Closed", "true"}},
		{"close again", "POST", "closed", "", append(produced("p", 0, 0), "Stream-Closed", "true")},
		{"read", "GET", "fork", "", nil},
		{"poll", "GET", "fork?offset=-1&live=long-poll", "", nil},
		{"inspect", "HEAD", "s", "", nil},
		{"delete", "DELETE", "s", "", nil},
		{"delete a fork", "DELETE", "fork", "", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				for n := int64(1); ; n++ {
					logs := newFaulty()
					app := bare.NewApplication()
					app.Logger = slog.New(slog.DiscardHandler)
					durable.New(durable.Options{Logs: logs}).Register(app.Group(prefix))
					s := &server{baretest.NewServer(t, app), t}
					s.text("s", "abc", "def")
					s.forkOf("s", "fork", "", "ghi")
					s.text("closed")
					s.append("closed", "x", append(produced("p", 0, 0), "Stream-Closed", "true")...)

					logs.calls.Store(n)
					got := s.do(test.method, test.path, test.body, test.headers...)
					failed := logs.calls.Load() <= 0
					if failed != (got.status == 500) {
						t.Errorf("with call %d failing the answer is %d %q", n, got.status, got.body)
					}
					if !failed {
						return
					}
					s.want(200, "GET", "closed", "") // the server goes on
				}
			})
		})
	}
}

// Between the look at the log and the append, others may append: the producer's own
// request that was sent twice, too.
func TestAProducerLosesARace(t *testing.T) {
	t.Parallel()
	typed := []string{"Content-Type", "text/plain"}
	for name, test := range map[string]struct {
		rival  []string
		status int
		want   string
	}{
		"against somebody else":      {nil, 200, "ab"},
		"against itself":             {produced("p", 0, 0), 204, "a"},
		"against its next epoch":     {produced("p", 1, 0), 403, "a"},
		"against the end":            {[]string{"Stream-Closed", "true"}, 409, "a"},
		"against the end of its own": {append(produced("p", 0, 0), "Stream-Closed", "true"), 204, "a"},
	} {
		t.Run(name, func(t *testing.T) {
			logs := newFaulty()
			overHTTP1(t, durable.Options{Logs: logs}, func(t *testing.T, s *server) {
				s.text("s")
				other := serve(t, baretest.HTTP1, durable.Options{Logs: logs}) // another process
				rival := func() { other.append("s", "a", test.rival...) }
				logs.before.Store(&rival)
				s.want(test.status, "POST", "s", "b", append(produced("p", 0, 0), typed...)...)
				s.wantBody("s", test.want)
			})
		})
	}
}

// A live stream whose log fails does not look as if it had ended.
func TestALiveStreamOfALogThatFailsIsCut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		logs := newFaulty()
		app := bare.NewApplication()
		app.Logger = slog.New(slog.DiscardHandler)
		durable.New(durable.Options{Logs: logs}).Register(app.Group(prefix))
		s := &server{baretest.NewServer(t, app), t}
		s.text("s")
		stream := s.begin("GET", "s?offset=-1&live=sse", "")
		stream.Event()
		synctest.Wait()
		logs.calls.Store(4) // of the append: Open, State, Append; then the reader's Read
		s.append("s", "x")
		if rest := stream.Rest(); rest != "" || stream.Err() == nil {
			t.Errorf("the stream ends with %q, %v", rest, stream.Err())
		}
	})
}

// A deletion that fails has not taken place, for those who read live as well.
func TestADeletionThatFailsEndsNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		logs := newFaulty()
		app := bare.NewApplication()
		app.Logger = slog.New(slog.DiscardHandler)
		durable.New(durable.Options{Logs: logs}).Register(app.Group(prefix))
		s := &server{baretest.NewServer(t, app), t}
		s.text("source")
		s.forkOf("source", "fork", "", "")
		stream := s.begin("GET", "source?offset=-1&live=sse", "")
		stream.Event()
		synctest.Wait()
		logs.calls.Store(3) // of the deletion: Open, State, Update
		s.want(500, "DELETE", "source", "")
		s.append("source", "a")
		if got := stream.Event(); got != "event: data\ndata:a\n\n" {
			t.Errorf("the reader is sent %q, %v", got, stream.Err())
		}
	})
}

func TestNobodyWatchesALogThatNobodyReads(t *testing.T) {
	logs := newFaulty()
	overHTTP1(t, durable.Options{Logs: logs, LongPoll: time.Second, MaxSSE: time.Second}, func(t *testing.T, s *server) {
		tail := s.text("s", "a").next()
		stream := s.begin("GET", "s?offset=-1&live=sse", "")
		stream.Event()
		if got := logs.watches.Load(); got != 1 {
			t.Errorf("%d watch while somebody reads", got)
		}
		stream.Rest()
		s.want(204, "GET", "s?live=long-poll&offset="+tail, "")
		synctest.Wait()
		if got := logs.watches.Load(); got != 0 {
			t.Errorf("%d watch afterwards", got)
		}
	})
}

// meddling are logs in which something happens just before a change of attributes.
type meddling struct {
	*faulty

	before func()
}

func (m *meddling) Update(ctx context.Context, name string, revision uint64, attributes []byte) (uint64, error) {
	if before := m.before; before != nil {
		m.before = nil
		before()
	}
	return m.faulty.Update(ctx, name, revision, attributes)
}

func TestAForkAndADeletionOfItsSourceAtOnce(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		forks  bool // so that the source is only hidden
		again  bool // there is another stream under its name
		status int
	}{
		"the source is gone":            {false, false, 404},
		"the source is hidden":          {true, false, 409},
		"there is another one in place": {false, true, 404},
	} {
		t.Run(name, func(t *testing.T) {
			logs := &meddling{faulty: newFaulty()}
			overHTTP1(t, durable.Options{Logs: logs}, func(t *testing.T, s *server) {
				s.text("s", "a")
				if test.forks {
					s.forkOf("s", "first", "", "")
				}
				logs.before = func() {
					s.want(204, "DELETE", "s", "")
					if test.again {
						s.text("s", "b")
					}
				}
				s.want(test.status, "PUT", "fork", "", "Stream-Forked-From", prefix+"/s")
				s.want(404, "GET", "fork", "")
				if test.again { // and nothing has been counted for it
					s.want(204, "DELETE", "s", "")
					s.want(404, "GET", "s", "")
				}
			})
		})
	}
}

// Both forks of a source that are made at once are counted.
func TestTwoForksOfASourceAtOnce(t *testing.T) {
	logs := &meddling{faulty: newFaulty()}
	overHTTP1(t, durable.Options{Logs: logs}, func(t *testing.T, s *server) {
		s.text("source", "a")
		logs.before = func() { s.forkOf("source", "one", "", "") }
		s.forkOf("source", "other", "", "")
		s.want(204, "DELETE", "source", "")
		s.want(204, "DELETE", "other", "")
		s.want(410, "GET", "source", "") // it is there for the first one
		s.wantBody("one", "a")
		s.want(204, "DELETE", "one", "")
		s.want(404, "GET", "source", "")
	})
}
