package bare_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

func TestAHandlerOfNetHTTPIsWaitedForWhenItsBodyIsNotWanted(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		var written error
		ended := false
		app, _ := newApp(bare.Chain(
			bare.FromHTTPHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.WriteHeader(http.StatusOK)
				_, written = io.WriteString(w, "not wanted")
				<-r.Context().Done()
				time.Sleep(time.Second)
				ended = true
			})),
			func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
				response := handler(request)
				response.Body = bare.TextWriter("in its place")
				return response
			}))
		outer := bare.NewApplication()
		outer.Mount("/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			app.ServeHTTP(w, r)
			if !ended {
				t.Error("the handler uses the request after its server has taken it back")
			}
		}))
		if got := serve(t, protocol, outer).Get("/").Rest(); got != "in its place" {
			t.Errorf("got %q", got)
		}
		synctest.Wait()
		if written == nil {
			t.Error("a write that nobody takes did not fail")
		}
	})
}

func TestAReplacedBodyThatIsPartlyReadIsEnded(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		ended := false
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			request.Body = func(yield func([]byte, error) bool) {
				defer func() { ended = true }()
				for yield([]byte("a chunk"), nil) {
				}
			}
			if _, err := io.ReadFull(request.Reader(), make([]byte, 3)); err != nil {
				t.Error(err)
			}
			return bare.HttpResponse{}
		})
		serve(t, protocol, app).Get("/").Rest()
		synctest.Wait()
		if !ended {
			t.Error("the body was left behind")
		}
	})
}

func TestAGoroutineThatIsLeftBehindLeavesNothingToWatch(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		ended := make(chan error)
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			go func() {
				time.Sleep(time.Minute)
				var last error
				for _, err := range request.Body {
					last = err
				}
				if request.Context().Err() == nil {
					t.Error("the context of a request that is over has not ended")
				}
				ended <- last
			}()
			return bare.HttpResponse{}
		})
		server := serve(t, protocol, app)
		// The body is not read by then, and never comes.
		reader, writer := io.Pipe()
		defer writer.Close()
		stream := post(t, server, "text/plain", reader)
		stream.Rest()
		if err := <-ended; err == nil {
			t.Error("the body of a request that is over was read")
		}
		stream.Close()
		synctest.Wait()
		if got := bare.Watched(app); got != 0 {
			t.Errorf("%d exchanges are watched", got)
		}
	})
}

func TestAClientThatNeverSendsTheRestIsLetGo(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			_, _ = request.Reader().Read(make([]byte, 1))
			return bare.TextResponse(200, "enough")
		})
		conn := serve(t, baretest.HTTP1, app).Dial()
		defer conn.Close()
		send(t, conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nbegun")
		start := time.Now()
		got, err := io.ReadAll(conn)
		if took := time.Since(start); !strings.HasSuffix(string(got), "enough") || took > 5*time.Second {
			t.Errorf("after %v got %q (%v)", took, got, err)
		}
	})
}

func TestAHandlerOfNetHTTPHasALengthWhereNetHTTPKnowsIt(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, _ := newApp(bare.FromHTTPHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "short")
		})))
		if stream := serve(t, baretest.HTTP1, app).Get("/"); stream.Response.ContentLength != 5 {
			t.Errorf("the length is %d", stream.Response.ContentLength)
		}
	})
}

func TestAStalledUploadThatIsNoHttpErrorIsNoFault(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		var end bare.End
		app, log := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			request.OnEnd(func(e bare.End) { end = e })
			request.Context() // which over HTTP/1.x ends with the read's deadline
			_, err := request.Text()
			if !errors.Is(err, bare.ErrStalled) {
				t.Errorf("the read returned %v", err)
			}
			response := bare.ErrorResponse(fmt.Errorf("reading: %w", bare.ErrStalled))
			response.Headers.Del("Content-Length")
			return response
		})
		conn := serve(t, baretest.HTTP1, app).Dial()
		defer conn.Close()
		send(t, conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nbegun")
		if response, _ := readResponse(t, bufio.NewReader(conn)); response.StatusCode != http.StatusInternalServerError {
			t.Errorf("got %s", response.Status)
		}
		synctest.Wait()
		if end.Err != nil {
			t.Errorf("OnEnd was told %+v of a response that arrived", end)
		}
		wantLogged(t, log)
	})
}

// refusingPusher pushes nothing.
type refusingPusher struct{ *httptest.ResponseRecorder }

func (refusingPusher) Push(string, *http.PushOptions) error { return errors.New("no push today") }

func TestAPushThatIsRefusedIsNoFault(t *testing.T) {
	t.Parallel()
	app, log := respond(bare.HttpResponse{Body: bare.TextWriter("page"), Pushes: []bare.PushResponse{{Path: "/style.css"}}})
	w := refusingPusher{httptest.NewRecorder()}
	app.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody))
	if w.Body.String() != "page" {
		t.Errorf("got %q", w.Body)
	}
	wantLogged(t, log)
	if got := log.all(); len(got) != 1 || !strings.HasPrefix(got[0], "DEBUG bare: a push was refused method=GET route=/ path=/style.css") {
		t.Errorf("logged %q", got)
	}
}

func TestADeclaredResponseThatIsSentWholeIsComplete(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		var ends []bare.End
		for _, path := range []string{"/", "/?empty"} {
			app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
				request.OnEnd(func(e bare.End) { ends = append(ends, e) })
				request.Sleep(time.Hour) // its client closes its side
				if request.Query().Has("empty") {
					return bare.HttpResponse{Headers: bare.Headers("content-length", "0"), Body: func(func([]byte) bool) {}}
				}
				return bare.TextResponse(200, "whole")
			})
			if _, _, err := halfClosed(t, app, "GET "+path+" HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
				t.Error(err)
			}
			synctest.Wait() // it is told before the next one begins
		}
		for _, end := range ends {
			if end.Err != nil {
				t.Errorf("OnEnd was told %+v", end)
			}
		}
	})
}

func TestAClientMaySendTheRestAfterItsAnswer(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			_, _ = request.Reader().Read(make([]byte, 1))
			return bare.TextResponse(200, "enough")
		})
		conn := serve(t, baretest.HTTP1, app).Dial()
		defer conn.Close()
		send(t, conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nbegun")
		if _, body := readResponse(t, bufio.NewReader(conn)); body != "enough" {
			t.Errorf("got %q", body)
		}
		time.Sleep(time.Second)
		send(t, conn, strings.Repeat("x", 995)) // a close would have refused it
	})
}
