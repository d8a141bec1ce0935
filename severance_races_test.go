package bare_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

// aborts serves one request, and reports whether the response was aborted.
func aborts(t *testing.T, app *bare.Application, w http.ResponseWriter) (aborted bool) {
	t.Helper()
	defer func() {
		err, _ := recover().(error)
		aborted = errors.Is(err, http.ErrAbortHandler)
	}()
	app.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody))
	return false
}

func TestACutDuringTheLastFlushIsInTime(t *testing.T) {
	t.Parallel()
	for name, reads := range map[string]bool{"that a client takes": true, "that no client takes": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := newCuttable(func(*bare.HttpRequest) bare.HttpResponse {
					return bare.HttpResponse{Body: bare.TextWriter("hello")}
				})
				w := newDeadlineWriter(1)
				go func() {
					time.Sleep(time.Second)
					(<-c.requests).Cut(errKicked)
					time.Sleep(50 * time.Millisecond)
					if reads {
						close(w.read)
					}
				}()
				start := time.Now()
				if !aborts(t, c.app, w) {
					t.Error("the response is complete")
				}
				if took := time.Since(start); took > 1200*time.Millisecond {
					t.Errorf("it took %v", took)
				}
				time.Sleep(time.Second)
				select {
				case <-w.expired:
					if reads {
						t.Error("the writer was used after the end")
					}
				default:
				}
				c.wantEnd(t, errKicked)
				wantLogged(t, c.log)
			})
		})
	}
}

func TestACutDuringAWriteIsSeenByTheNextYield(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCuttable(func(*bare.HttpRequest) bare.HttpResponse {
			response := body(func(yield func([]byte) bool) {
				yield([]byte("x")) // it waits, and the client takes it in time
				time.Sleep(time.Millisecond)
				if yield([]byte("y")) {
					t.Error("yield goes on")
				}
			})
			return response.WithHeader("content-type", "text/event-stream") // the first chunk is flushed at once
		})
		w := newDeadlineWriter(1)
		go func() {
			time.Sleep(time.Second)
			(<-c.requests).Cut(errKicked)
			time.Sleep(50 * time.Millisecond)
			close(w.read)
		}()
		if !aborts(t, c.app, w) || w.written.String() != "x" {
			t.Errorf("the client got %q", &w.written)
		}
		c.wantEnd(t, errKicked)
		wantLogged(t, c.log)
	})
}

func TestWhatWasYieldedBeforeACutIsFlushedWhileTheBodyGoesOn(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		c := newCuttable(func(request *bare.HttpRequest) bare.HttpResponse {
			return body(func(yield func([]byte) bool) {
				yield([]byte("x"))
				time.Sleep(time.Second)
				yield([]byte("y")) // at once, after a silence
				yield([]byte("z")) // left to the clock
				request.Cut(errKicked)
				time.Sleep(time.Hour)
			})
		})
		stream := serve(t, protocol, c.app).Get("/")
		if got := stream.Rest(); got != "xyz" || stream.Err() == nil {
			t.Errorf("got %q (%v)", got, stream.Err())
		}
		time.Sleep(2 * time.Hour)
	})
}

func TestACutUnderAForeignServerEndsAWriteThatWaits(t *testing.T) {
	t.Parallel()
	for _, http2 := range []bool{false, true} {
		t.Run(fmt.Sprintf("HTTP/2: %t", http2), func(t *testing.T) {
			t.Parallel()
			writing := make(chan struct{})
			c := newCuttable(func(*bare.HttpRequest) bare.HttpResponse {
				return body(func(yield func([]byte) bool) {
					yield([]byte("x"))
					close(writing)
					for chunk := make([]byte, 16<<20); yield(chunk); { // more than a kernel takes
					}
				})
			})
			c.app.StallTimeout = -1 // nothing else ends the wait
			server := httptest.NewUnstartedServer(c.app)
			server.EnableHTTP2 = http2
			server.StartTLS()
			defer server.Close()
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			response, err := server.Client().Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			<-writing
			(<-c.requests).Cut(errKicked) // nobody reads
			c.wantEnd(t, errKicked)
			if _, err := io.ReadAll(response.Body); err == nil {
				t.Error("the response looks complete")
			}
			wantLogged(t, c.log)
		})
	}
}

// A closedWriter is that of a connection which net/http has closed, as a write failed.
type closedWriter struct{ *deadlineWriter }

func (closedWriter) SetWriteDeadline(time.Time) error { return net.ErrClosed }

func TestAResponseThatCannotBeBrokenOffIsLogged(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		w      http.ResponseWriter
		logged []string
	}{
		"without deadlines":    {httptest.NewRecorder(), []string{"WARN bare: a response that was cut cannot be broken off method=GET route=/ error=feature not supported"}},
		"unless it has broken": {closedWriter{newDeadlineWriter(0)}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := newCuttable(func(*bare.HttpRequest) bare.HttpResponse {
					return body(func(func([]byte) bool) { time.Sleep(time.Hour) })
				})
				go func() { (<-c.requests).Cut(errKicked) }()
				if !aborts(t, c.app, test.w) {
					t.Error("the response is complete")
				}
				c.wantEnd(t, errKicked)
				wantLogged(t, c.log, test.logged...)
			})
		})
	}
}

func TestACutAfterTheEndDoesNothing(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		var requests []*bare.HttpRequest
		var ends []bare.End
		app, log := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			for _, before := range requests {
				before.Cut(errKicked)
			}
			requests = append(requests, request)
			request.OnEnd(func(end bare.End) {
				ends = append(ends, end)
				request.Cut(errKicked)
				time.Sleep(time.Second) // the last chunk is on its way meanwhile
			})
			return body(func(yield func([]byte) bool) {
				_ = yield([]byte("hel")) && request.Sleep(time.Second) && yield([]byte("lo"))
			})
		})
		server := serve(t, protocol, app)
		for range 3 {
			stream := server.Get("/")
			if got := stream.Rest(); got != "hello" || stream.Err() != nil {
				t.Errorf("got %q (%v)", got, stream.Err())
			}
		}
		synctest.Wait()
		for i, end := range ends {
			if end.Err != nil || !errors.Is(context.Cause(requests[i].Context()), context.Canceled) {
				t.Errorf("OnEnd was told %+v, and the cause is %v", end, context.Cause(requests[i].Context()))
			}
		}
		wantLogged(t, log)
	})
}

func TestACutDuringAShutdownIsACut(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		c := newCuttable(func(request *bare.HttpRequest) bare.HttpResponse {
			return body(func(yield func([]byte) bool) {
				yield([]byte("x"))
				<-request.Context().Done()
				request.Cut(errKicked)
			})
		})
		server := serve(t, protocol, c.app)
		stream := server.Get("/")
		stream.Next()
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
		if stream.Rest(); stream.Err() == nil {
			t.Error("the response looks complete")
		}
		c.wantEnd(t, errKicked)
		if cause := context.Cause((<-c.requests).Context()); !errors.Is(cause, bare.ErrShutdown) {
			t.Errorf("the cause is %v", cause)
		}
	})
}

func TestWhatWasFlushedBeforeACutIsKeptForAClientThatReadsLater(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		c := newCuttable(func(*bare.HttpRequest) bare.HttpResponse {
			return body(func(yield func([]byte) bool) {
				yield([]byte("half"))
				time.Sleep(1050 * time.Millisecond) // it returns 50 ms after the cut
			})
		})
		conn := serve(t, baretest.HTTP1, c.app).Dial()
		defer conn.Close()
		send(t, conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		request := <-c.requests
		time.Sleep(time.Second)
		request.Cut(errKicked)
		time.Sleep(time.Second)
		// The connection was closed, and not reset.
		if got, err := io.ReadAll(conn); !strings.HasSuffix(string(got), "4\r\nhalf\r\n") || err != nil {
			t.Errorf("got %q (%v)", got, err)
		}
	})
}

func TestACutLeavesTheOtherStreamsOfItsConnectionAlone(t *testing.T) {
	t.Parallel()
	for _, protocol := range []baretest.Protocol{baretest.H2C, baretest.HTTP2} {
		t.Run(protocol.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := newCuttable(func(*bare.HttpRequest) bare.HttpResponse {
					return body(func(yield func([]byte) bool) {
						for yield(make([]byte, 32<<10)) {
						}
					})
				})
				c.app.OnHttpRequest(bare.Methods{"GET"}, "/ticks", func(request *bare.HttpRequest) bare.HttpResponse {
					return body(func(yield func([]byte) bool) {
						_ = yield([]byte("one")) && request.Sleep(5*time.Second) && yield([]byte("two"))
					})
				})
				server := serve(t, protocol, c.app)
				server.Get("/") // never read
				ticks := server.Get("/ticks")
				ticks.Next()
				time.Sleep(time.Second)
				(<-c.requests).Cut(errKicked)
				if got := ticks.Rest(); got != "two" || ticks.Err() != nil {
					t.Errorf("the other stream got %q (%v)", got, ticks.Err())
				}
				c.wantEnd(t, errKicked)
			})
		})
	}
}

func TestACutEndsAHandlersWaitUnderAForeignServer(t *testing.T) {
	t.Parallel()
	c := newCuttable(func(request *bare.HttpRequest) bare.HttpResponse {
		_, err := request.Bytes()
		return bare.ErrorResponse(err)
	})
	c.app.StallTimeout = -1 // nothing else ends the wait
	server := httptest.NewServer(c.app)
	defer server.Close()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	send(t, conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nbegun")
	(<-c.requests).Cut(errKicked)
	c.wantEnd(t, errKicked)
	if got, _ := io.ReadAll(conn); len(got) > 0 {
		t.Errorf("got %q", got)
	}
	wantLogged(t, c.log)
}

func TestACutMeetsEverythingElseAtAnyMoment(t *testing.T) {
	t.Parallel()
	for name, meet := range map[string]func(server *baretest.Server, stream *baretest.Stream){
		"the end of the body":      func(*baretest.Server, *baretest.Stream) {},
		"a client that leaves":     func(_ *baretest.Server, stream *baretest.Stream) { stream.Close() },
		"the stop of the server":   func(server *baretest.Server, _ *baretest.Stream) { _ = server.Stop() },
		"another client that asks": func(server *baretest.Server, _ *baretest.Stream) { server.Get("/other").Rest() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				for round := range 20 {
					testCutMeets(t, protocol, meet, time.Duration(round%4)*time.Millisecond)
				}
			})
		})
	}
}

func testCutMeets(t *testing.T, protocol baretest.Protocol, meet func(*baretest.Server, *baretest.Stream), wait time.Duration) {
	t.Helper()
	const chunks = 20
	c := newCuttable(func(*bare.HttpRequest) bare.HttpResponse {
		return body(func(yield func([]byte) bool) {
			for i := range chunks {
				if !yield(fmt.Appendf(nil, "%02d", i)) {
					return
				}
				time.Sleep(100 * time.Microsecond)
			}
		})
	})
	server := serve(t, protocol, c.app)
	stream := server.Get("/")
	request := <-c.requests
	for range 3 {
		go func() {
			time.Sleep(wait)
			request.Cut(errKicked)
		}()
	}
	go func() {
		time.Sleep(wait)
		meet(server, stream)
	}()
	got := stream.Rest()
	end := <-c.ends
	if complete := stream.Err() == nil; complete && (errors.Is(end.Err, errKicked) || len(got) != 2*chunks) {
		t.Errorf("%q looks complete, and ended with %v", got, end.Err)
	}
	time.Sleep(time.Second)
	if above := strings.Join(c.log.above(), "\n"); above != "" {
		t.Errorf("logged %s", above)
	}
	_ = server.Stop()
}
