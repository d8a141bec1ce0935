package bare_test

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

func TestNothingIsWatchedThatHasEnded(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := bodyOf(func(_ *bare.HttpRequest, yield func([]byte) bool) {
			yield([]byte("x"))
			time.Sleep(time.Millisecond) // just as the clock finds it due
		})
		server := serve(t, protocol, app)
		var clients sync.WaitGroup
		for range 20 {
			clients.Go(func() {
				for range 100 {
					server.Get("/").Rest()
				}
			})
		}
		clients.Wait()
		synctest.Wait()
		if got := bare.Watched(app); got != 0 {
			t.Errorf("%d of 2000 exchanges are watched for ever", got)
		}
	})
}

func TestTheWatchEndsAnOperationOrComesTooLate(t *testing.T) {
	t.Parallel()
	var w bare.Wait
	first := w.Begin()
	if _, stuck := w.Stuck(0, time.Second); stuck {
		t.Error("an operation is stuck at first sight")
	}
	if operation, stuck := w.Stuck(time.Second, time.Second); !stuck || operation != first {
		t.Error("an operation that lasts is not stuck")
	}
	if !w.End() {
		t.Error("an operation that nobody ended was ended")
	}
	second := w.Begin()
	if w.Expire(first) || w.Stalled() {
		t.Error("the next operation was ended in the place of the first")
	}
	if _, stuck := w.Stuck(2*time.Second, time.Second); stuck {
		t.Error("an operation is stuck as the one before it was")
	}
	if !w.Expire(second) || !w.Stalled() {
		t.Error("an operation under way was not ended")
	}
	if w.End() {
		t.Error("an operation that the watch has ended was in time")
	}
	if w.Expire(second) {
		t.Error("an operation was ended twice")
	}
	if _, stuck := w.Stuck(9*time.Second, time.Second); stuck {
		t.Error("nothing is under way, and is stuck")
	}
}

func TestStreamsThatAreNearlyDueAreFlushedTogether(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			begun, err := time.ParseDuration(request.Query().Get("at"))
			if err != nil {
				t.Error(err)
			}
			time.Sleep(begun)
			return bare.HttpResponse{Body: func(yield func([]byte) bool) {
				_ = yield([]byte("x")) && request.Sleep(time.Hour)
			}}
		})
		server := serve(t, protocol, app)
		// Over HTTP/2 the connection is there, and the clock has been at rest.
		server.Get("/?at=0s").Close()
		time.Sleep(time.Second)
		start := time.Now()
		var clients sync.WaitGroup
		for at, want := range map[string]time.Duration{
			"0s": time.Millisecond, "250us": time.Millisecond, "260us": 1260 * time.Microsecond,
		} {
			clients.Go(func() {
				stream := server.Get("/?at=" + at)
				if got := stream.Next(); got != "x" || time.Since(start) != want {
					t.Errorf("what began at %s came after %v, want %v", at, time.Since(start), want)
				}
				stream.Close()
			})
		}
		clients.Wait()
	})
}

func TestAWatchThatWasAtRestBeginsAgain(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			_, err := request.Text()
			return bare.ErrorResponse(err)
		})
		server := serve(t, protocol, app)
		for range 3 {
			reader, writer := io.Pipe()
			start := time.Now()
			stream := post(t, server, "", io.MultiReader(strings.NewReader("begun"), reader))
			if took := time.Since(start); stream.Response.StatusCode != http.StatusRequestTimeout || took > bare.DefaultStallTimeout {
				t.Errorf("after %v got %s", took, stream.Response.Status)
			}
			_ = writer.Close()
			stream.Close()
			time.Sleep(time.Minute)
		}
	})
}

// builtRouter is a router that wants to be built.
type builtRouter struct {
	bare.HttpRouter

	built int
}

func (r *builtRouter) Build() { r.built++ }

func TestARouterIsBuiltWhenTheApplicationStarts(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, _ := newApp(empty)
		router := &builtRouter{HttpRouter: app.HttpRouter}
		app.HttpRouter = router
		server := serve(t, baretest.HTTP1, app)
		if router.built != 1 {
			t.Errorf("it was built %d times before the first request", router.built)
		}
		server.Get("/").Rest()
		if router.built != 1 {
			t.Errorf("it was built %d times", router.built)
		}
	})
}
