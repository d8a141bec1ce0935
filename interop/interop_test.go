package interop

import (
	"bytes"
	"compress/gzip"
	"io"
	"log/slog"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/alexedwards/scs/v2/memstore"
	chi "github.com/go-chi/chi/v5/middleware"
	"github.com/klauspost/compress/gzhttp"
	"github.com/rs/cors"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

// A way is one of the two in which a middleware of net/http gets around a handler.
type way struct {
	name string
	put  func(app *bare.Application, middleware func(http.Handler) http.Handler)
}

func ways() []way {
	return []way{
		{"Wrap", (*bare.Application).Wrap},
		{"FromHTTPMiddleware", func(app *bare.Application, middleware func(http.Handler) http.Handler) {
			app.Middlewares = append(app.Middlewares, bare.FromHTTPMiddleware(middleware))
		}},
	}
}

// each runs a test for both ways over HTTP/1.1 and HTTP/2, in fake time.
func each(t *testing.T, test func(t *testing.T, protocol baretest.Protocol, put func(*bare.Application, func(http.Handler) http.Handler))) {
	t.Helper()
	for _, way := range ways() {
		for _, protocol := range []baretest.Protocol{baretest.HTTP1, baretest.HTTP2} {
			t.Run(way.name+" over "+protocol.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { test(t, protocol, way.put) })
			})
		}
	}
}

// event is smaller than what any compressor takes for worth its while.
const event = "data: tick\n\n"

// newApp streams an event a second at /events/{name}.
func newApp(t *testing.T) *bare.Application {
	t.Helper()
	app := bare.NewApplication()
	app.Logger = slog.New(slog.NewTextHandler(t.Output(), nil))
	app.OnHttpRequest(bare.Methods{"GET"}, "/events/{name}", func(request *bare.HttpRequest) bare.HttpResponse {
		return bare.HttpResponse{
			Headers: bare.Headers("content-type", "text/event-stream"),
			Body: func(yield func([]byte) bool) {
				for range request.Every(time.Second) {
					if !yield([]byte(event)) {
						return
					}
				}
			},
		}
	})
	return app
}

// newSessions has a store whose goroutine has ended: it would outlast the bubble.
func newSessions() *scs.SessionManager {
	sessions := scs.New()
	synctest.Wait() // the goroutine makes what stops it
	if store, ok := sessions.Store.(*memstore.MemStore); ok {
		store.StopCleanup()
	}
	return sessions
}

func newGzip(t *testing.T) func(http.Handler) http.Handler {
	t.Helper()
	wrap, err := gzhttp.NewWrapper()
	if err != nil {
		t.Fatal(err)
	}
	return func(next http.Handler) http.Handler { return wrap(next) }
}

// ask sends a request with headers, given as names and values in turn.
func ask(t *testing.T, server *baretest.Server, method, path string, headers ...string) *baretest.Stream {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Header = bare.Headers(headers...)
	return server.Do(request)
}

// A plainText reads a stream's body, decompressed as it comes.
type plainText struct {
	stream  *baretest.Stream
	pending bytes.Buffer
	gunzip  *gzip.Reader
}

// Read gives what has come.
func (p *plainText) Read(buffer []byte) (int, error) {
	if p.pending.Len() == 0 {
		p.pending.WriteString(p.stream.Next())
	}
	return p.pending.Read(buffer)
}

// ReadByte keeps gzip from reading ahead.
func (p *plainText) ReadByte() (byte, error) {
	var one [1]byte
	_, err := p.Read(one[:])
	return one[0], err
}

// next waits for n more bytes of the text.
func (p *plainText) next(n int) (string, error) {
	var from io.Reader = p
	if p.stream.Response.Header.Get("Content-Encoding") == "gzip" {
		if p.gunzip == nil {
			gunzip, err := gzip.NewReader(p)
			if err != nil {
				return "", err
			}
			p.gunzip = gunzip
		}
		from = p.gunzip
	}
	text := make([]byte, n)
	_, err := io.ReadFull(from, text)
	return string(text), err
}

func TestStreamsStayLive(t *testing.T) {
	for name, c := range map[string]struct {
		middleware func(t *testing.T) func(http.Handler) http.Handler
		compressed bool
	}{
		"rs/cors":  {func(*testing.T) func(http.Handler) http.Handler { return cors.Default().Handler }, false},
		"gzhttp":   {newGzip, true},
		"otelhttp": {func(*testing.T) func(http.Handler) http.Handler { return otelhttp.NewMiddleware("test") }, false},
		"scs":      {func(*testing.T) func(http.Handler) http.Handler { return newSessions().LoadAndSave }, false},
		"chi": {func(*testing.T) func(http.Handler) http.Handler {
			return func(next http.Handler) http.Handler {
				return chi.RequestID(chi.Recoverer(chi.Compress(5, "text/event-stream")(chi.NoCache(next))))
			}
		}, true},
		"all of them": {func(t *testing.T) func(http.Handler) http.Handler {
			t.Helper()
			compress, sessions := newGzip(t), newSessions()
			return func(next http.Handler) http.Handler {
				next = compress(chi.RequestID(chi.Recoverer(next)))
				return otelhttp.NewMiddleware("test")(cors.Default().Handler(sessions.LoadAndSave(next)))
			}
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, protocol baretest.Protocol, put func(*bare.Application, func(http.Handler) http.Handler)) {
				app := newApp(t)
				put(app, c.middleware(t))
				start := time.Now()
				stream := ask(t, baretest.Config{Protocol: protocol}.NewServer(t, app), "GET", "/events/x", "accept-encoding", "gzip", "origin", "https://elsewhere.example")
				text := &plainText{stream: stream}
				for i := range 3 {
					got, err := text.next(len(event))
					if late := time.Since(start) - time.Duration(i)*time.Second; got != event || err != nil || late > time.Millisecond {
						t.Errorf("%q came %v late (%v)", got, late, err)
					}
				}
				if got := stream.Response.Header.Get("Content-Encoding"); (got == "gzip") != c.compressed {
					t.Errorf("the encoding is %q", got)
				}
				stream.Close()
			})
		})
	}
}

func TestACompressedStreamEndsWhenTheServerStops(t *testing.T) {
	each(t, func(t *testing.T, protocol baretest.Protocol, put func(*bare.Application, func(http.Handler) http.Handler)) {
		app := newApp(t)
		put(app, newGzip(t))
		server := baretest.Config{Protocol: protocol}.NewServer(t, app)
		text := &plainText{stream: ask(t, server, "GET", "/events/x", "accept-encoding", "gzip")}
		if _, err := text.next(len(event)); err != nil {
			t.Fatal(err)
		}
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
		if _, err := text.next(1); err != io.EOF { //nolint:errorlint // a reader returns io.EOF itself
			t.Errorf("the compressed text ended with %v", err)
		}
	})
}
