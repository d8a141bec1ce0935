package baretest_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

// A trial is a test that may fail: it keeps what it was told.
type trial struct {
	testing.TB

	mutex    sync.Mutex
	failures []string
	cleanups []func()
}

func (*trial) Helper()             {}
func (r *trial) Cleanup(do func()) { r.cleanups = append(r.cleanups, do) }

func (r *trial) Errorf(format string, values ...any) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.failures = append(r.failures, fmt.Sprintf(format, values...))
}

func (r *trial) Fatalf(format string, values ...any) {
	r.Errorf(format, values...)
	runtime.Goexit()
}

// failures runs a test to its end, and returns what it reported.
func failures(t *testing.T, test func(tb testing.TB)) []string {
	t.Helper()
	r := &trial{TB: t}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		test(r)
	}()
	<-ended
	for _, do := range slices.Backward(r.cleanups) {
		do()
	}
	return r.failures
}

func TestAServerReportsItsFailuresToTheTest(t *testing.T) {
	t.Parallel()
	broken := func(context.Context) error { return errors.New("broken") }
	tests := []struct {
		name string
		try  func(tb testing.TB, app *bare.Application)
		want string // the beginning of the only failure; "" means none
	}{
		{"a start that fails", func(tb testing.TB, app *bare.Application) {
			app.OnStartup(broken)
			baretest.NewServer(tb, app)
		}, "baretest: the server did not start: "},
		{"a stop that fails", func(tb testing.TB, app *bare.Application) {
			app.OnShutdown(broken)
			baretest.NewServer(tb, app)
		}, "baretest: the server did not stop cleanly: "},
		{"a stop whose failure was asked for", func(tb testing.TB, app *bare.Application) {
			app.OnShutdown(broken)
			server := baretest.NewServer(tb, app)
			if first, second := server.Stop(), server.Stop(); first == nil || second != nil {
				tb.Errorf("Stop returned %v and then %v", first, second)
			}
		}, ""},
		{"a connection to a server that has stopped", func(tb testing.TB, app *bare.Application) {
			server := baretest.NewServer(tb, app)
			if err := server.Stop(); err != nil {
				tb.Errorf("%v", err)
			}
			server.Dial()
		}, "baretest: connection refused"},
		{"a request to a server that has stopped", func(tb testing.TB, app *bare.Application) {
			server := baretest.NewServer(tb, app)
			if err := server.Stop(); err != nil {
				tb.Errorf("%v", err)
			}
			server.Get("/")
		}, "baretest: Get \"http://in.memory/\": "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				got := failures(t, func(tb testing.TB) { test.try(tb, bare.NewApplication()) })
				if test.want == "" && len(got) == 0 {
					return
				}
				if len(got) != 1 || test.want == "" || !strings.HasPrefix(got[0], test.want) {
					t.Errorf("the test reported %q, want %q", got, test.want)
				}
			})
		})
	}
}

func TestAStreamTellsItsTwoEndsApart(t *testing.T) {
	t.Parallel()
	for _, protocol := range baretest.Protocols() {
		t.Run(protocol.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				app := bare.NewApplication()
				var failure error
				app.OnHttpRequest(bare.Methods{"GET"}, "/", func(request *bare.HttpRequest) bare.HttpResponse {
					return bare.HttpResponse{Body: bare.StreamWriter(func(yield func([]byte) bool) error {
						_ = yield([]byte("a")) && request.Sleep(time.Hour) && yield([]byte("b"))
						return failure
					})}
				})
				server := baretest.Config{Protocol: protocol}.NewServer(t, app)
				whole := server.Get("/")
				if first, rest, after := whole.Next(), whole.Rest(), whole.Next(); first != "a" || rest != "b" || after != "" || whole.Err() != nil {
					t.Errorf("got %q, %q and %q (%v)", first, rest, after, whole.Err())
				}
				failure = context.Canceled
				cut := server.Get("/")
				if got := cut.Rest(); got != "ab" || cut.Err() == nil {
					t.Errorf("a stream that was cut: got %q (%v)", got, cut.Err())
				}
			})
		})
	}
}

func TestChunksAreCopiesAndTheBodyIsStoppedAfterThem(t *testing.T) {
	t.Parallel()
	stopped := false
	body := func(yield func([]byte) bool) {
		chunk := []byte("a")
		for yield(chunk) {
			chunk[0]++
		}
		stopped = true
	}
	if got := strings.Join(baretest.Chunks(body, 3), " "); got != "a b c" || !stopped {
		t.Errorf("got %q, stopped: %t", got, stopped)
	}
	if got := baretest.Chunks(nil, -1); len(got) != 0 {
		t.Errorf("no body has the chunks %q", got)
	}
	if got := baretest.Chunks(func(func([]byte) bool) { t.Error("the body was run") }, 0); len(got) != 0 {
		t.Errorf("no chunks are %q", got)
	}
}
