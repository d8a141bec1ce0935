package bare_test

import (
	"errors"
	"io"
	"iter"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

func TestABodyThatFailsAfterItsDeclaredBytesDoesNotLookComplete(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	bodies := map[string]iter.Seq[[]byte]{
		"an error after a silence": bare.StreamWriter(func(yield func([]byte) bool) error {
			yield([]byte("h"))
			time.Sleep(time.Minute)
			yield([]byte("ello"))
			return broken
		}),
		"an error": bare.StreamWriter(func(yield func([]byte) bool) error {
			_ = yield([]byte("he")) && yield([]byte("llo"))
			return broken
		}),
		"another chunk":  func(yield func([]byte) bool) { _ = yield([]byte("hello")) && yield([]byte("!")) },
		"a longer chunk": func(yield func([]byte) bool) { yield([]byte("hello, world")) },
		"a panic":        func(yield func([]byte) bool) { yield([]byte("hello")); panic(broken) },
	}
	for name, body := range bodies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				var end bare.End
				app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
					request.OnEnd(func(e bare.End) { end = e })
					return bare.HttpResponse{Headers: bare.Headers("content-length", "5"), Body: body}
				})
				stream := serve(t, protocol, app).Get("/")
				if got := stream.Rest(); got != "hell" || stream.Err() == nil {
					t.Errorf("got %q (%v), want all but the last byte, and a cut", got, stream.Err())
				}
				time.Sleep(time.Second)
				synctest.Wait()
				if long := strings.HasSuffix(name, "chunk"); end.Err == nil || end.Bytes != 4 || long != errors.Is(end.Err, bare.ErrContentLength) {
					t.Errorf("OnEnd was told %+v", end)
				}
			})
		})
	}
}

func TestTheLastDeclaredByteIsNotHeldBack(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{Headers: bare.Headers("content-length", "5"), Body: func(yield func([]byte) bool) {
				yield([]byte("hell"))
				request.Sleep(time.Minute)
				yield([]byte("o"))
				request.Sleep(time.Hour)
			}}
		})
		start := time.Now()
		stream := serve(t, protocol, app).Get("/")
		got := ""
		for len(got) < 5 {
			got += stream.Next()
		}
		if got != "hello" || time.Since(start) > time.Minute+time.Millisecond {
			t.Errorf("%q came after %v", got, time.Since(start))
		}
		stream.Close()
	})
}

func TestEveryFailureIsAResetForAnHTTP10Client(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func(){
		"Goexit":                        runtime.Goexit,
		"a panic whose cause panics":    func() { panic(trap{}) },
		"an abort":                      func() { panic(http.ErrAbortHandler) },
		"a Goexit after a long silence": func() { time.Sleep(time.Minute); runtime.Goexit() },
	} {
		t.Run(name, func(t *testing.T) {
			overHTTP1(t, func(t *testing.T) {
				app, _ := bodyOf(func(_ *bare.HttpRequest, yield func([]byte) bool) {
					yield([]byte("half"))
					fail()
				})
				conn := serve(t, baretest.HTTP1, app).Dial()
				defer conn.Close()
				send(t, conn, "GET / HTTP/1.0\r\n\r\n")
				if got, err := io.ReadAll(conn); err == nil {
					t.Errorf("%q looks complete", got)
				}
			})
		})
	}
}

func TestStatusesWithoutABodyAreNoFault(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "page.txt")
	if err := os.WriteFile(file, []byte("a page"), 0o600); err != nil {
		t.Fatal(err)
	}
	written := make(chan error, len(baretest.Protocols()))
	handlers := map[string]struct {
		handler bare.HttpHandler
		status  int
	}{
		"a file that has not changed": {bare.FromHTTPHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Etag", `"1"`)
			r.Header.Set("If-None-Match", `"1"`)
			http.ServeFile(w, r, file)
		})), 304},
		"a handler that writes all the same": {bare.FromHTTPHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNotModified)
			_, err := io.WriteString(w, "no")
			written <- err
		})), 304},
		"an empty text": {func(*bare.HttpRequest) bare.HttpResponse { return bare.TextResponse(204, "") }, 204},
		"no bytes":      {func(*bare.HttpRequest) bare.HttpResponse { return bare.BytesResponse(204, "image/png", nil) }, 204},
		"a length of its own": {func(*bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{Status: 204, Headers: bare.Headers("Content-Length", "0")}
		}, 204},
	}
	for name, test := range handlers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				app, log := newApp(test.handler)
				stream := serve(t, protocol, app).Get("/")
				if got := stream.Rest(); stream.Response.StatusCode != test.status || got != "" || stream.Err() != nil {
					t.Errorf("got %s %q (%v)", stream.Response.Status, got, stream.Err())
				}
				if length, ok := stream.Response.Header["Content-Length"]; ok && test.status == 204 {
					t.Errorf("a 204 has the length %q", length)
				}
				wantLogged(t, log)
			})
		})
	}
	t.Cleanup(func() {
		for range baretest.Protocols() {
			if err := <-written; !errors.Is(err, http.ErrBodyNotAllowed) {
				t.Errorf("a write to a 304 returned %v", err)
			}
		}
	})
}

func TestAnErrorBehindAPageOfItsOwnIsLogged(t *testing.T) {
	t.Parallel()
	broken := errors.New("the database is gone")
	app, log := newApp(func(*bare.HttpRequest) bare.HttpResponse { return bare.ErrorResponse(broken) })
	app.Middlewares = []bare.HttpMiddleware{func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
		if response := handler(request); response.Status < 500 {
			return response
		}
		return bare.TextResponse(500, "Sorry!")
	}}
	synctest.Test(t, func(t *testing.T) {
		if got := serve(t, baretest.HTTP1, app).Get("/").Rest(); got != "Sorry!" {
			t.Errorf("got %q", got)
		}
	})
	wantLogged(t, log, "ERROR bare: the request failed method=GET route=/ error=the database is gone")
}

func TestMiddlewaresSeeTheStatusThatWillBeSent(t *testing.T) {
	t.Parallel()
	type key struct{}
	app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
		if request.Context().Value(key{}) != "span" {
			t.Error("the handler does not see what the middleware has put into its context")
		}
		return bare.HttpResponse{}
	})
	app.Middlewares = []bare.HttpMiddleware{func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
		response := handler(request.WithContext(contextWith(request, key{}, "span")))
		if response.Status != http.StatusOK || response.Headers == nil {
			t.Errorf("the middleware sees %d and %v", response.Status, response.Headers)
		}
		return response
	}}
	synctest.Test(t, func(t *testing.T) { serve(t, baretest.HTTP1, app).Get("/").Rest() })
}

func TestAnEmptyChunkSendsTheLastDeclaredByte(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{Headers: bare.Headers("content-length", "5"), Body: func(yield func([]byte) bool) {
				_ = yield([]byte("hello")) && yield(nil) && request.Sleep(time.Hour)
			}}
		})
		start := time.Now()
		stream := serve(t, protocol, app).Get("/")
		got := ""
		for len(got) < 5 {
			got += stream.Next()
		}
		if got != "hello" || time.Since(start) != 0 {
			t.Errorf("%q came after %v", got, time.Since(start))
		}
		stream.Close()
	})
}

func TestAChunkThatComesAfterTheDeclaredBytesIsAFailure(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		var end bare.End
		app, log := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			request.OnEnd(func(e bare.End) { end = e })
			return bare.HttpResponse{Headers: bare.Headers("content-length", "5"), Body: func(yield func([]byte) bool) {
				yield([]byte("hello"))
				time.Sleep(time.Minute) // it is on the wire by then
				yield([]byte("!"))
			}}
		})
		stream := serve(t, protocol, app).Get("/")
		if got := stream.Rest(); got != "hello" {
			t.Errorf("got %q", got)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if !errors.Is(end.Err, bare.ErrContentLength) || end.Bytes != 5 {
			t.Errorf("OnEnd was told %+v", end)
		}
		wantLogged(t, log, "ERROR bare: the body failed")
	})
}

func TestADeclaredBodyMayEndLongAfterItsLastByte(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		var end bare.End
		app, log := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			request.OnEnd(func(e bare.End) { end = e })
			return bare.HttpResponse{Headers: bare.Headers("content-length", "5"), Body: func(yield func([]byte) bool) {
				yield([]byte("hello"))
				time.Sleep(time.Minute)
			}}
		})
		stream := serve(t, protocol, app).Get("/")
		if got := stream.Rest(); got != "hello" || stream.Err() != nil {
			t.Errorf("got %q (%v)", got, stream.Err())
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if end.Err != nil || end.Bytes != 5 || end.Duration != time.Minute {
			t.Errorf("OnEnd was told %+v", end)
		}
		wantLogged(t, log)
	})
}

func TestADeclaredBodyThatEndsAtOnceIsComplete(t *testing.T) {
	t.Parallel()
	bodies := map[string]iter.Seq[[]byte]{
		"one chunk":  bare.StringsWriter(func(yield func(string) bool) { yield("hello") }),
		"two chunks": bare.ChunkWriter([]byte("hello"), 3),
		"a text":     bare.TextWriter("hello"),
	}
	for name, body := range bodies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				app, log := respond(bare.HttpResponse{Headers: bare.Headers("content-length", "5"), Body: body})
				stream := serve(t, protocol, app).Get("/")
				if got := stream.Rest(); got != "hello" || stream.Err() != nil {
					t.Errorf("got %q (%v)", got, stream.Err())
				}
				wantLogged(t, log)
			})
		})
	}
}
