package bare_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

// A foreignMiddleware is one that was written for net/http.
type foreignMiddleware func(http.Handler) http.Handler

// behind is a middleware of net/http that puts a writer of its own in between.
func behind(wrap func(w http.ResponseWriter) http.ResponseWriter) foreignMiddleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(wrap(w), r) })
	}
}

// A hoarder sends nothing before it is flushed or closed, as a compressor does.
type hoarder struct {
	http.ResponseWriter

	status  int
	hoard   bytes.Buffer
	flushes int
}

func (h *hoarder) WriteHeader(status int)      { h.status = status }
func (h *hoarder) Write(p []byte) (int, error) { return h.hoard.Write(p) }

func (h *hoarder) Flush() {
	if h.hoard.Len() == 0 {
		return
	}
	h.flushes++
	h.close()
	_ = http.NewResponseController(h.ResponseWriter).Flush()
}

func (h *hoarder) close() {
	if h.status != 0 {
		h.ResponseWriter.WriteHeader(h.status)
		h.status = 0
	}
	_, _ = h.hoard.WriteTo(h.ResponseWriter)
}

// hoard is the middleware of a hoarder. It tells how often it was flushed.
func hoard(flushed func(times int)) foreignMiddleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h := &hoarder{ResponseWriter: w}
			defer func() {
				h.close()
				flushed(h.flushes)
			}()
			next.ServeHTTP(h, r)
		})
	}
}

func TestAStreamStaysLiveInsideAMiddlewareOfNetHTTP(t *testing.T) {
	t.Parallel()
	for name, middleware := range map[string]foreignMiddleware{
		"one that passes the writer on":    func(next http.Handler) http.Handler { return next },
		"one whose flush is behind Unwrap": behind(func(w http.ResponseWriter) http.ResponseWriter { return hiddenFlush{bareWriter{w}} }),
		"one that holds everything back":   hoard(func(int) {}),
		"two, of which one holds all back": func(next http.Handler) http.Handler { return hoard(func(int) {})(hoard(func(int) {})(next)) },
		"one whose writer hides its flush": behind(func(w http.ResponseWriter) http.ResponseWriter { return bareWriter{w} }),
		"one that was made of two of ours": func(next http.Handler) http.Handler {
			return bare.NewApplication().ToHTTPHandler(bare.FromHTTPHandler(next))
		},
	} {
		for kind, wait := range map[string]time.Duration{"text/event-stream": 0, "text/plain": time.Millisecond} {
			t.Run(name+", "+kind, func(t *testing.T) {
				t.Parallel()
				eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
					app, log := newApp(bare.Chain(func(request *bare.HttpRequest) bare.HttpResponse {
						return bare.HttpResponse{Headers: bare.Headers("content-type", kind), Body: func(yield func([]byte) bool) {
							for range request.Every(time.Second) {
								if !yield([]byte("tick;")) {
									return
								}
							}
						}}
					}, bare.FromHTTPMiddleware(middleware)))
					start := time.Now()
					stream := serve(t, protocol, app).Get("/")
					for i := range 3 {
						late := wait
						if i > 0 || strings.HasSuffix(name, "hides its flush") {
							late = time.Millisecond // at most
						}
						if got, took := stream.Next(), time.Since(start)-time.Duration(i)*time.Second; got != "tick;" || took > late {
							t.Errorf("%q came %v late", got, took)
						}
					}
					stream.Close()
					wantLogged(t, log)
				})
			})
		}
	}
}

func TestChunksThatComeFastShareAFlushOfTheMiddleware(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		chunks int
		pause  time.Duration
		most   int
	}{
		"all at once":       {1000, 0, 0},
		"ten a millisecond": {100, 100 * time.Microsecond, 11},
		"one a second":      {5, time.Second, 5},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				flushes := -1
				app, _ := newApp(bare.Chain(func(request *bare.HttpRequest) bare.HttpResponse {
					return bare.HttpResponse{Body: func(yield func([]byte) bool) {
						for range c.chunks {
							if !yield([]byte("x")) || !request.Sleep(c.pause) {
								return
							}
						}
					}}
				}, bare.FromHTTPMiddleware(hoard(func(times int) { flushes = times }))))
				got := serve(t, protocol, app).Get("/").Rest()
				synctest.Wait()
				if len(got) != c.chunks || flushes > c.most || flushes < min(c.most, 5) {
					t.Errorf("%d chunks had %d flushes", len(got), flushes)
				}
			})
		})
	}
}

func TestAMiddlewareOfNetHTTPAnswersItself(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		var seen bare.HttpResponse
		app, log := newApp(func(*bare.HttpRequest) bare.HttpResponse {
			t.Error("the handler has run")
			return bare.HttpResponse{}
		})
		app.Middlewares = append(app.Middlewares,
			func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
				seen = handler(request)
				return seen
			},
			bare.FromHTTPMiddleware(func(http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("WWW-Authenticate", "Bearer")
					http.Error(w, "who are you?", http.StatusUnauthorized)
				})
			}))
		stream := serve(t, protocol, app).Get("/")
		if got := stream.Rest(); stream.Response.StatusCode != http.StatusUnauthorized || got != "who are you?\n" || stream.Response.Header.Get("WWW-Authenticate") != "Bearer" {
			t.Errorf("got %s %q %v", stream.Response.Status, got, stream.Response.Header)
		}
		if seen.Status != 401 || seen.Headers.Get("Www-Authenticate") != "Bearer" {
			t.Errorf("the middleware outside saw %d %v", seen.Status, seen.Headers)
		}
		wantLogged(t, log)
	})
}

func TestTheHeadersInsideJoinThoseOfTheMiddleware(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		var seen bare.HttpResponse
		app, _ := newApp(bare.Chain(func(*bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{
				Status:  201,
				Headers: bare.Headers("vary", "Accept", "set-cookie", "b=2", "cache-control", "no-store"),
				Body:    bare.TextWriter("made"),
			}
		}, func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
			seen = handler(request)
			return seen
		}, bare.FromHTTPMiddleware(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Add("Vary", "Origin")
				w.Header().Add("Set-Cookie", "a=1")
				w.Header().Set("Cache-Control", "public")
				next.ServeHTTP(w, r)
			})
		})))
		stream := serve(t, protocol, app).Get("/")
		if got := stream.Rest(); got != "made" || stream.Response.StatusCode != http.StatusCreated {
			t.Errorf("got %s %q", stream.Response.Status, got)
		}
		for name, want := range map[string]string{"Vary": "Origin;Accept", "Set-Cookie": "a=1;b=2", "Cache-Control": "no-store", "Content-Type": ""} {
			if got := strings.Join(stream.Response.Header[name], ";"); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
		if _, guarded := seen.Headers["Content-Type"]; seen.Status != 201 || seen.Headers.Get("Cache-Control") != "no-store" || guarded {
			t.Errorf("the middleware outside saw %d %v", seen.Status, seen.Headers)
		}
	})
}

type visitorKey struct{}

func TestTheHandlerInsideSeesTheRequestAsTheMiddlewareHasChangedIt(t *testing.T) {
	t.Parallel()
	read := map[string]func(request *bare.HttpRequest) (string, error){
		"as text": (*bare.HttpRequest).Text,
		"as a reader": func(request *bare.HttpRequest) (string, error) {
			text, err := io.ReadAll(request.Reader())
			return string(text), err
		},
		"from the scope": func(request *bare.HttpRequest) (string, error) {
			text, err := io.ReadAll(request.Scope.Body)
			return string(text), err
		},
	}
	for name, read := range read {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				app, log := newApp(empty)
				app.Info.Set("name", "shop")
				app.Middlewares = append(app.Middlewares, func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
					request.Locals["outside"] = true
					response := handler(request)
					if request.Locals["inside"] != true {
						t.Error("what the handler has left in Locals is lost")
					}
					return response
				}, bare.FromHTTPMiddleware(change))
				app.OnHttpRequest(bare.Methods{"POST"}, "/orders/{id:int}", func(request *bare.HttpRequest) bare.HttpResponse {
					request.Locals["inside"] = true
					scope := request.Scope
					if scope.Header.Get("X-Added") != "yes" || scope.RemoteAddr != "192.0.2.1:7" || request.URL().Path != "/changed" {
						t.Errorf("got %v %s %s", scope.Header, scope.RemoteAddr, request.URL())
					}
					if request.Context().Value(visitorKey{}) != "ann" || scope.Context().Value(visitorKey{}) != "ann" {
						t.Error("the context is another")
					}
					if request.Matches.Int("id") != 7 || request.Info.Get("name") != "shop" || request.Locals["outside"] != true {
						t.Errorf("got %v %v", request.Matches, request.Locals)
					}
					text, err := read(request)
					if err != nil {
						return bare.ErrorResponse(err)
					}
					if _, again := request.Bytes(); !errors.Is(again, bare.ErrBodyConsumed) {
						t.Errorf("a second reader got %v", again)
					}
					return bare.TextResponse(200, text)
				})
				server := serve(t, protocol, app)
				for body, want := range map[string]string{"aloud": "ALOUD", strings.Repeat("x", 100): "Request Entity Too Large"} {
					request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/orders/7", strings.NewReader(body))
					if err != nil {
						t.Fatal(err)
					}
					if got := server.Do(request).Rest(); got != want {
						t.Errorf("got %q, want %q", got, want)
					}
				}
				wantLogged(t, log)
			})
		})
	}
}

func TestABodyThatAMiddlewareHasReplacedHasTheApplicationsLimits(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body io.ReadCloser
		want string
	}{
		"larger than the limit": {io.NopCloser(strings.NewReader(strings.Repeat("x", 11))), "Request Entity Too Large"},
		"as large as the limit": {io.NopCloser(strings.NewReader(strings.Repeat("x", 10))), "xxxxxxxxxx"},
		"none":                  {http.NoBody, ""},
		"nil":                   {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			overHTTP1(t, func(t *testing.T) {
				app, log := newApp(bare.Chain(func(request *bare.HttpRequest) bare.HttpResponse {
					text, err := request.Text()
					if err != nil {
						return bare.ErrorResponse(err)
					}
					return bare.TextResponse(200, text)
				}, bare.FromHTTPMiddleware(func(next http.Handler) http.Handler {
					return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						r.Body, r.ContentLength = c.body, -1
						next.ServeHTTP(w, r)
					})
				})))
				app.BodyLimit = 10
				server := serve(t, baretest.HTTP1, app)
				request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, strings.NewReader("small"))
				if err != nil {
					t.Fatal(err)
				}
				if got := server.Do(request).Rest(); got != c.want {
					t.Errorf("got %q, want %q", got, c.want)
				}
				wantLogged(t, log)
			})
		})
	}
}

// upper is a request's body in capitals.
type upper struct{ io.ReadCloser }

func (u upper) Read(p []byte) (int, error) {
	n, err := u.ReadCloser.Read(p)
	copy(p, bytes.ToUpper(p[:n]))
	return n, err
}

// change changes what it can of a request.
func change(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = r.Clone(context.WithValue(r.Context(), visitorKey{}, "ann"))
		r.Header.Set("X-Added", "yes")
		r.URL.Path, r.RemoteAddr = "/changed", "192.0.2.1:7"
		r.Body = upper{http.MaxBytesReader(w, r.Body, 10)}
		next.ServeHTTP(w, r)
	})
}

func TestAMiddlewareOfNetHTTPNeedsNoServer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		handler := bare.Chain(func(*bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{Body: bare.TextWriter("hello"), Pushes: []bare.PushResponse{{Path: "/a.css"}}}
		}, bare.FromHTTPMiddleware(hoard(func(int) {})))
		response := handler(baretest.NewRequest("GET", "/", nil))
		if got := baretest.Chunks(response.Body, -1); response.Status != 200 || strings.Join(got, "") != "hello" || len(response.Pushes) != 1 {
			t.Errorf("got %+v with the body %q", response, got)
		}
		unread := baretest.NewRequest("GET", "/", nil)
		handler(unread)
		unread.Finish(bare.End{}) // leaves nothing behind
		failed := bare.Chain(func(*bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{Body: bare.StreamWriter(func(func([]byte) bool) error { return io.ErrUnexpectedEOF })}
		}, bare.FromHTTPMiddleware(same))(baretest.NewRequest("GET", "/", nil))
		if err := bare.RunBody(failed.Body, func([]byte) bool { return true }); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("the body failed with %v", err)
		}
	})
}
