package browsertest

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/sse"
)

// watchSource opens an EventSource, and writes down what its listeners are told: an
// event with its text and id, or an error with the state in which it leaves the source.
const watchSource = `
	window.told = []
	window.source = new EventSource("events")
	for (const type of ["open", "message", "step", "done", "failed", "error"]) {
		source.addEventListener(type, (event) => {
			window.told.push(event instanceof MessageEvent
				? type + " " + JSON.stringify(event.data) + " " + event.lastEventId
				: type + (type === "error" ? " " + source.readyState : ""))
		})
	}
	true`

// serveEvents has a tab watch a stream, over HTTP/1.1 or HTTP/2, and returns what it
// is told.
func serveEvents(t *testing.T, overTLS bool, handler bare.HttpHandler) (told func() []string) {
	t.Helper()
	tab, _ := newTab(t)
	app := newApp("/events", handler)
	app.Logger = slog.New(slog.DiscardHandler) // the failures are on purpose
	server, scheme := bare.Server{Addr: "127.0.0.1:0"}, "http"
	if overTLS {
		server.TLSConfig, scheme = newTLSConfig(t), "https"
	}
	addr, _ := serve(t, app, server)
	do(t, tab, chromedp.Navigate(scheme+"://"+addr+"/"))
	evaluate[bool](t, tab, watchSource)
	return func() []string { return evaluate[[]string](t, tab, "told") }
}

// wantTold waits until the page was told of something, and fails the test unless it
// was all of want, in this order.
func wantTold(t *testing.T, told func() []string, want ...string) {
	t.Helper()
	var got []string
	eventually(t, "the page is told of "+strings.Join(want, ", "), func() bool {
		got = told()
		return len(got) >= len(want)
	})
	if got = got[:len(want)]; !slices.Equal(got, want) {
		t.Errorf("the page was told %q, want %q", got, want)
	}
}

func eachScheme(t *testing.T, test func(t *testing.T, overTLS bool)) {
	t.Helper()
	for name, overTLS := range map[string]bool{"over HTTP/1.1": false, "over HTTP/2": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, overTLS)
		})
	}
}

func TestAPageIsToldOfAFailureBeforeTheCut(t *testing.T) {
	t.Parallel()
	eachScheme(t, func(t *testing.T, overTLS bool) {
		told := serveEvents(t, overTLS, func(request *bare.HttpRequest) bare.HttpResponse {
			last := sse.LastEventID(request)
			return sse.StreamResponse(request, func(yield func(sse.Event) bool) error {
				yield(sse.Event{ID: "7", Type: "step", Data: []byte("after " + last)})
				return errors.New("on purpose")
			}, sse.Options{Retry: 100 * time.Millisecond})
		})
		wantTold(t, told,
			"open", `step "after " 7`, `failed "Internal Server Error" 7`, "error 0",
			"open", `step "after 7" 7`, `failed "Internal Server Error" 7`, "error 0")
	})
}

func TestAStreamThatIsDoneIsNotAskedForAThirdTime(t *testing.T) {
	t.Parallel()
	eachScheme(t, func(t *testing.T, overTLS bool) {
		var requests, runs atomic.Int32
		told := serveEvents(t, overTLS, func(request *bare.HttpRequest) bare.HttpResponse {
			requests.Add(1)
			return sse.StreamResponse(request, func(yield func(sse.Event) bool) error {
				runs.Add(1)
				yield(sse.Event{ID: "7", Type: "step", Data: []byte("a")})
				return nil
			}, sse.Options{Retry: 100 * time.Millisecond})
		})
		wantTold(t, told, "open", `step "a" 7`, `done "" done`, "error 0", "error 2")
		if requests.Load() != 2 || runs.Load() != 1 {
			t.Errorf("%d requests and %d runs, want 2 and 1", requests.Load(), runs.Load())
		}
	})
}

func TestAPageSeesNoCommentsThatKeepItAlive(t *testing.T) {
	t.Parallel()
	told := serveEvents(t, false, func(request *bare.HttpRequest) bare.HttpResponse {
		var chunks atomic.Int32
		response := sse.Response(request, func(yield func(sse.Event) bool) {
			for chunks.Load() < 10 && request.Sleep(time.Millisecond) {
			}
			yield(sse.Event{Data: fmt.Append(nil, chunks.Load() >= 10)})
			<-request.Context().Done()
		}, sse.Options{KeepAlive: 10 * time.Millisecond})
		body := response.Body
		response.Body = func(yield func([]byte) bool) {
			body(func(chunk []byte) bool {
				chunks.Add(1)
				return yield(chunk)
			})
		}
		return response
	})
	wantTold(t, told, "open", `message "true" `)
}

func TestABrowserReadsWhatAnEventSays(t *testing.T) {
	t.Parallel()
	told := serveEvents(t, false, func(request *bare.HttpRequest) bare.HttpResponse {
		return sse.Response(request, func(yield func(sse.Event) bool) {
			for _, event := range []sse.Event{
				{Data: []byte("one\r\ntwo\rthree\n\n <b>")},
				{Data: []byte{}},           // dispatched with an empty text
				{Type: "step"},             // as well
				{ID: "8"},                  // not dispatched, but the id counts
				{Comment: "data: nothing"}, // not dispatched
				{Retry: time.Second},       // not dispatched
				{Type: "message", ID: "9", Data: []byte("\ufeffé")},
				{Type: "error", Data: []byte("an event, and no error of the source")},
			} {
				yield(event)
			}
			<-request.Context().Done()
		}, sse.Options{})
	})
	wantTold(t, told, "open", `message "one\ntwo\nthree\n\n <b>" `, `message "" `, `step "" `,
		`message "`+"\ufeffé"+`" 9`, `error "an event, and no error of the source" 9`)
}
