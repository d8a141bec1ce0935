package bare_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

func TestALargeBodyThatNobodyReadsIsTakenSlowly(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, _ := bodyOf(func(request *bare.HttpRequest, yield func([]byte) bool) {
			_ = yield([]byte("x")) && request.Sleep(time.Hour)
		})
		conn := serve(t, baretest.HTTP1, app).Dial()
		defer conn.Close()
		send(t, conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n")
		var sent atomic.Int64
		go func() {
			for piece := make([]byte, 1<<10); ; sent.Add(int64(len(piece))) {
				if _, err := conn.Write(piece); err != nil {
					return
				}
			}
		}()
		// 256 KiB are thrown away at once, and then 64 KiB a second; what fits on the
		// way is not taken, but sent.
		const onTheWay = 80 << 10
		for seconds := range int64(10) {
			time.Sleep(time.Second - time.Nanosecond)
			synctest.Wait()
			least := 256<<10 + seconds*(64<<10)
			if got := sent.Load(); got < least || got > least+onTheWay {
				t.Errorf("in second %d it had sent %d KiB, want %d and what is on its way", seconds, got>>10, least>>10)
			}
			time.Sleep(time.Nanosecond)
		}
	})
}

func TestAResponseDoesNotWaitForTheRestOfALargeBody(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := newApp(func(*bare.HttpRequest) bare.HttpResponse { return bare.TextResponse(200, "done") })
		server := serve(t, protocol, app)
		reader, writer := io.Pipe()
		defer writer.Close()
		// Its length is unknown, and what comes of it is more than is thrown away.
		begun := strings.NewReader(strings.Repeat("x", 300<<10))
		start := time.Now()
		if got := post(t, server, "", io.MultiReader(begun, reader)).Rest(); got != "done" || time.Since(start) > 10*time.Millisecond {
			t.Errorf("after %v got %q", time.Since(start), got)
		}
	})
}

func TestADeclaredBodyThatIsTooLargeToDrainIsNotWaitedFor(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, _ := newApp(func(*bare.HttpRequest) bare.HttpResponse { return bare.TextResponse(200, "done") })
		conn := serve(t, baretest.HTTP1, app).Dial()
		defer conn.Close()
		start := time.Now()
		send(t, conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
		response, got := readResponse(t, bufio.NewReader(conn))
		if got != "done" || !response.Close || time.Since(start) != 0 {
			t.Errorf("after %v got %q, and the connection is closed: %t", time.Since(start), got, response.Close)
		}
	})
}

func TestAReaderThatIsLeftBehindIsToldThatTheBodyIsTaken(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		failed := make(chan error)
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			body := request.Reader()
			if _, err := body.Read(make([]byte, 1)); err != nil {
				t.Error(err)
			}
			go func() {
				time.Sleep(time.Minute)
				n, err := body.Read(make([]byte, 1))
				if n != 0 {
					t.Error("there was more to read")
				}
				failed <- err
			}()
			return bare.TextResponse(200, "enough")
		})
		reader, writer := io.Pipe()
		defer writer.Close()
		stream := post(t, serve(t, protocol, app), "", io.MultiReader(strings.NewReader("begun"), reader))
		if got := stream.Rest(); got != "enough" {
			t.Errorf("got %q", got)
		}
		if err := <-failed; !errors.Is(err, bare.ErrBodyConsumed) {
			t.Errorf("the read returned %v", err)
		}
	})
}

func TestAReadThatNobodyCanEndIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begun := make(chan bool)
		app, log := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			go func() {
				close(begun)
				_, _ = request.Reader().Read(make([]byte, 1))
			}()
			<-begun
			time.Sleep(time.Second)
			return bare.TextResponse(200, "done")
		})
		reader, writer := io.Pipe()
		recorder := httptest.NewRecorder() // it knows no deadlines
		app.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", reader))
		if got := recorder.Body.String(); got != "done" {
			t.Errorf("got %q", got)
		}
		_ = writer.Close()
		wantLogged(t, log)
	})
}

func TestWhatIsAroundAnApplicationMayGoOnAfterIt(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{"no body": "", "a body that was read": "hello"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
					text, err := request.Text()
					if err != nil {
						t.Error(err)
					}
					return bare.TextResponse(200, text)
				})
				around := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					app.ServeHTTP(w, r)
					time.Sleep(time.Minute)
					if err := context.Cause(r.Context()); err != nil {
						t.Errorf("the context of a client that is there ended with %v", err)
					}
				})
				server := baretest.Config{Protocol: protocol}.NewHandlerServer(t, around, app)
				if got := post(t, server, "", strings.NewReader(body)).Rest(); got != body {
					t.Errorf("got %q", got)
				}
			})
		})
	}
}
