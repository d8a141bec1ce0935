package bare_test

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

// sendsAndFails has a body that yields a text and fails.
func sendsAndFails(text string) bare.HttpResponse {
	return bare.HttpResponse{Body: bare.StreamWriter(func(yield func([]byte) bool) error {
		yield([]byte(text))
		return errors.New("broken")
	})}
}

func TestWhatWasSentHasTimeToArriveBeforeACut(t *testing.T) {
	t.Parallel()
	for name, response := range map[string]bare.HttpResponse{
		"a failure": sendsAndFails("half"),
		"too long":  {Headers: bare.Headers("content-length", "3"), Body: bare.TextWriter("half")},
		"too short": {Headers: bare.Headers("content-length", "9"), Body: bare.TextWriter("half")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				app, _ := respond(response)
				stream := serve(t, protocol, app).Get("/")
				start := time.Now()
				if got := stream.Rest(); got == "" || stream.Err() == nil || time.Since(start) != 100*time.Millisecond {
					t.Errorf("after %v the response was cut behind %q (%v)", time.Since(start), got, stream.Err())
				}
			})
		})
	}
}

func TestNothingIsSentOfABodyThatIsDeclaredToBeEmpty(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		var end bare.End
		app, log := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			request.OnEnd(func(e bare.End) { end = e })
			return bare.HttpResponse{Headers: bare.Headers("content-length", "0"), Body: bare.TextWriter("hello")}
		})
		stream := serve(t, protocol, app).Get("/")
		if got := stream.Rest(); stream.Response.StatusCode != http.StatusInternalServerError || stream.Err() != nil {
			t.Errorf("got %s %q (%v)", stream.Response.Status, got, stream.Err())
		}
		synctest.Wait()
		if !errors.Is(end.Err, bare.ErrContentLength) {
			t.Errorf("OnEnd was told %+v", end)
		}
		wantLogged(t, log, "ERROR bare: the body failed")
	})
}

func TestABodyThatFailsBehindItsOnlyByteIsAnErrorResponse(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		response := sendsAndFails("x")
		response.Headers = bare.Headers("content-length", "1")
		app, _ := respond(response)
		stream := serve(t, protocol, app).Get("/")
		if stream.Rest(); stream.Response.StatusCode != http.StatusInternalServerError || stream.Err() != nil {
			t.Errorf("got %s (%v)", stream.Response.Status, stream.Err())
		}
	})
}

func TestAFlushThatPanicsAtTheCutIsTheApplicationsOwnMatter(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, log := respond(sendsAndFails("half"))
		wantCut(t, under(t, baretest.HTTP1, app, func(w http.ResponseWriter) http.ResponseWriter {
			return panickingFlush{bareWriter{w}}
		}))
		wantLogged(t, log, "ERROR bare: the body failed", "ERROR bare: a flush panicked method=POST route=/ panic=no flush today")
	})
}

// wrappedFlush panics when it is flushed, and shows what it wraps.
type wrappedFlush struct{ panickingFlush }

func (w wrappedFlush) Unwrap() http.ResponseWriter { return w.w }

func TestAResponseWhoseFlushPanicsIsResetForAnHTTP10Client(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, _ := bodyOf(func(request *bare.HttpRequest, yield func([]byte) bool) {
			_ = yield([]byte("half")) && request.Sleep(time.Second)
		})
		server := baretest.NewHandlerServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			app.ServeHTTP(wrappedFlush{panickingFlush{bareWriter{w}}}, r)
		}), app)
		conn := server.Dial()
		defer conn.Close()
		send(t, conn, "GET / HTTP/1.0\r\n\r\n")
		if got, err := io.ReadAll(conn); err == nil {
			t.Errorf("%q looks complete", got)
		}
	})
}

// failingWrite is a writer whose client has left.
func failingWrite(w http.ResponseWriter) http.ResponseWriter {
	return countingWriter{bareWriter{w}, new(int), new(int), new(int), errors.New("broken")}
}

func TestAWriteThatFailsIsTheReasonOfTheEnd(t *testing.T) {
	t.Parallel()
	for name, response := range map[string]bare.HttpResponse{
		"of a chunk that is too long": {Headers: bare.Headers("content-length", "3"), Body: bare.TextWriter("hello")},
		"of a range loop that is called again": {Body: func(yield func([]byte) bool) {
			for range func(more func(int) bool) { more(1); more(2) } {
				if !yield([]byte("hello")) {
					return
				}
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			overHTTP1(t, func(t *testing.T) {
				ends := 0
				app, log := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
					request.OnEnd(func(end bare.End) {
						if ends++; !errors.Is(end.Err, bare.ErrClientGone) || end.Bytes != 0 {
							t.Errorf("OnEnd was told %+v", end)
						}
					})
					return response
				})
				wantCut(t, under(t, baretest.HTTP1, app, failingWrite))
				if ends != 1 {
					t.Errorf("OnEnd was told %d times", ends)
				}
				if name == "of a chunk that is too long" {
					wantLogged(t, log)
				}
			})
		})
	}
}

func TestAnErrorsResponseIsNotHeldBackByTheRestOfTheRequest(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			request.OnEnd(func(bare.End) {}) // so that it is flushed
			return bare.HttpResponse{Body: bare.StreamWriter(func(func([]byte) bool) error {
				return &bare.HttpError{Status: http.StatusConflict}
			})}
		})
		conn := serve(t, baretest.HTTP1, app).Dial()
		defer conn.Close()
		start := time.Now()
		send(t, conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nbegun")
		response, _ := readResponse(t, bufio.NewReader(conn))
		if response.StatusCode != http.StatusConflict || !response.Close || time.Since(start) > time.Millisecond {
			t.Errorf("after %v got %s, closed: %t", time.Since(start), response.Status, response.Close)
		}
	})
}
