package bare_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"iter"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
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

func TestOnEndDoesNotHoldTheResponseBack(t *testing.T) {
	t.Parallel()
	for name, response := range map[string]bare.HttpResponse{
		"a small body": bare.TextResponse(200, "small"),
		"no length":    {Body: bare.TextWriter("small")},
		"no body":      {Status: 202},
		"an error in the place of a stream": {Body: bare.StreamWriter(func(func([]byte) bool) error {
			return &bare.HttpError{Status: 409, Message: "small"}
		})},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
					request.OnEnd(func(bare.End) { time.Sleep(time.Hour) })
					return response
				})
				start := time.Now()
				server := serve(t, protocol, app)
				stream := server.Get("/")
				if took := time.Since(start); took != 0 {
					t.Errorf("the head came after %v", took)
				}
				if response.Body != nil {
					if got := stream.Next(); got != "small" || time.Since(start) != 0 {
						t.Errorf("%q came after %v", got, time.Since(start))
					}
				}
				time.Sleep(2 * time.Hour)
			})
		})
	}
}

func TestAFlushOfAHandlerOfNetHTTPReturnsWhenItsBytesAreOut(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		flushed := make(chan error, 1)
		app, _ := newApp(bare.FromHTTPHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write(bytes.Repeat([]byte("x"), 1000))
			flushed <- http.NewResponseController(w).Flush()
			<-r.Context().Done()
		})))
		start := time.Now()
		stream := serve(t, protocol, app).Get("/")
		if err := <-flushed; err != nil || time.Since(start) != 0 {
			t.Errorf("after %v the flush returned %v", time.Since(start), err)
		}
		if got := len(stream.Next()); got != 1000 || time.Since(start) != 0 {
			t.Errorf("after %v there were %d bytes", time.Since(start), got)
		}
		stream.Close()
	})
}

func TestAHandlerThatStillReadsWhenItsResponseIsOverIsEnded(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		var failure error
		app, _ := newApp(bare.Chain(
			bare.FromHTTPHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.WriteHeader(http.StatusOK)
				_, failure = io.ReadAll(r.Body)
			})),
			func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
				response := handler(request)
				response.Body = bare.TextWriter("in its place")
				return response
			}))
		server := serve(t, protocol, app)
		reader, writer := io.Pipe()
		defer writer.Close()
		start := time.Now()
		stream := post(t, server, "text/plain", io.MultiReader(strings.NewReader("begun"), reader))
		if got := stream.Next(); got != "in its place" {
			t.Errorf("got %q", got)
		}
		stream.Rest()
		synctest.Wait()
		if failure == nil || time.Since(start) > time.Second {
			t.Errorf("after %v the handler's read returned %v", time.Since(start), failure)
		}
	})
}

func TestAnUploadThatTricklesIsRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		least  int64
		status int
	}{
		"by default":          {0, http.StatusRequestTimeout},
		"over the minimum":    {1, http.StatusOK},
		"without any minimum": {-1, http.StatusOK},
		"under another one":   {3, http.StatusRequestTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			overHTTP1(t, func(t *testing.T) {
				app, log := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
					if _, err := request.Text(); err != nil {
						return bare.ErrorResponse(err)
					}
					return bare.TextResponse(200, "uploaded")
				})
				app.MinUploadRate = test.least
				conn := serve(t, baretest.HTTP1, app).Dial()
				defer conn.Close()
				send(t, conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 400\r\n\r\n")
				var sending sync.WaitGroup
				sending.Go(func() {
					for range 200 { // two bytes a second
						time.Sleep(time.Second)
						if _, err := io.WriteString(conn, "ab"); err != nil {
							return
						}
					}
				})
				start := time.Now()
				response, _ := readResponse(t, bufio.NewReader(conn))
				if took := time.Since(start); response.StatusCode != test.status || test.status != 200 && took > 35*time.Second {
					t.Errorf("after %v got %s", took, response.Status)
				}
				conn.Close()
				sending.Wait()
				wantLogged(t, log)
			})
		})
	}
}

func TestALargeUploadIsRefusedBeforeItIsAskedFor(t *testing.T) {
	t.Parallel()
	limits := map[string]func(app *bare.Application){
		"by ReadLimit": func(app *bare.Application) { app.ReadLimit = 10 },
		"by BodyLimit": func(app *bare.Application) { app.BodyLimit = 10 },
	}
	for name, limit := range limits {
		t.Run(name, func(t *testing.T) {
			overHTTP1(t, func(t *testing.T) {
				app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
					_, err := request.Bytes()
					return bare.ErrorResponse(err)
				})
				limit(app)
				conn := serve(t, baretest.HTTP1, app).Dial()
				defer conn.Close()
				send(t, conn, "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n")
				line, err := bufio.NewReader(conn).ReadString('\n')
				if err != nil || !strings.HasPrefix(line, "HTTP/1.1 413 ") {
					t.Errorf("got %q (%v)", line, err)
				}
			})
		})
	}
}

func TestEveryWayToReadABodyHasItsLimit(t *testing.T) {
	t.Parallel()
	form := "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\n" + strings.Repeat("x", 1000) + "\r\n--b--\r\n"
	ways := map[string]func(request *bare.HttpRequest) error{
		"FormFile": func(request *bare.HttpRequest) error {
			_, _, err := request.Scope.FormFile("f")
			return err
		},
		"the Body of the Scope": func(request *bare.HttpRequest) error {
			_, err := io.ReadAll(request.Scope.Body)
			return err
		},
		"Reader": func(request *bare.HttpRequest) error {
			_, err := io.ReadAll(request.Reader())
			return err
		},
		"Body": func(request *bare.HttpRequest) error {
			var last error
			for _, err := range request.Body {
				last = err
			}
			return last
		},
		"Bytes": func(request *bare.HttpRequest) error {
			_, err := request.Bytes()
			return err
		},
	}
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
					err := way(request)
					if !errors.Is(err, bare.ErrBodyTooLarge) {
						t.Errorf("it returned %v", err)
					}
					return bare.ErrorResponse(err)
				})
				app.BodyLimit = 500
				server := serve(t, protocol, app)
				// Without a length, so that it must be counted.
				stream := post(t, server, "multipart/form-data; boundary=b", io.MultiReader(strings.NewReader(form)))
				if stream.Rest(); stream.Response.StatusCode != http.StatusRequestEntityTooLarge {
					t.Errorf("got %s", stream.Response.Status)
				}
			})
		})
	}
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

func TestTheFirstEventWaitsForNoCompany(t *testing.T) {
	t.Parallel()
	types := map[string]bool{
		"text/event-stream":                true,
		"text/event-stream; charset=utf-8": true,
		"application/x-ndjson":             true,
		"application/ndjson":               true,
		"application/json-seq":             true,
		"application/jsonl":                true,
		"text/plain; charset=utf-8":        false,
		"":                                 false,
	}
	for kind, atOnce := range types {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
					response := bare.HttpResponse{Body: func(yield func([]byte) bool) {
						_ = yield([]byte("one")) && request.Sleep(time.Hour)
					}}
					if kind != "" {
						response.Headers = bare.Headers("content-type", kind)
					}
					return response
				})
				start := time.Now()
				stream := serve(t, protocol, app).Get("/")
				want := time.Millisecond
				if atOnce {
					want = 0
				}
				if got := stream.Next(); got != "one" || time.Since(start) != want {
					t.Errorf("%q came after %v", got, time.Since(start))
				}
				stream.Close()
			})
		})
	}
}

// countingWriter counts what is asked of it, and fails when told to.
type countingWriter struct {
	bareWriter

	heads, writes, flushes *int
	err                    error
}

func (c countingWriter) WriteHeader(status int) {
	*c.heads++
	c.bareWriter.WriteHeader(status)
}

func (c countingWriter) Write(p []byte) (int, error) {
	*c.writes++
	if c.err != nil {
		return 0, c.err
	}
	return c.bareWriter.Write(p)
}

func (c countingWriter) FlushError() error {
	*c.flushes++
	return nil
}

func TestNothingIsWrittenOrFlushedInVain(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		for name, test := range map[string]struct {
			body            iter.Seq[[]byte]
			err             error
			writes, flushes int
		}{
			"empty chunks": {func(yield func([]byte) bool) {
				for range 5 {
					yield(nil)
				}
			}, nil, 0, 1},
			"chunks apart": {func(yield func([]byte) bool) {
				for range 3 {
					yield([]byte("x"))
					time.Sleep(time.Minute)
				}
			}, nil, 3, 3},
			"a large chunk":             {bare.BytesWriter(make([]byte, 100_000)), nil, 4, 0},
			"a large chunk that fails":  {bare.BytesWriter(make([]byte, 100_000)), errors.New("broken"), 1, 0},
			"small chunks that are one": {bare.ChunkWriter(make([]byte, 1000), 100), nil, 10, 0},
		} {
			heads, writes, flushes := 0, 0, 0
			app, _ := respond(bare.HttpResponse{Body: test.body})
			server := under(t, baretest.HTTP1, app, func(w http.ResponseWriter) http.ResponseWriter {
				return countingWriter{bareWriter{w}, &heads, &writes, &flushes, test.err}
			})
			conn := server.Dial()
			send(t, conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
			_, _ = io.Copy(io.Discard, conn)
			conn.Close()
			if heads != 1 || writes != test.writes || flushes != test.flushes {
				t.Errorf("%s: %d heads, %d writes and %d flushes, want 1, %d and %d", name, heads, writes, flushes, test.writes, test.flushes)
			}
		}
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

func TestAnUploadMustKeepItsPace(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		stall  time.Duration
		status int
	}{
		"after a fast start":   {0, http.StatusRequestTimeout},
		"without a stall time": {-1, http.StatusOK},
	} {
		t.Run(name, func(t *testing.T) {
			overHTTP1(t, func(t *testing.T) {
				app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
					if _, err := request.Text(); err != nil {
						return bare.ErrorResponse(err)
					}
					return bare.TextResponse(200, "uploaded")
				})
				app.StallTimeout = test.stall
				conn := serve(t, baretest.HTTP1, app).Dial()
				defer conn.Close()
				send(t, conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100200\r\n\r\n"+strings.Repeat("x", 100_000))
				var sending sync.WaitGroup
				sending.Go(func() {
					for range 200 {
						time.Sleep(time.Second)
						if _, err := io.WriteString(conn, "x"); err != nil {
							return
						}
					}
				})
				start := time.Now()
				response, _ := readResponse(t, bufio.NewReader(conn))
				if took := time.Since(start); response.StatusCode != test.status || test.status != 200 && took > 65*time.Second {
					t.Errorf("after %v got %s", took, response.Status)
				}
				conn.Close()
				sending.Wait()
			})
		})
	}
}

func TestWithoutAStallTimeNobodyIsGivenUp(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			text, err := request.Text()
			if err != nil {
				return bare.ErrorResponse(err)
			}
			return bare.TextResponse(200, text)
		})
		app.StallTimeout = -1
		reader, writer := io.Pipe()
		go func() {
			_, _ = io.WriteString(writer, "a pause, ")
			time.Sleep(time.Hour)
			_, _ = io.WriteString(writer, "and the rest")
			_ = writer.Close()
		}()
		if got := post(t, serve(t, protocol, app), "", reader).Rest(); got != "a pause, and the rest" {
			t.Errorf("got %q", got)
		}
	})
}
