package bare_test

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

func TestOnEndIsToldInTheOrderOfRegistration(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		var order []int
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			for i := range 3 {
				request.OnEnd(func(bare.End) { order = append(order, i) })
			}
			return bare.HttpResponse{}
		})
		serve(t, baretest.HTTP1, app).Get("/").Rest()
		synctest.Wait()
		if !slices.Equal(order, []int{0, 1, 2}) {
			t.Errorf("the order is %v", order)
		}
	})
}

func TestOnEndKnowsTheTimes(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		var end bare.End
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			request.OnEnd(func(e bare.End) { end = e })
			return bare.HttpResponse{Body: func(yield func([]byte) bool) {
				time.Sleep(2 * time.Second)
				yield([]byte("one"))
				time.Sleep(3 * time.Second)
				yield([]byte("two"))
			}}
		})
		server := serve(t, protocol, app)
		server.Get("/nowhere").Rest() // the clock goes from here
		time.Sleep(time.Hour)
		server.Get("/").Rest()
		synctest.Wait()
		if end.FirstByte != 2*time.Second || end.Duration != 5*time.Second || end.Bytes != 6 || end.Status != 200 {
			t.Errorf("OnEnd was told %+v", end)
		}
	})
}

func TestABodyOfAnyLengthIsRead(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			var got strings.Builder
			for chunk, err := range request.Body {
				if err != nil {
					t.Error(err)
				}
				got.Write(chunk)
			}
			return bare.TextResponse(200, got.String())
		})
		server := serve(t, protocol, app)
		for _, body := range []string{"", "x", "xy"} {
			if got := post(t, server, "", strings.NewReader(body)).Rest(); got != body {
				t.Errorf("got %q, want %q", got, body)
			}
		}
	})
}

func TestAStreamThatBeginsAtTheMomentOfAStopEnds(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		begun := make(chan bool)
		var end bare.End
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			request.OnEnd(func(e bare.End) { end = e })
			return bare.HttpResponse{Body: func(func([]byte) bool) {
				done := request.Context().Done()
				close(begun)
				<-done
			}}
		})
		server := serve(t, protocol, app)
		came := make(chan error)
		go func() {
			stream := server.Get("/")
			stream.Rest()
			came <- stream.Err()
		}()
		<-begun
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
		if err := <-came; err != nil || !errors.Is(end.Err, bare.ErrShutdown) {
			t.Errorf("the stream ended with %v, and OnEnd was told %+v", err, end)
		}
	})
}

func TestAHandlerThatRunsAFailingBodyItselfIsA500(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		failing := bare.StreamWriter(func(func([]byte) bool) error { return errors.New("broken") })
		app, log := newApp(func(*bare.HttpRequest) bare.HttpResponse {
			return bare.TextResponse(200, strings.Join(baretest.Chunks(failing, -1), ""))
		})
		if got := serve(t, baretest.HTTP1, app).Get("/").Response.StatusCode; got != http.StatusInternalServerError {
			t.Errorf("got %d", got)
		}
		wantLogged(t, log, "ERROR bare: the handler panicked method=GET route=/ panic=bare: the body failed: broken")
	})
}

func TestAFailureAfterTheClientLeftIsStillLogged(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, log := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{Body: bare.StreamWriter(func(yield func([]byte) bool) error {
				yield([]byte("half"))
				request.Sleep(time.Hour)
				return errors.New("the database is gone")
			})}
		})
		if _, got, err := halfClosed(t, app, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err == nil {
			t.Errorf("%q looks complete", got)
		}
		time.Sleep(time.Second)
		wantLogged(t, log, "ERROR bare: the body failed method=GET route=/ error=the database is gone")
	})
}

func TestAResponseWithoutABodyAndItsLength(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		method   string
		response bare.HttpResponse
		length   string // "" for none
		fails    bool
	}{
		"empty":                     {"GET", bare.HttpResponse{}, "0", false},
		"declared to be empty":      {"GET", bare.HttpResponse{Headers: bare.Headers("content-length", "0")}, "0", false},
		"HEAD of a body":            {"HEAD", bare.HttpResponse{Body: bare.TextWriter("text")}, "", false},
		"HEAD of a declared length": {"HEAD", bare.HttpResponse{Headers: bare.Headers("content-length", "7")}, "7", false},
		"204":                       {"GET", bare.HttpResponse{Status: 204}, "", false},
		"a length and nothing":      {"GET", bare.HttpResponse{Headers: bare.Headers("content-length", "7")}, "7", true},
	} {
		t.Run(name, func(t *testing.T) {
			overHTTP1(t, func(t *testing.T) {
				app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
					request.OnEnd(func(bare.End) {}) // so that it is flushed
					return test.response
				})
				conn := serve(t, baretest.HTTP1, app).Dial()
				defer conn.Close()
				send(t, conn, test.method+" / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
				raw, _ := io.ReadAll(conn)
				head, _, _ := strings.Cut(string(raw), "\r\n\r\n")
				want := ""
				if test.length != "" {
					want = "\r\nContent-Length: " + test.length
				}
				if test.fails && strings.HasPrefix(head, "HTTP/1.1 500 ") {
					return // nothing was sent before it was found out
				}
				if test.fails || strings.Contains(head, "chunked") || !strings.Contains(head, want) || want == "" && strings.Contains(head, "Content-Length") {
					t.Errorf("the head is %q", head)
				}
			})
		})
	}
}

func TestTheLastFlushThatFailsIsKnownToOnEnd(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		var end bare.End
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			request.OnEnd(func(e bare.End) { end = e })
			return bare.HttpResponse{Body: bare.TextWriter("text")}
		})
		server := under(t, baretest.HTTP1, app, func(w http.ResponseWriter) http.ResponseWriter {
			return failingFlush{bareWriter{w}, errors.New("broken")}
		})
		conn := server.Dial()
		defer conn.Close()
		send(t, conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
		if got, err := http.ReadResponse(bufio.NewReader(conn), nil); err == nil {
			defer got.Body.Close()
			if content, err := io.ReadAll(got.Body); err == nil {
				t.Errorf("%q looks complete", content)
			}
		}
		synctest.Wait()
		if !errors.Is(end.Err, bare.ErrClientGone) || end.Duration > 50*time.Millisecond {
			t.Errorf("OnEnd was told %+v", end)
		}
	})
}

func TestABodyThatAbortsBeforeItsFirstByteIsNoErrorsResponse(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		for name, leave := range map[string]func(){
			"abort":  func() { panic(http.ErrAbortHandler) },
			"Goexit": runtime.Goexit,
		} {
			var end bare.End
			app, log := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
				request.OnEnd(func(e bare.End) { end = e })
				return bare.HttpResponse{Body: func(func([]byte) bool) { leave() }}
			})
			conn := serve(t, baretest.HTTP1, app).Dial()
			send(t, conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
			got, _ := io.ReadAll(conn)
			conn.Close()
			if strings.Contains(string(got), "500") || strings.HasSuffix(string(got), "0\r\n\r\n") {
				t.Errorf("%s: got %q", name, got)
			}
			if name == "Goexit" && (end.Status != 0 || !errors.Is(end.Err, http.ErrAbortHandler)) {
				t.Errorf("%s: OnEnd was told %+v", name, end)
			}
			wantLogged(t, log)
		}
	})
}

func TestWhatWasYieldedBeforeAGoexitArrives(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := bodyOf(func(_ *bare.HttpRequest, yield func([]byte) bool) {
			_ = yield([]byte("one ")) && yield([]byte("two"))
			runtime.Goexit()
		})
		stream := serve(t, protocol, app).Get("/")
		if got := stream.Rest(); got != "one two" || stream.Err() == nil {
			t.Errorf("got %q (%v)", got, stream.Err())
		}
	})
}

// silentError has a status, and nothing to say.
type silentError struct{}

func (silentError) Error() string       { return "silent" }
func (silentError) StatusCode() int     { return http.StatusTeapot }
func (silentError) SafeMessage() string { return "" }

func TestAnErrorsResponseHasNothingOfTheOneThatFailed(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, _ := newApp(func(*bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{
				Headers: bare.Headers("x-secret", "yes", "content-length", "9"),
				Body:    bare.StreamWriter(func(func([]byte) bool) error { return silentError{} }),
			}
		})
		conn := serve(t, baretest.HTTP1, app).Dial()
		defer conn.Close()
		// The rest of the body never comes: the connection has to be given up.
		send(t, conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nbegun")
		response, body := readResponse(t, bufio.NewReader(conn))
		if response.StatusCode != http.StatusTeapot || body != "" || response.Header.Get("X-Secret") != "" || !response.Close {
			t.Errorf("got %s %v %q, closed: %t", response.Status, response.Header, body, response.Close)
		}
	})
}

func TestAStopIsTheReasonOfWhatItCuts(t *testing.T) {
	t.Parallel()
	bodies := map[string]func(request *bare.HttpRequest, yield func([]byte) bool) error{
		"told": func(request *bare.HttpRequest, yield func([]byte) bool) error {
			yield([]byte("half"))
			<-request.Context().Done()
			return request.Context().Err()
		},
		"cut": func(_ *bare.HttpRequest, yield func([]byte) bool) error {
			for yield([]byte("half")) {
				time.Sleep(time.Second)
			}
			return nil
		},
	}
	for name, body := range bodies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				var end bare.End
				app, log := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
					request.OnEnd(func(e bare.End) { end = e })
					return bare.HttpResponse{Body: bare.StreamWriter(func(yield func([]byte) bool) error {
						return body(request, yield)
					})}
				})
				server := serve(t, protocol, app)
				stream := server.Get("/")
				stream.Next()
				_ = server.Stop() // it fails where the body had to be cut
				stream.Rest()
				time.Sleep(5 * time.Second)
				synctest.Wait()
				if stream.Err() == nil || !errors.Is(end.Err, bare.ErrShutdown) {
					t.Errorf("the stream ended with %v, and OnEnd was told %+v", stream.Err(), end)
				}
				wantLogged(t, log)
			})
		})
	}
}
