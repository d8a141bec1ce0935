package bare_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

// closeWrite closes the client's side of a connection, and leaves the other open.
func closeWrite(t *testing.T, conn net.Conn) {
	t.Helper()
	closer, ok := conn.(interface{ CloseWrite() error })
	if !ok {
		t.Fatal("the connection cannot be closed by half")
	}
	if err := closer.CloseWrite(); err != nil {
		t.Fatal(err)
	}
}

// halfClosed sends a request, closes the client's side, and returns all that comes.
func halfClosed(t *testing.T, app *bare.Application, request string) (response *http.Response, body string, err error) {
	t.Helper()
	conn := serve(t, baretest.HTTP1, app).Dial()
	t.Cleanup(func() { _ = conn.Close() })
	send(t, conn, request)
	closeWrite(t, conn)
	response, err = http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return nil, "", err
	}
	content, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	return response, string(content), err
}

func TestAClientThatClosesItsSideGetsWhatIsFinished(t *testing.T) {
	t.Parallel()
	const request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
	late := func(request *bare.HttpRequest) { request.Sleep(0); time.Sleep(time.Second) }
	handlers := map[string]bare.HttpHandler{
		"a response with a length": func(request *bare.HttpRequest) bare.HttpResponse {
			late(request)
			return bare.TextResponse(200, "whole")
		},
		"a body that never looks at its context": func(request *bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{Body: func(yield func([]byte) bool) {
				for _, part := range []string{"w", "ho", "le"} {
					time.Sleep(time.Second)
					if !yield([]byte(part)) {
						return
					}
				}
			}}
		},
		"what a handler of net/http writes": bare.FromHTTPHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			for _, part := range []string{"who", "le"} {
				time.Sleep(time.Second)
				if _, err := io.WriteString(w, part); err != nil {
					t.Error(err)
				}
			}
		})),
	}
	for name, handler := range handlers {
		t.Run(name, func(t *testing.T) {
			overHTTP1(t, func(t *testing.T) {
				app, log := newApp(handler)
				response, body, err := halfClosed(t, app, request)
				if err != nil || response.StatusCode != http.StatusOK || body != "whole" {
					t.Errorf("got %q (%v)", body, err)
				}
				wantLogged(t, log)
			})
		})
	}
}

func TestAStreamThatEndsAsItsClientClosedItsSideDoesNotLookComplete(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		var end bare.End
		app, log := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			request.OnEnd(func(e bare.End) { end = e })
			return bare.HttpResponse{Body: func(yield func([]byte) bool) {
				ticks := 0
				for range request.Every(time.Second) {
					if ticks++; !yield([]byte("tick;")) || ticks == 3 {
						return
					}
				}
			}}
		})
		_, body, err := halfClosed(t, app, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		if err == nil {
			t.Errorf("%q looks complete", body)
		}
		synctest.Wait()
		if !errors.Is(end.Err, bare.ErrClientGone) {
			t.Errorf("OnEnd was told %+v", end)
		}
		wantLogged(t, log)
	})
}

func TestAnAnswerThatComesAfterAnOuterDeadlineIsSent(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		inner, log := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			if request.Sleep(time.Hour) {
				t.Error("the context did not end")
			}
			return bare.TextResponse(http.StatusGatewayTimeout, "too slow")
		})
		outer := bare.NewApplication()
		outer.Mount("/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ctx, cancel := context.WithTimeout(r.Context(), time.Second)
			defer cancel()
			inner.ServeHTTP(w, r.WithContext(ctx))
		}))
		stream := serve(t, protocol, outer).Get("/")
		if got := stream.Rest(); stream.Response.StatusCode != http.StatusGatewayTimeout || got != "too slow" {
			t.Errorf("got %s %q", stream.Response.Status, got)
		}
		wantLogged(t, log)
	})
}

func TestOnlyTheEndOfTheRequestsOwnContextIsTheClientsLeaving(t *testing.T) {
	t.Parallel()
	upstream := func(request *bare.HttpRequest) error {
		ctx, cancel := context.WithTimeout(request.Context(), time.Second)
		defer cancel()
		<-ctx.Done()
		return fmt.Errorf("upstream: %w", ctx.Err())
	}
	tests := []struct {
		name   string
		handle func(request *bare.HttpRequest) bare.HttpResponse
		logged string
	}{
		{"before the body", func(request *bare.HttpRequest) bare.HttpResponse {
			return bare.ErrorResponse(upstream(request))
		}, "ERROR bare: the request failed method=GET route=/ error=upstream: context deadline exceeded"},
		{"in the body, before its first chunk", func(*bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{Body: bare.StreamWriter(func(func([]byte) bool) error {
				return fmt.Errorf("upstream: %w", context.DeadlineExceeded)
			})}
		}, "ERROR bare: the body failed method=GET route=/ error=upstream: context deadline exceeded"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				var end bare.End
				app, log := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
					request.OnEnd(func(e bare.End) { end = e })
					return test.handle(request)
				})
				stream := serve(t, protocol, app).Get("/")
				if got := stream.Rest(); stream.Response.StatusCode != http.StatusInternalServerError || got != "Internal Server Error" || stream.Err() != nil {
					t.Errorf("got %s %q (%v)", stream.Response.Status, got, stream.Err())
				}
				synctest.Wait()
				if errors.Is(end.Err, bare.ErrClientGone) || end.Status != http.StatusInternalServerError {
					t.Errorf("OnEnd was told %+v", end)
				}
				wantLogged(t, log, test.logged)
			})
		})
	}
}

func TestABodyThatFailsWithItsOwnContextIsCutWithoutAWord(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		var end bare.End
		app, log := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			request.OnEnd(func(e bare.End) { end = e })
			return bare.HttpResponse{Body: bare.StreamWriter(func(yield func([]byte) bool) error {
				yield([]byte("half"))
				<-request.Context().Done()
				return request.Context().Err()
			})}
		})
		stream := serve(t, protocol, app).Get("/")
		stream.Next()
		stream.Close()
		time.Sleep(time.Second)
		synctest.Wait()
		if !errors.Is(end.Err, bare.ErrClientGone) {
			t.Errorf("OnEnd was told %+v", end)
		}
		wantLogged(t, log)
	})
}

func TestAMalformedUploadThatNobodyReadsDoesNotEndTheStream(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{Body: func(yield func([]byte) bool) {
				for ticks := range 3 {
					if !yield(fmt.Appendf(nil, "%d;", ticks)) || !request.Sleep(time.Second) {
						return
					}
				}
			}}
		})
		conn := serve(t, baretest.HTTP1, app).Dial()
		defer conn.Close()
		send(t, conn, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nno number\r\n")
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if got, err := io.ReadAll(response.Body); string(got) != "0;1;2;" || err != nil {
			t.Errorf("got %q (%v)", got, err)
		}
	})
}

func TestASleepThatIsCutShortInTheHandlerCutsNothing(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		var end bare.End
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			request.OnEnd(func(e bare.End) { end = e })
			if request.Sleep(time.Hour) {
				t.Error("it was not cut short")
			}
			return bare.HttpResponse{Body: bare.TextWriter(strings.Repeat("long ", 1000))}
		})
		_, body, err := halfClosed(t, app, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		if len(body) != 5000 || err != nil {
			t.Errorf("got %d bytes (%v)", len(body), err)
		}
		synctest.Wait()
		// It was sent whole; but its body may have ended for that reason.
		if !errors.Is(end.Err, bare.ErrClientGone) || end.Bytes != 5000 {
			t.Errorf("OnEnd was told %+v", end)
		}
	})
}

func TestAClientThatLeavesBehindALargeUploadIsFound(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		ended := make(chan bare.End, 1)
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			request.OnEnd(func(e bare.End) { ended <- e })
			return bare.HttpResponse{Body: func(yield func([]byte) bool) { _ = yield([]byte("x")) && request.Sleep(time.Hour) }}
		})
		conn := serve(t, baretest.HTTP1, app).Dial()
		send(t, conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
		go func() {
			// More than the server takes at once, and than fits on the way to it.
			_, _ = conn.Write(make([]byte, 500<<10))
			_ = conn.Close()
		}()
		start := time.Now()
		if end := <-ended; !errors.Is(end.Err, bare.ErrClientGone) || time.Since(start) > 5*time.Second {
			t.Errorf("after %v OnEnd was told %+v", time.Since(start), end)
		}
	})
}
