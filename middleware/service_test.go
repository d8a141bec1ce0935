package middleware_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

// eachProtocol runs a test over every protocol, in a bubble of fake time.
func eachProtocol(t *testing.T, test func(t *testing.T, protocol baretest.Protocol)) {
	t.Helper()
	for _, protocol := range baretest.Protocols() {
		t.Run(protocol.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { test(t, protocol) })
		})
	}
}

// A log is written by the server and read by the test.
type log struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.Write(p)
}

// lines are the records so far, without the time of day.
func (l *log) lines() []string {
	synctest.Wait() // the server, too, has finished
	l.mutex.Lock()
	defer l.mutex.Unlock()
	text := strings.TrimSpace(l.text.String())
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

func (l *log) handler() slog.Handler {
	return slog.NewTextHandler(l, &slog.HandlerOptions{ReplaceAttr: func(_ []string, attr slog.Attr) slog.Attr {
		switch {
		case attr.Key == slog.TimeKey:
			return slog.Attr{}
		case attr.Value.Kind() == slog.KindDuration: // without the nanosecond that a bubble's flush takes
			return slog.Duration(attr.Key, attr.Value.Duration().Round(time.Millisecond))
		}
		return attr
	}})
}

// newApp has a text at /hello, a stream of a line a second at /ticks, and at /echo what
// it was sent, all inside the middlewares.
func newApp(log *log, middlewares ...bare.HttpMiddleware) *bare.Application {
	app := bare.NewApplication()
	app.Logger = slog.New(log.handler())
	app.Middlewares = middlewares
	app.HttpRouter.Add(bare.Methods{"GET", "POST"}, "/hello", func(*bare.HttpRequest) bare.HttpResponse {
		return bare.TextResponse(200, "Hello, World!\n")
	})
	app.HttpRouter.Add(bare.Methods{"GET", "POST"}, "/ticks/{n:int}", ticks)
	app.HttpRouter.Add(bare.Methods{"POST"}, "/echo", func(request *bare.HttpRequest) bare.HttpResponse {
		text, err := request.Text()
		if err != nil {
			return bare.ErrorResponse(err)
		}
		return bare.TextResponse(200, text)
	})
	return app
}

func ticks(request *bare.HttpRequest) bare.HttpResponse {
	return bare.HttpResponse{Body: func(yield func([]byte) bool) {
		for n := range request.Matches.Int("n") {
			if !request.Sleep(time.Second) || !yield(fmt.Appendln(nil, n)) {
				return
			}
		}
	}}
}

// from has requests come from the address that their header X-Peer names: connections in
// memory have none. It is outside of everything else.
func from(app *bare.Application) *bare.Application {
	app.Wrap(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			peer := *r
			if addr := r.Header.Get("X-Peer"); addr != "" {
				peer.RemoteAddr = addr
			}
			next.ServeHTTP(w, &peer)
		})
	})
	return app
}

// do sends a request without a body, with pairs of header names and values. A name Host
// is the host that is asked for.
func do(t *testing.T, server *baretest.Server, method, path string, headers ...string) *baretest.Stream {
	t.Helper()
	return server.Do(newRequest(t, method, server.URL+path, nil, headers...))
}

func newRequest(t *testing.T, method, address string, body io.Reader, headers ...string) *http.Request {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, address, body)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			request.Host = headers[i+1]
			continue
		}
		request.Header.Add(headers[i], headers[i+1])
	}
	return request
}

// wantPanic fails the test unless do panics with a text that begins so.
func wantPanic(t *testing.T, beginning string, do func()) {
	t.Helper()
	defer func() {
		t.Helper()
		if text, _ := recover().(string); !strings.HasPrefix(text, beginning) {
			t.Errorf("it panicked with %q, want %q", text, beginning)
		}
	}()
	do()
}
