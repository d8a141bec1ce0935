package browsertest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/bare-go/bare"
)

// startReading reads a stream until stop.abort, and keeps what the loop saw.
const startReading = `
	window.stop = new AbortController()
	window.ended = false
	read("events", "stream", {signal: stop.signal, retry: 600000}).then(() => { ended = true })
	true`

func TestAStopEndsAStreamThatWaits(t *testing.T) {
	t.Parallel()
	silent := func(text string) bare.HttpHandler {
		return func(request *bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{
				Headers: bare.Headers("content-type", "text/event-stream"),
				Body: func(yield func([]byte) bool) {
					if yield([]byte(text)) {
						<-request.Context().Done()
					}
				},
			}
		}
	}
	tests := []struct {
		name    string
		handler bare.HttpHandler
		waits   string // true when the stream is where it is to be stopped
		want    []string
	}{
		{
			"for the next event", silent("id: 1\ndata: a\n\n"),
			"seen.length === 1",
			[]string{"1 message a", "over"},
		},
		{
			"for the head", func(request *bare.HttpRequest) bare.HttpResponse {
				<-request.Context().Done()
				return bare.TextResponse(503, "The client has left.")
			},
			"true",
			[]string{"over"},
		},
		{
			"for the text of an error", func(request *bare.HttpRequest) bare.HttpResponse {
				response := silent("no")(request)
				response.Status = 503
				return response
			},
			"true",
			[]string{"over"},
		},
		{
			"to connect again", text(503, "no"),
			"seen.length === 1",
			[]string{"again after ", "over"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			tab, _ := newTab(t)
			var begun, left atomic.Int32
			addr, _ := serve(t, newModuleApp("/stream", func(request *bare.HttpRequest) bare.HttpResponse {
				begun.Add(1)
				request.OnEnd(func(bare.End) { left.Add(1) })
				return test.handler(request)
			}), bare.Server{Addr: "127.0.0.1:0"})
			openModulePage(t, tab, "http://"+addr)
			evaluate[bool](t, tab, startReading)
			eventually(t, "the stream waits", func() bool {
				return begun.Load() == 1 && evaluate[bool](t, tab, test.waits)
			})
			if evaluate[bool](t, tab, "ended") {
				t.Error("the loop ended before it was stopped")
			}
			evaluate[bool](t, tab, "stop.abort(), true")
			eventually(t, "the loop is over", func() bool { return evaluate[bool](t, tab, "ended") })
			if got := evaluate[[]string](t, tab, "seen"); !slices.Equal(got, test.want) {
				t.Errorf("the loop saw %q, want %q", got, test.want)
			}
			eventually(t, "the server sees the client leave", func() bool { return left.Load() == 1 })
		})
	}
}

func TestALoopThatIsLeftEndsTheRequest(t *testing.T) {
	t.Parallel()
	const three = "data: 1\n\ndata: 2\n\ndata: 3\n\n"
	tests := []struct{ name, script, want string }{
		{"by break", `for await (const { data } of events("stream")) { seen += data; break }`, "1"},
		{"by an exception", `try {
			for await (const { data } of events("stream")) { seen += data; throw new Error("!") }
		} catch (error) { seen += error.message }`, "1!"},
		{"by a stop within", `const stop = new AbortController()
			for await (const { data } of events("stream", { signal: stop.signal })) { seen += data; stop.abort() }`, "1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			tab, _ := newTab(t)
			ended := make(chan error, 2)
			addr, _ := serve(t, newModuleApp("/stream", func(request *bare.HttpRequest) bare.HttpResponse {
				request.OnEnd(func(end bare.End) { ended <- end.Err })
				return bare.HttpResponse{
					Headers: bare.Headers("content-type", "text/event-stream"),
					Body: func(yield func([]byte) bool) {
						if yield([]byte(three)) {
							<-request.Context().Done()
						}
					},
				}
			}), bare.Server{Addr: "127.0.0.1:0"})
			do(t, tab, chromedp.Navigate("http://"+addr+"/"))
			got := evaluate[string](t, tab, `(async () => {
				const { events } = await import("/streams.js")
				let seen = ""
				`+test.script+`
				return seen
			})()`)
			if got != test.want {
				t.Errorf("the loop saw %q, want %q", got, test.want)
			}
			select {
			case err := <-ended:
				if !errors.Is(err, bare.ErrClientGone) {
					t.Errorf("the stream ended with %v", err)
				}
			case <-time.After(patience):
				t.Error("the request goes on")
			}
		})
	}
}

func TestAStreamThatIsStoppedBeforehandMakesNoRequest(t *testing.T) {
	t.Parallel()
	tab, _ := newTab(t)
	server := &replay{responses: []bare.HttpHandler{noContent}}
	addr, _ := serve(t, newModuleApp("/stream", server.handle), bare.Server{Addr: "127.0.0.1:0"})
	openModulePage(t, tab, "http://"+addr)
	for _, kind := range []string{"events", "records", "lines"} {
		got := evaluate[[]string](t, tab, `read("`+kind+`", "stream", {signal: AbortSignal.abort()})`)
		if !slices.Equal(got, []string{"over"}) || len(server.heard()) > 0 {
			t.Errorf("%s: the loop saw %q, and the server got %q", kind, got, server.heard())
		}
	}
}

func TestAStopInOnretryIsHeard(t *testing.T) {
	t.Parallel()
	tab, _ := newTab(t)
	server := &replay{responses: []bare.HttpHandler{text(503, "no")}}
	addr, _ := serve(t, newModuleApp("/stream", server.handle), bare.Server{Addr: "127.0.0.1:0"})
	openModulePage(t, tab, "http://"+addr)
	got := evaluate[[]string](t, tab, `(() => {
		const stop = new AbortController()
		return read("events", "stream", {signal: stop.signal, retry: 600000, onretry: () => stop.abort()})
	})()`)
	if !slices.Equal(got, []string{"over"}) || len(server.heard()) != 1 {
		t.Errorf("the loop saw %q, and the server got %q", got, server.heard())
	}
}

// hurry has a page's timers run a hundred times as fast once the loop has seen so
// many items, and no more: what comes from the network has its time.
const hurry = `{
	const real = setTimeout
	window.setTimeout = (callback, ms) => real(callback, seen.length === hurried ? ms / 100 : ms)
	true
}`

func TestASilentConnectionCountsAsDead(t *testing.T) {
	t.Parallel()
	// Nothing is sent on /head, not even the head; on the others one event, and no more.
	silent := func(request *bare.HttpRequest) bare.HttpResponse {
		path := request.Matches.String("path")
		if request.Query().Get("last-event-id") != "" {
			return bare.HttpResponse{Status: 204}
		}
		if path == "head" {
			<-request.Context().Done()
		}
		status := 200
		if path == "text" {
			status = 503
		}
		contentType, text := "text/event-stream", "id: 1\ndata: a\n\n"
		if path != "events" {
			contentType, text = "application/x-ndjson", `{"id":"1"}`+"\n"
		}
		return bare.HttpResponse{
			Status:  status,
			Headers: bare.Headers("content-type", contentType),
			Body: func(yield func([]byte) bool) {
				if yield([]byte(text)) {
					<-request.Context().Done()
				}
			},
		}
	}
	tests := []struct{ name, call, want string }{
		{"events", `read("events", "silent/events", {onretry})`, "1 message a; The connection broke: nothing came for 45000 ms; over"},
		{"records", `read("records", "silent/records", {onretry})`, `{"id":"1"}; The connection broke: nothing came for 45000 ms; over`},
		{"a limit of one's own", `read("events", "silent/events", {onretry, silence: 40000})`, "1 message a; The connection broke: nothing came for 40000 ms; over"},
		{"no head", `read("events", "silent/head", {onretry})`, "The connection broke: nothing came for 45000 ms; RangeError, , final, after undefined, "},
		{"half of an error", `read("events", "silent/text", {onretry})`, "The connection broke: nothing came for 45000 ms; RangeError, , final, after undefined, "},
		{"lines with a limit", `read("lines", "silent/lines", {silence: 40000})`, `{"id":"1"}; StreamError, , temporary, after , `},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			tab, _ := newTab(t)
			addr, _ := serve(t, newModuleApp("/silent/{path}", silent), bare.Server{Addr: "127.0.0.1:0"})
			openModulePage(t, tab, "http://"+addr)
			hurried := 1
			if strings.HasPrefix(test.want, "The connection broke") {
				hurried = 0
			}
			got := evaluate[[]string](t, tab, fmt.Sprintf("window.hurried = %d;", hurried)+hurry+`
				window.onretry = (error) => {
					seen.push(error.message)
					if (error.lastEventId === "") throw new RangeError()
				}
				`+test.call)
			if text := strings.Join(got, "; "); text != test.want {
				t.Errorf("the loop saw %s, want %s", text, test.want)
			}
		})
	}
}
