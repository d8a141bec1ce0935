package bare_test

import (
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

// echo sends back what comes, until the client closes.
func echo(request *bare.WebSocketRequest) {
	socket := request.WebSocket
	if socket.Accept("", nil) != nil {
		return
	}
	for message := range socket.Messages() {
		if message.Binary {
			_ = socket.SendBytes(message.Bytes)
		} else {
			_ = socket.SendText(message.Text)
		}
	}
}

// socketApp is an application with a WebSocket at "/", and what it logs.
func socketApp(handler bare.WebSocketHandler) (*bare.Application, *logbook) {
	log := new(logbook)
	app := bare.NewApplication()
	app.Logger = slog.New(log)
	app.OnWebSocketRequest("/", handler)
	return app, log
}

func TestAWebSocketEchoesTextAndBytesAndIsClosedByTheClient(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		var end bare.End
		app, log := socketApp(func(request *bare.WebSocketRequest) {
			request.OnEnd(func(e bare.End) { end = e })
			echo(request)
			if code := request.WebSocket.Code(); code != 4000 {
				t.Errorf("the handler sees the code %d", code)
			}
		})
		socket := serve(t, protocol, app).WebSocket("/", nil)
		socket.SendText("hello")
		if got := socket.Text(); got != "hello" {
			t.Errorf("got %q", got)
		}
		socket.SendBytes(nil)
		if message, ok := socket.Receive(); !ok || !message.Binary || len(message.Bytes) != 0 {
			t.Errorf("got %+v, %v, want an empty binary message", message, ok)
		}
		if code := socket.Close(4000, "done"); code != 4000 {
			t.Errorf("the answer has the code %d", code)
		}
		synctest.Wait()
		if end.Status != 101 || end.Err != nil || end.Bytes == 0 {
			t.Errorf("ended with %+v", end)
		}
		wantLogged(t, log)
	})
}

func TestAStopClosesWebSocketsWithGoingAway(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, log := socketApp(echo)
		server := serve(t, baretest.HTTP1, app)
		socket := server.WebSocket("/", nil)
		go func() {
			time.Sleep(time.Second)
			if err := server.Stop(); err != nil {
				t.Error(err)
			}
		}()
		if code := socket.Code(); code != bare.CloseGoingAway {
			t.Errorf("closed with %d", code)
		}
		synctest.Wait()
		wantLogged(t, log)
	})
}
