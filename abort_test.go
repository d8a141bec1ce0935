package bare_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

func TestAHandlerThatAbortsLeavesNoResponseAndNoLogLine(t *testing.T) {
	t.Parallel()
	for name, abort := range map[string]func(){
		"ErrAbortHandler": func() { panic(http.ErrAbortHandler) },
		"Goexit":          runtime.Goexit,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				app, log := newApp(func(*bare.HttpRequest) bare.HttpResponse {
					abort()
					return bare.HttpResponse{}
				})
				app.OnHttpRequest(bare.Methods{"GET"}, "/fine", func(*bare.HttpRequest) bare.HttpResponse { return bare.TextResponse(200, "fine") })
				server := serve(t, protocol, app)
				if response, err := server.Client().Get(server.URL); err == nil {
					response.Body.Close()
					t.Errorf("there was a response: %s", response.Status)
				}
				if got := server.Get("/fine").Rest(); got != "fine" {
					t.Errorf("the next request got %q", got)
				}
				wantLogged(t, log)
			})
		})
	}
}

func TestABodyThatAbortsIsCutWithoutALogLine(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, log := bodyOf(func(_ *bare.HttpRequest, yield func([]byte) bool) {
			yield([]byte("half"))
			panic(http.ErrAbortHandler)
		})
		stream := serve(t, protocol, app).Get("/")
		if got := stream.Rest(); got != "half" || stream.Err() == nil {
			t.Errorf("got %q (%v)", got, stream.Err())
		}
		wantLogged(t, log)
	})
}

func TestABodyThatAMiddlewareReplacesIsNeverRun(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		source := &closed{Reader: strings.NewReader("content"), done: make(chan struct{})}
		var ends []bare.End
		app, log := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			request.OnEnd(func(e bare.End) { ends = append(ends, e) })
			return bare.HttpResponse{Body: bare.ReaderWriter(request.Context(), source)}
		})
		app.Middlewares = []bare.HttpMiddleware{func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
			response := handler(request)
			response.Body = bare.TextWriter("other")
			return response
		}}
		if got := serve(t, protocol, app).Get("/").Rest(); got != "other" {
			t.Errorf("got %q", got)
		}
		<-source.done
		synctest.Wait()
		if len(ends) != 1 || ends[0].Bytes != 5 || ends[0].Status != 200 || ends[0].Err != nil {
			t.Errorf("OnEnd was told %+v", ends)
		}
		wantLogged(t, log)
	})
}

func TestABodyWhereNoneIsAllowedIsLogged(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, log := respond(bare.HttpResponse{Status: http.StatusNotModified, Body: func(func([]byte) bool) { t.Error("the body was run") }})
		serve(t, protocol, app).Get("/").Rest()
		wantLogged(t, log, "ERROR bare: a response that can have no body has one method=GET route=/ status=304")
	})
}

func TestARecorderTakesAStream(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var failure error
		app, _ := newApp(func(*bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{Body: bare.StreamWriter(func(yield func([]byte) bool) error {
				yield([]byte("one "))
				time.Sleep(time.Second)
				yield([]byte("two"))
				return failure
			})}
		})
		record := func() (recorder *httptest.ResponseRecorder, cut bool) {
			defer func() {
				err, _ := recover().(error)
				cut = errors.Is(err, http.ErrAbortHandler)
			}()
			recorder = httptest.NewRecorder()
			app.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody))
			return recorder, false
		}
		if got, cut := record(); got.Body.String() != "one two" || !got.Flushed || cut {
			t.Errorf("got %q, flushed: %t, cut: %t", got.Body, got.Flushed, cut)
		}
		failure = errors.New("broken")
		if got, cut := record(); got.Body.String() != "one two" || !cut {
			t.Errorf("a body that failed: got %q, cut: %t", got.Body, cut)
		}
	})
}

func TestAFlushThatIsNotSupportedIsNoFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		app, log := bodyOf(func(request *bare.HttpRequest, yield func([]byte) bool) {
			_ = yield([]byte("one ")) && request.Sleep(time.Second) && yield([]byte("two"))
		})
		recorder := httptest.NewRecorder()
		app.ServeHTTP(hidden{recorder}, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody))
		if got := recorder.Body.String(); got != "one two" {
			t.Errorf("got %q", got)
		}
		wantLogged(t, log)
	})
}

// hidden is a ResponseWriter with nothing but its three methods; unwrapped shows
// the one that it wraps.
type (
	hidden    struct{ http.ResponseWriter }
	unwrapped struct{ http.ResponseWriter }
)

func (u unwrapped) Unwrap() http.ResponseWriter { return u.ResponseWriter }

func TestAStreamUnderAForeignServer(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		wrap func(http.ResponseWriter) http.ResponseWriter
		live bool
	}{
		"itself":                          {func(w http.ResponseWriter) http.ResponseWriter { return w }, true},
		"behind a wrapper with Unwrap":    {func(w http.ResponseWriter) http.ResponseWriter { return unwrapped{w} }, true},
		"behind one that hides the flush": {func(w http.ResponseWriter) http.ResponseWriter { return hidden{w} }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			release := make(chan struct{})
			app, log := bodyOf(func(_ *bare.HttpRequest, yield func([]byte) bool) {
				if yield([]byte("one ")) {
					<-release
					yield([]byte("two"))
				}
			})
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { app.ServeHTTP(test.wrap(w), r) }))
			defer server.Close()
			if !test.live {
				close(release)
			}
			response, err := server.Client().Get(server.URL)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			buffer := make([]byte, 16)
			n, _ := response.Body.Read(buffer)
			if got := string(buffer[:n]); test.live && got != "one " {
				t.Errorf("first came %q", got)
			}
			if test.live {
				close(release)
			}
			for {
				m, err := response.Body.Read(buffer[n:])
				if n += m; err != nil {
					break
				}
			}
			if got := string(buffer[:n]); got != "one two" {
				t.Errorf("got %q", got)
			}
			wantLogged(t, log)
		})
	}
}
