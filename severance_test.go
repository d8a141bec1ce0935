package bare_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

var errKicked = errors.New("kicked")

// A cuttable is an application whose handler hands its request out, and whose
// responses report their ends.
type cuttable struct {
	app      *bare.Application
	log      *logbook
	requests chan *bare.HttpRequest
	ends     chan bare.End
}

func newCuttable(handler bare.HttpHandler) *cuttable {
	c := &cuttable{requests: make(chan *bare.HttpRequest, 1), ends: make(chan bare.End, 1)}
	c.app, c.log = newApp(func(request *bare.HttpRequest) bare.HttpResponse {
		request.OnEnd(func(end bare.End) { c.ends <- end })
		c.requests <- request
		return handler(request)
	})
	return c
}

// wantEnd waits for the end of the response, which a cut must be the reason of.
func (c *cuttable) wantEnd(t *testing.T, reason error) bare.End {
	t.Helper()
	end := <-c.ends
	if !errors.Is(end.Err, reason) {
		t.Errorf("OnEnd was told %+v, want %v", end, reason)
	}
	return end
}

func body(run func(yield func([]byte) bool)) bare.HttpResponse { return bare.HttpResponse{Body: run} }

func TestACutFromOutsideEndsAResponseHoweverItsBodyReturns(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		respond func(request *bare.HttpRequest) bare.HttpResponse
		logged  []string
	}{
		"as if it were complete": {func(request *bare.HttpRequest) bare.HttpResponse {
			return body(func(yield func([]byte) bool) { _ = yield([]byte("half")) && request.Sleep(time.Hour) })
		}, nil},
		"without having asked for its context": {func(*bare.HttpRequest) bare.HttpResponse {
			return body(func(yield func([]byte) bool) { yield([]byte("half")); time.Sleep(time.Second + 50*time.Millisecond) })
		}, nil},
		"when yield returns false": {func(*bare.HttpRequest) bare.HttpResponse {
			return body(func(yield func([]byte) bool) {
				for chunk := "half"; yield([]byte(chunk)); chunk = "" {
					time.Sleep(300 * time.Millisecond)
				}
			})
		}, nil},
		"with the cause of its context": {func(request *bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{Body: bare.StreamWriter(func(yield func([]byte) bool) error {
				yield([]byte("half"))
				<-request.Context().Done()
				return context.Cause(request.Context())
			})}
		}, nil},
		"with an error of its own": {func(request *bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{Body: bare.StreamWriter(func(yield func([]byte) bool) error {
				yield([]byte("half"))
				<-request.Context().Done()
				return errors.New("interrupted")
			})}
		}, nil},
		"with a panic": {func(request *bare.HttpRequest) bare.HttpResponse {
			return body(func(yield func([]byte) bool) {
				yield([]byte("half"))
				<-request.Context().Done()
				panic("oh")
			})
		}, []string{"ERROR bare: the body panicked"}},
		"with fewer bytes than declared": {func(request *bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{Headers: bare.Headers("content-length", "100"), Body: func(yield func([]byte) bool) {
				_ = yield([]byte("half")) && request.Sleep(time.Hour)
			}}
		}, nil},
		"as a handler of net/http": {bare.FromHTTPHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, "half")
			<-r.Context().Done()
		})), nil},
		"inside a middleware of net/http": {bare.Chain(func(request *bare.HttpRequest) bare.HttpResponse {
			return body(func(yield func([]byte) bool) { _ = yield([]byte("half")) && request.Sleep(time.Hour) })
		}, bare.FromHTTPMiddleware(func(next http.Handler) http.Handler { return next })), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				c := newCuttable(test.respond)
				stream := serve(t, protocol, c.app).Get("/")
				if got := stream.Next(); got != "half" {
					t.Fatalf("got %q", got)
				}
				request := <-c.requests
				time.Sleep(time.Second)
				start := time.Now()
				request.Cut(errKicked)
				request.Cut(errors.New("too late"))
				if got := stream.Rest(); got != "" || stream.Err() == nil {
					t.Errorf("then came %q (%v)", got, stream.Err())
				}
				if took := time.Since(start); took < 100*time.Millisecond || took > 200*time.Millisecond {
					t.Errorf("the client saw the cut after %v", took)
				}
				if end := c.wantEnd(t, errKicked); end.Bytes != 4 || end.Status != 200 {
					t.Errorf("OnEnd was told %+v", end)
				}
				if cause := context.Cause(request.Context()); !errors.Is(cause, errKicked) {
					t.Errorf("the cause of the context is %v", cause)
				}
				wantLogged(t, c.log, test.logged...)
			})
		})
	}
}

func TestACutFreesTheConnectionOfAClientThatDoesNotRead(t *testing.T) {
	t.Parallel()
	for name, stalling := range map[string]struct {
		size  int
		pause time.Duration
	}{
		"in a write": {32 << 10, 0},
		"in a flush": {700, 400 * time.Microsecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				c := newCuttable(func(*bare.HttpRequest) bare.HttpResponse {
					return body(func(yield func([]byte) bool) {
						for chunk := make([]byte, stalling.size); yield(chunk); {
							time.Sleep(stalling.pause) // it does not look at its context
						}
					})
				})
				serve(t, protocol, c.app).Get("/") // never read
				time.Sleep(2 * time.Second)
				start := time.Now()
				(<-c.requests).Cut(nil)
				if took := time.Since(start); took > 0 {
					t.Errorf("Cut took %v", took)
				}
				c.wantEnd(t, bare.ErrCut)
				if took := time.Since(start); took < 100*time.Millisecond || took > 101*time.Millisecond {
					t.Errorf("the write failed after %v", took)
				}
				wantLogged(t, c.log)
			})
		})
	}
}

func TestACutReachesTheClientWhateverDoesNotReturn(t *testing.T) {
	t.Parallel()
	forever := func() { time.Sleep(time.Hour) }
	for name, test := range map[string]struct {
		respond bare.HttpHandler
		onEnd   func()
		most    time.Duration
	}{
		"a handler": {func(*bare.HttpRequest) bare.HttpResponse { forever(); return bare.HttpResponse{} }, nil, 100 * time.Millisecond},
		"a body": {func(*bare.HttpRequest) bare.HttpResponse {
			return body(func(yield func([]byte) bool) { yield([]byte("x")); forever() })
		}, nil, 100 * time.Millisecond},
		"a handler of net/http that its middleware has left behind": {bare.FromHTTPHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "x")
			time.Sleep(time.Second)
			_, _ = io.WriteString(w, "y") // it learns that the response is over
			forever()
		})), nil, 200 * time.Millisecond},
		"a function given to OnEnd": {func(request *bare.HttpRequest) bare.HttpResponse {
			return body(func(yield func([]byte) bool) { _ = yield([]byte("x")) && request.Sleep(time.Hour) })
		}, forever, 200 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				requests := make(chan *bare.HttpRequest, 1)
				app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
					if test.onEnd != nil {
						request.OnEnd(func(bare.End) { test.onEnd() })
					}
					requests <- request
					return test.respond(request)
				})
				server := serve(t, protocol, app)
				request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, http.NoBody)
				if err != nil {
					t.Fatal(err)
				}
				gone := make(chan error, 1)
				go func() {
					response, err := server.Client().Do(request)
					if err == nil {
						_, err = io.ReadAll(response.Body)
						response.Body.Close()
					}
					gone <- err
				}()
				kept := <-requests
				time.Sleep(time.Second)
				start := time.Now()
				kept.Cut(errKicked)
				if err := <-gone; err == nil || time.Since(start) > test.most {
					t.Errorf("after %v the client saw %v", time.Since(start), err)
				}
				time.Sleep(2 * time.Hour)
			})
		})
	}
}

func TestACutEndsAHandlersWaitForTheRequestsBody(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		c := newCuttable(func(request *bare.HttpRequest) bare.HttpResponse {
			_, err := request.Bytes()
			return bare.ErrorResponse(err)
		})
		conn := serve(t, baretest.HTTP1, c.app).Dial()
		defer conn.Close()
		send(t, conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nbegun")
		(<-c.requests).Cut(errKicked)
		start := time.Now()
		if end := c.wantEnd(t, errKicked); end.Status != 0 || time.Since(start) != 100*time.Millisecond {
			t.Errorf("after %v OnEnd was told %+v", time.Since(start), end)
		}
		if got, err := io.ReadAll(conn); err == nil || len(got) > 0 {
			t.Errorf("got %q (%v)", got, err)
		}
		wantLogged(t, c.log)
	})
}

func TestAResponseThatIsCutBeforeItsHandlerReturnsIsNotStarted(t *testing.T) {
	t.Parallel()
	for name, respond := range map[string]func(request *bare.HttpRequest) bare.HttpResponse{
		"a body":                      func(*bare.HttpRequest) bare.HttpResponse { return bare.HttpResponse{Body: bare.TextWriter("hello")} },
		"no body":                     func(*bare.HttpRequest) bare.HttpResponse { return bare.HttpResponse{} },
		"a response that is refused":  func(*bare.HttpRequest) bare.HttpResponse { return bare.HttpResponse{Status: 1} },
		"the error that it was given": func(r *bare.HttpRequest) bare.HttpResponse { return bare.ErrorResponse(context.Cause(r.Context())) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				for _, method := range []string{http.MethodPost, http.MethodHead} {
					c := newCuttable(func(request *bare.HttpRequest) bare.HttpResponse {
						if request.Sleep(time.Hour) {
							t.Error("the context did not end")
						}
						return respond(request)
					})
					server := serve(t, protocol, c.app)
					request, err := http.NewRequestWithContext(t.Context(), method, server.URL, http.NoBody)
					if err != nil {
						t.Fatal(err)
					}
					go func() { (<-c.requests).Cut(errKicked) }()
					if response, err := server.Client().Do(request); err == nil {
						response.Body.Close()
						t.Errorf("there was a response: %s", response.Status)
					}
					if end := c.wantEnd(t, errKicked); end.Status != 0 || end.Bytes != 0 || end.Duration > 0 {
						t.Errorf("OnEnd was told %+v", end)
					}
					wantLogged(t, c.log)
				}
			})
		})
	}
}

func TestACutIsThatOfTheFirstOfAllReasons(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		c := newCuttable(func(request *bare.HttpRequest) bare.HttpResponse {
			return body(func(yield func([]byte) bool) {
				yield([]byte("x"))
				request.WithContext(t.Context()).Cut(errKicked) // by a copy, and in its own body
				request.Cut(nil)
				if yield([]byte("y")) {
					t.Error("yield goes on")
				}
			})
		})
		stream := serve(t, baretest.HTTP1, c.app).Get("/")
		if got := stream.Rest(); got != "x" || stream.Err() == nil {
			t.Errorf("got %q (%v)", got, stream.Err())
		}
		c.wantEnd(t, errKicked)
		wantLogged(t, c.log)
	})
}

func TestACutResponseIsResetForAnHTTP10Client(t *testing.T) {
	t.Parallel()
	for name, respond := range map[string]func(request *bare.HttpRequest) bare.HttpResponse{
		"in its body": func(request *bare.HttpRequest) bare.HttpResponse {
			return body(func(yield func([]byte) bool) { _ = yield([]byte("x")) && request.Sleep(time.Hour) })
		},
		"in a body that goes on": func(*bare.HttpRequest) bare.HttpResponse {
			return body(func(yield func([]byte) bool) { yield([]byte("x")); time.Sleep(time.Hour) })
		},
		"before its head": func(request *bare.HttpRequest) bare.HttpResponse {
			request.Sleep(time.Hour)
			return bare.HttpResponse{}
		},
	} {
		t.Run(name, func(t *testing.T) {
			overHTTP1(t, func(t *testing.T) {
				c := newCuttable(respond)
				conn := serve(t, baretest.HTTP1, c.app).Dial()
				defer conn.Close()
				send(t, conn, "GET / HTTP/1.0\r\n\r\n")
				request := <-c.requests
				time.Sleep(time.Second)
				request.Cut(errKicked)
				if got, err := io.ReadAll(conn); err == nil {
					t.Errorf("%q looks complete", got)
				}
				c.wantEnd(t, errKicked)
			})
		})
	}
}

func TestACutOfARequestThatNoServerMadeEndsItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		made := func() *bare.HttpRequest { return baretest.NewRequest(http.MethodGet, "/", nil) }
		request := made()
		ctx := request.Context()
		go func() {
			time.Sleep(time.Second)
			request.Cut(errKicked)
			request.Cut(nil)
		}()
		if request.WithContext(context.WithValue(ctx, t, t)).Sleep(time.Hour) || !errors.Is(context.Cause(ctx), errKicked) {
			t.Errorf("the cause is %v", context.Cause(ctx))
		}
		before := made()
		before.Cut(nil)
		if cause := context.Cause(before.Context()); !errors.Is(cause, bare.ErrCut) {
			t.Errorf("the cause of a context that is asked for later is %v", cause)
		}
		over := made()
		over.OnEnd(func(bare.End) {
			over.Cut(errKicked)
			if cause := context.Cause(over.Context()); !errors.Is(cause, context.Canceled) {
				t.Errorf("the cause at the end is %v", cause)
			}
		})
		over.Finish(bare.End{})
		(&bare.HttpRequest{}).Cut(errKicked)
	})
}
