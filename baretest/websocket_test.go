package baretest_test

import (
	"io"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

func socketApp(handler bare.WebSocketHandler) *bare.Application {
	app := bare.NewApplication()
	app.OnWebSocketRequest("/", func(request *bare.WebSocketRequest) {
		if request.WebSocket.Accept("", nil) == nil {
			handler(request)
		}
	})
	return app
}

func TestAWebSocketTakesNoTimeOverAnyProtocol(t *testing.T) {
	t.Parallel()
	for _, protocol := range baretest.Protocols() {
		t.Run(protocol.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				socket := baretest.Config{Protocol: protocol}.NewServer(t, socketApp(func(request *bare.WebSocketRequest) {
					for message := range request.WebSocket.Messages() {
						_ = request.WebSocket.SendBytes([]byte(message.Text))
						_ = request.WebSocket.SendText("text")
					}
				})).WebSocket("/", nil)
				socket.SendText("bytes")
				if message, ok := socket.Receive(); !ok || !message.Binary || string(message.Bytes) != "bytes" {
					t.Errorf("got %+v, %v", message, ok)
				}
				if got := socket.Text(); got != "text" {
					t.Errorf("got %q", got)
				}
				if code := socket.Close(3000, "done"); code != 3000 {
					t.Errorf("closed with %d", code)
				}
				if took := time.Since(start); took > time.Millisecond {
					t.Errorf("it took %v", took)
				}
			})
		})
	}
}

func TestAWebSocketAnswersPingsWhileItIsRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		app := socketApp(func(request *bare.WebSocketRequest) {
			request.Sleep(time.Hour)
			_ = request.WebSocket.SendText("an hour")
		})
		app.StallTimeout = time.Second
		if got := baretest.NewServer(t, app).WebSocket("/", nil).Text(); got != "an hour" {
			t.Errorf("got %q", got)
		}
	})
}

func TestAWebSocketTellsHowTheServerClosedIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		socket := baretest.NewServer(t, socketApp(func(request *bare.WebSocketRequest) {
			_ = request.WebSocket.SendText("thrown away")
			_ = request.WebSocket.Close(4001, "logged out")
		})).WebSocket("/", nil)
		if code := socket.Code(); code != 4001 || socket.Reason() != "logged out" {
			t.Errorf("closed with %d %q", code, socket.Reason())
		}
		if _, ok := socket.Receive(); ok {
			t.Error("a message came after the close")
		}
	})
}

func TestAHandshakeThatIsRefusedHasItsAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := baretest.NewServer(t, socketApp(func(*bare.WebSocketRequest) {}))
		socket := server.WebSocket("/", http.Header{"Origin": {"http://evil.example"}})
		body, err := io.ReadAll(socket.Response.Body)
		if socket.Response.StatusCode != http.StatusForbidden || len(body) == 0 || err != nil {
			t.Errorf("answered with %d %q (%v)", socket.Response.StatusCode, body, err)
		}
		got := failures(t, func(tb testing.TB) {
			tb.Helper()
			baretest.NewServer(tb, socketApp(func(*bare.WebSocketRequest) {})).WebSocket("/nowhere", nil).SendText("in vain")
		})
		if want := []string{"baretest: the handshake was answered with 404 Not Found"}; !slices.Equal(got, want) {
			t.Errorf("the failures are %q, want %q", got, want)
		}
	})
}
