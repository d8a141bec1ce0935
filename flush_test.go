package bare_test

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"net/http"
	"runtime"
	"testing"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

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

func TestAMillisecondIsASilence(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{
				Headers: bare.Headers("content-type", "text/event-stream"), // whose first chunk is flushed at once
				Body: func(yield func([]byte) bool) {
					pause := time.Minute // the clock is at rest after it
					for yield([]byte("x")) && request.Sleep(pause) {
						pause = time.Millisecond
					}
				},
			}
		})
		start := time.Now()
		stream := serve(t, protocol, app).Get("/")
		for want := range 5 {
			if got := stream.Next(); got != "x" || time.Since(start) != time.Duration(want)*time.Millisecond {
				t.Errorf("%q came after %v, want %d ms", got, time.Since(start), want)
			}
			if want == 0 { // the second comes a minute later
				start = start.Add(time.Minute - time.Millisecond)
			}
		}
		stream.Close()
	})
}

func TestWhereTimeIsFakeAChunkWaitsForAllThatIsAtWork(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := bodyOf(func(request *bare.HttpRequest, yield func([]byte) bool) {
			yield([]byte("one "))
			for range 1000 {
				runtime.Gosched() // at work, however long
			}
			_ = yield([]byte("two")) && request.Sleep(time.Hour)
		})
		server := baretest.Config{Protocol: protocol}.NewServer(t, app)
		start := time.Now()
		stream := server.Get("/")
		if got := stream.Next(); got != "one two" || time.Since(start) != time.Nanosecond {
			t.Errorf("%q came after %v", got, time.Since(start))
		}
		stream.Close()
	})
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
			"a large chunk":            {bare.BytesWriter(make([]byte, 100_000)), nil, 4, 0},
			"a large chunk that fails": {bare.BytesWriter(make([]byte, 100_000)), errors.New("broken"), 1, 0},
			"a chunk that fails, and a silence": {func(yield func([]byte) bool) {
				yield([]byte("x"))
				time.Sleep(time.Minute)
			}, errors.New("broken"), 1, 0},
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
