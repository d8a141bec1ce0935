package bare_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

// A WebSocket under another server than bare's own.

func TestAWebSocketWorksUnderAServerOfNetHTTP(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, log, ends := ending(echo)
		socket := baretest.Config{Protocol: protocol}.NewHandlerServer(t, app).WebSocket("/", nil)
		socket.SendText("hello")
		if got := socket.Text(); got != "hello" {
			t.Errorf("got %q", got)
		}
		if code := socket.Close(1000, ""); code != 1000 {
			t.Errorf("closed with %d", code)
		}
		if end := <-ends; end.Err != nil || end.Status != 101 {
			t.Errorf("ended with %+v", end)
		}
		wantLogged(t, log)
	})
}

func TestAForeignServersClientThatTakesNothingIsCutOff(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, log, ends := ending(accepted(func(request *bare.WebSocketRequest) {
			for request.WebSocket.SendBytes(make([]byte, 64<<10)) == nil {
			}
		}))
		app.StallTimeout = 8 * time.Second
		start := time.Now()
		_ = baretest.NewHandlerServer(t, app).WebSocket("/", nil)
		if end := <-ends; !errors.Is(end.Err, bare.ErrStalled) {
			t.Errorf("ended with %v", end.Err)
		}
		if took := time.Since(start); took != 8*time.Second {
			t.Errorf("it took %v", took)
		}
		wantLogged(t, log)
	})
}

func TestAShutdownUnderAForeignServerClosesWebSockets(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, _, ends := ending(echo)
		socket := baretest.NewHandlerServer(t, app).WebSocket("/", nil)
		socket.SendText("a")
		socket.Text()
		go func() {
			if err := app.Shutdown(context.Background()); err != nil {
				t.Error(err)
			}
		}()
		if code := socket.Code(); code != bare.CloseGoingAway {
			t.Errorf("closed with %d", code)
		}
		if end := <-ends; !errors.Is(end.Err, bare.ErrShutdown) {
			t.Errorf("ended with %v", end.Err)
		}
	})
}

func TestACutUnderAForeignServerBreaksTheConnectionOff(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		requests := make(chan *bare.WebSocketRequest, 1)
		app, _, ends := ending(accepted(func(request *bare.WebSocketRequest) {
			requests <- request
			_ = request.WebSocket.SendBytes(make([]byte, 1<<20))
		}))
		_ = baretest.NewHandlerServer(t, app).WebSocket("/", nil)
		request := <-requests
		synctest.Wait()
		start := time.Now()
		request.Cut(nil)
		if end := <-ends; !errors.Is(end.Err, bare.ErrCut) {
			t.Errorf("ended with %v", end.Err)
		}
		if took := time.Since(start); took > 200*time.Millisecond {
			t.Errorf("it took %v", took)
		}
	})
}

func TestAWebSocketPassesAMiddlewareAroundTheApplication(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, _ := socketApp(echo)
		app.Wrap(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("X-Around", "yes")
				next.ServeHTTP(hiddenFlush{bareWriter{w}}, r) // it has Unwrap
			})
		})
		socket := serve(t, baretest.HTTP1, app).WebSocket("/", nil)
		if got := socket.Response.Header.Get("X-Around"); got != "yes" {
			t.Errorf("the header is %q", got)
		}
		socket.SendText("a")
		if got := socket.Text(); got != "a" {
			t.Errorf("got %q", got)
		}
	})
}
