package bare_test

import (
	"context"
	"errors"
	"io"
	"net/http"
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

// through has a handler inside a middleware of net/http, and keeps the ends of its
// responses.
func through(middleware foreignMiddleware, handler bare.HttpHandler) (app *bare.Application, log *logbook, ends func() []bare.End) {
	var mutex sync.Mutex
	var all []bare.End
	app, log = newApp(bare.Chain(handler, bare.FromHTTPMiddleware(middleware)))
	app.Middlewares = append(app.Middlewares, func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
		request.OnEnd(func(e bare.End) {
			mutex.Lock()
			defer mutex.Unlock()
			all = append(all, e)
		})
		return handler(request)
	})
	return app, log, func() []bare.End {
		mutex.Lock()
		defer mutex.Unlock()
		return slices.Clone(all)
	}
}

func same(next http.Handler) http.Handler { return next }

// careless loses what was not flushed when it sees a panic.
func careless(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := &hoarder{ResponseWriter: w}
		next.ServeHTTP(h, r)
		h.close()
	})
}

// swallow makes a plain answer of every panic, even of those that abort.
func swallow(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { _ = recover() }()
		next.ServeHTTP(w, r)
	})
}

func TestAFailureInsideAMiddlewareOfNetHTTPIsTheExchanges(t *testing.T) {
	t.Parallel()
	broken := errors.New("the disk is full")
	failing := func(chunks int, pause time.Duration) bare.HttpHandler {
		return func(request *bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{Body: bare.StreamWriter(func(yield func([]byte) bool) error {
				for range chunks {
					yield([]byte("half"))
				}
				request.Sleep(pause)
				return broken
			})}
		}
	}
	for name, c := range map[string]struct {
		handler bare.HttpHandler
		body    string
		status  int
		cut     bool
		err     error
		logged  string
	}{
		"a body that fails after a chunk":    {failing(1, time.Second), "half", 200, true, broken, "ERROR bare: the body failed method=POST route=/ error=the disk is full"},
		"a body that fails at once":          {failing(1, 0), "half", 200, true, broken, "ERROR bare: the body failed method=POST route=/ error=the disk is full"},
		"a body that fails before it begins": {failing(0, 0), "Internal Server Error", 500, false, broken, "ERROR bare: the body failed method=POST route=/ error=the disk is full"},
		"an error's response": {func(*bare.HttpRequest) bare.HttpResponse {
			return bare.ErrorResponse(broken)
		}, "Internal Server Error", 500, false, nil, "ERROR bare: the request failed method=POST route=/ error=the disk is full"},
		"a response that is refused": {func(*bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{Status: 99}
		}, "Internal Server Error", 500, false, nil, "ERROR bare: the response was refused method=POST route=/ error=bare: a response's status"},
		"a body that is too short": {func(*bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{Headers: bare.Headers("content-length", "9"), Body: bare.TextWriter("half")}
		}, "half", 200, true, bare.ErrContentLength, "ERROR bare: the body failed method=POST route=/ error=bare: the body does not"},
		"a body that panics": {func(*bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{Body: func(yield func([]byte) bool) {
				yield([]byte("half"))
				panic("oh")
			}}
		}, "half", 200, true, nil, "ERROR bare: the body panicked method=POST route=/ panic=oh"},
	} {
		for kind, middleware := range map[string]foreignMiddleware{"passed on": same, "held back": hoard(func(int) {}), "swallowed": swallow, "lost": careless} {
			t.Run(name+", "+kind, func(t *testing.T) {
				t.Parallel()
				eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
					app, log, ends := through(middleware, c.handler)
					server := serve(t, protocol, app)
					request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, http.NoBody)
					if err != nil {
						t.Fatal(err)
					}
					stream := server.Do(request)
					got := stream.Rest()
					if got != c.body || stream.Response.StatusCode != c.status || (stream.Err() != nil) != c.cut {
						t.Errorf("got %d %q (%v)", stream.Response.StatusCode, got, stream.Err())
					}
					synctest.Wait()
					end := ends()
					if len(end) != 1 || c.err != nil && !errors.Is(end[0].Err, c.err) || c.cut != (end[0].Err != nil && end[0].Status == 200) {
						t.Errorf("OnEnd was told %+v", end)
					}
					wantLogged(t, log, c.logged)
				})
			})
		}
	}
}

func TestAPanicIsAResponseToTheMiddlewaresAroundIt(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		var statuses []int
		app, log, ends := through(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Access-Control-Allow-Origin", "*")
				next.ServeHTTP(w, r)
			})
		}, bare.Chain(func(*bare.HttpRequest) bare.HttpResponse { panic("oh") },
			func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
				response := handler(request)
				statuses = append(statuses, response.Status)
				return response.WithHeader("x-inside", "yes")
			}))
		stream := serve(t, protocol, app).Get("/")
		if got := stream.Rest(); got != "Internal Server Error" || stream.Response.StatusCode != http.StatusInternalServerError {
			t.Errorf("got %s %q", stream.Response.Status, got)
		}
		header := stream.Response.Header
		if header.Get("Access-Control-Allow-Origin") != "*" || header.Get("X-Inside") != "yes" || !slices.Equal(statuses, []int{500}) {
			t.Errorf("the middlewares saw %v, and left %v", statuses, header)
		}
		if got := ends(); len(got) != 1 || got[0].Status != http.StatusInternalServerError || got[0].Err != nil {
			t.Errorf("OnEnd was told %+v", got)
		}
		wantLogged(t, log, "ERROR bare: the handler panicked method=GET route=/ panic=oh")
	})
}

func TestARefusalInsideAMiddlewareOfNetHTTPThatIsRefusedItselfIsPlain(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, log, ends := through(same, func(*bare.HttpRequest) bare.HttpResponse { return badHeader() })
		app.OnError = func(*bare.HttpRequest, error) bare.HttpResponse { return badHeader() }
		stream := serve(t, protocol, app).Get("/")
		if got := stream.Rest(); got != "Internal Server Error" || stream.Response.StatusCode != http.StatusInternalServerError || stream.Err() != nil {
			t.Errorf("got %s %q (%v)", stream.Response.Status, got, stream.Err())
		}
		if got := ends(); len(got) != 1 || got[0].Err != nil {
			t.Errorf("OnEnd was told %+v", got)
		}
		wantLogged(t, log, "ERROR bare: the response was refused", "ERROR bare: the response was refused")
	})
}

func TestAMiddlewareThatDropsItsContextIsAFault(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, log, _ := through(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				next.ServeHTTP(w, r.WithContext(context.Background())) //nolint:contextcheck // the fault
			})
		}, empty)
		if stream := serve(t, baretest.HTTP1, app).Get("/"); stream.Response.StatusCode != http.StatusInternalServerError {
			t.Errorf("got %s", stream.Response.Status)
		}
		wantLogged(t, log, "ERROR bare: the handler panicked method=GET route=/ panic=bare: FromHTTPMiddleware: the middleware has dropped")
	})
}

func TestTheBodyInsideWaitsForTheMiddlewaresOutside(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		var order []string
		app, _, _ := through(same, func(request *bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{Body: func(yield func([]byte) bool) {
				order = append(order, "body")
				request.Locals["body"] = true
				request.OnEnd(func(bare.End) { order = append(order, "end inside") })
				yield([]byte("body"))
			}}
		})
		app.Middlewares = append(app.Middlewares, func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
			response := handler(request)
			time.Sleep(time.Second)
			order = append(order, "outside")
			request.Locals["outside"] = true
			request.OnEnd(func(bare.End) { order = append(order, "end outside") })
			return response
		})
		if got := serve(t, protocol, app).Get("/").Rest(); got != "body" {
			t.Errorf("got %q", got)
		}
		synctest.Wait()
		if got := strings.Join(order, ", "); got != "outside, body, end outside, end inside" {
			t.Errorf("the order was %s", got)
		}
	})
}

func TestABodyInsideThatIsNotWantedIsNotRun(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		middleware foreignMiddleware
		method     string
		status     int
		around     bare.HttpMiddleware
	}{
		"for HEAD":                     {same, http.MethodHead, 0, nil},
		"for HEAD, with its head held": {hoard(func(int) {}), http.MethodHead, 0, nil},
		"for 304":                      {same, http.MethodGet, 304, nil},
		"for 304, with its head held":  {hoard(func(int) {}), http.MethodGet, 304, nil},
		"replaced outside": {middleware: same, method: http.MethodGet, around: func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
			response := handler(request)
			response.Body = bare.TextWriter("another")
			return response
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				app, _, _ := through(c.middleware, func(*bare.HttpRequest) bare.HttpResponse {
					return bare.HttpResponse{Status: c.status, Headers: bare.Headers("x-kind", "inside"), Body: func(func([]byte) bool) {
						t.Error("the body is run")
					}}
				})
				if c.around != nil {
					app.Middlewares = append(app.Middlewares, c.around)
				}
				server := serve(t, protocol, app)
				request, err := http.NewRequestWithContext(t.Context(), c.method, server.URL, http.NoBody)
				if err != nil {
					t.Fatal(err)
				}
				stream := server.Do(request)
				if stream.Rest(); stream.Err() != nil || stream.Response.Header.Get("X-Kind") != "inside" {
					t.Errorf("got %v (%v)", stream.Response, stream.Err())
				}
			})
		})
	}
}

func TestAMiddlewareSeesAFailureInsideAsAnAbort(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		var seen any
		app, _, _ := through(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				defer func() { seen = recover() }()
				next.ServeHTTP(w, r)
				t.Error("a response that has failed looks complete")
			})
		}, func(*bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{Body: bare.StreamWriter(func(func([]byte) bool) error { return io.ErrUnexpectedEOF })}
		})
		serve(t, protocol, app).Get("/").Rest()
		synctest.Wait()
		if seen != http.ErrAbortHandler { //nolint:errorlint // a panic's value
			t.Errorf("the middleware saw %v", seen)
		}
	})
}

// A refuser takes a few chunks.
type refuser struct {
	http.ResponseWriter

	room int
}

func (r *refuser) Write(p []byte) (int, error) {
	if r.room == 0 {
		return 0, errors.New("that is enough")
	}
	r.room--
	return r.ResponseWriter.Write(p)
}

func TestWhatAMiddlewareRefusesToWriteIsItsOwnAffair(t *testing.T) {
	t.Parallel()
	for room, want := range []string{"", "one;"} {
		eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
			taken, told := 0, false
			app, log, ends := through(behind(func(w http.ResponseWriter) http.ResponseWriter { return &refuser{w, room} }),
				func(request *bare.HttpRequest) bare.HttpResponse {
					return bare.HttpResponse{Body: func(yield func([]byte) bool) {
						for taken < 2 && yield([]byte("one;")) {
							taken++
						}
						told = request.Context().Err() != nil
					}}
				})
			if got := serve(t, protocol, app).Get("/").Rest(); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			synctest.Wait()
			if got := ends(); taken != room || !told || len(got) != 1 || got[0].Err != nil {
				t.Errorf("%d chunks were taken, and OnEnd was told %+v", taken, got)
			}
			wantLogged(t, log)
		})
	}
}

func TestNothingIsFlushedWhenTheMiddlewareHasReturned(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		var over func() bool
		late := false
		app, _, _ := through(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				h := &hoarder{ResponseWriter: w}
				defer func() {
					flushes := h.flushes
					time.Sleep(time.Second)
					late = h.flushes != flushes || !over()
				}()
				next.ServeHTTP(h, r)
			})
		}, func(request *bare.HttpRequest) bare.HttpResponse {
			ctx := request.Context()
			over = func() bool { return ctx.Err() != nil }
			return bare.HttpResponse{Body: func(yield func([]byte) bool) {
				yield([]byte("x"))
				runtime.Goexit()
			}}
		})
		wantCut(t, serve(t, protocol, app))
		synctest.Wait()
		if late {
			t.Error("the middleware's writer was flushed late, or the context goes on")
		}
	})
}

func TestAnEmptyResponseInsideHasItsLength(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _, _ := through(same, empty)
		if got := serve(t, protocol, app).Get("/").Response.ContentLength; got != 0 {
			t.Errorf("the length is %d", got)
		}
	})
}

func TestAStopEndsAStreamWhoseHeadAMiddlewareHoldsBack(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, log, ends := through(hoard(func(int) {}), func(request *bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{Body: func(func([]byte) bool) { request.Sleep(time.Hour) }}
		})
		server := serve(t, protocol, app)
		begun := make(chan struct{})
		go func() {
			defer close(begun)
			server.Get("/").Rest()
		}()
		time.Sleep(time.Second)
		start := time.Now()
		if err := server.Stop(); err != nil || time.Since(start) > 2*time.Second {
			t.Errorf("after %v the stop returned %v", time.Since(start), err)
		}
		<-begun
		if got := ends(); len(got) != 1 || !errors.Is(got[0].Err, bare.ErrShutdown) {
			t.Errorf("OnEnd was told %+v", got)
		}
		wantLogged(t, log)
	})
}
