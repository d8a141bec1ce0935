package bare_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

func TestAStopTellsTheHandlersOfWebSocketsAndWaitsForThem(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		tidied := false
		app, log, ends := ending(accepted(func(request *bare.WebSocketRequest) {
			if _, err := request.WebSocket.Receive(); !errors.Is(err, bare.ErrShutdown) {
				t.Errorf("Receive fails with %v", err)
			}
			if cause := context.Cause(request.Context()); !errors.Is(cause, bare.ErrShutdown) {
				t.Errorf("the context ends with %v", cause)
			}
			time.Sleep(3 * time.Second)
			tidied = true
		}))
		server := serve(t, baretest.HTTP1, app)
		socket := server.WebSocket("/", nil)
		synctest.Wait()
		go func() { _ = socket.Code() }()
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
		if !tidied {
			t.Error("the stop did not wait for the handler")
		}
		if end := <-ends; !errors.Is(end.Err, bare.ErrShutdown) {
			t.Errorf("ended with %v", end.Err)
		}
		if code := socket.Code(); code != bare.CloseGoingAway {
			t.Errorf("closed with %d", code)
		}
		wantLogged(t, log)
	})
}

func TestAStopMayBeAnnounced(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, log, ends := ending(accepted(func(request *bare.WebSocketRequest) {
			message, err := request.WebSocket.Receive()
			if message.Text != "see you" {
				t.Errorf("received %+v, %v", message, err)
			}
			_ = request.WebSocket.Close(bare.CloseServiceRestart, "restart")
		}))
		app.WebSocketOptions.OnStop = func(socket *bare.WebSocket) { _ = socket.SendText("come back") }
		server := serve(t, baretest.HTTP1, app)
		socket := server.WebSocket("/", nil)
		synctest.Wait()
		stopped := make(chan error, 1)
		go func() { stopped <- server.Stop() }()
		if got := socket.Text(); got != "come back" {
			t.Errorf("got %q", got)
		}
		time.Sleep(time.Second)
		socket.SendText("see you")
		if code := socket.Code(); code != bare.CloseServiceRestart || socket.Reason() != "restart" {
			t.Errorf("closed with %d %q", code, socket.Reason())
		}
		if err := <-stopped; err != nil {
			t.Error(err)
		}
		if end := <-ends; end.Err != nil {
			t.Errorf("ended with %v", end.Err)
		}
		wantLogged(t, log)
	})
}

func TestAStopWaitsNoLongerThanItsGraceForAClientThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ grace, want time.Duration }{
		"a long grace":  {time.Minute, 5 * time.Second},
		"a short grace": {time.Second, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			overHTTP1(t, func(t *testing.T) {
				app, log := socketApp(echo)
				server := baretest.Config{Server: bare.Server{Grace: c.grace}}.NewServer(t, app)
				client := rawClient(t, server, nil)
				synctest.Wait()
				start := time.Now()
				if err := server.Stop(); err != nil {
					t.Error(err) // the client's fault is none of the stop's
				}
				if took := time.Since(start).Round(100 * time.Millisecond); took != c.want {
					t.Errorf("the stop took %v, want %v", took, c.want)
				}
				wantClose(t, client, bare.CloseGoingAway)
				wantLogged(t, log)
			})
		})
	}
}

func TestAHandlerThatDoesNotEndIsAFailureOfTheStop(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		release := make(chan struct{})
		app, _, ends := ending(accepted(func(*bare.WebSocketRequest) { <-release }))
		server := baretest.Config{Server: bare.Server{Grace: time.Second}}.NewServer(t, app)
		socket := server.WebSocket("/", nil)
		synctest.Wait()
		go func() { _ = socket.Code() }() // it answers the close
		if err := server.Stop(); err == nil {
			t.Error("the stop is clean")
		}
		close(release)
		<-ends
	})
}

func TestAHandshakeThatIsDecidedDuringAStopIsRefused(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		accepting := make(chan error, 1)
		app, _, ends := ending(func(request *bare.WebSocketRequest) {
			<-request.Stopping()
			time.Sleep(time.Second)
			accepting <- request.WebSocket.Accept("", nil)
		})
		server := serve(t, baretest.HTTP1, app)
		stopped := make(chan error, 1)
		go func() {
			time.Sleep(time.Second)
			stopped <- server.Stop()
		}()
		socket := server.WebSocket("/", nil)
		if got := socket.Response.StatusCode; got != 503 {
			t.Errorf("answered with %d", got)
		}
		if err := <-accepting; err == nil {
			t.Error("accepted")
		}
		if err := <-stopped; err != nil {
			t.Error(err)
		}
		if end := <-ends; end.Status != 503 {
			t.Errorf("ended with %+v", end)
		}
	})
}

func TestAStopClosesAThousandWebSockets(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, log := socketApp(echo)
		server := serve(t, baretest.HTTP1, app)
		codes := make(chan int, 1000)
		for range 1000 {
			socket := server.WebSocket("/", nil)
			go func() { codes <- socket.Code() }()
		}
		synctest.Wait()
		start := time.Now()
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took > time.Second {
			t.Errorf("the stop took %v", took)
		}
		for range 1000 {
			if code := <-codes; code != bare.CloseGoingAway {
				t.Fatalf("closed with %d", code)
			}
		}
		wantLogged(t, log)
	})
}
