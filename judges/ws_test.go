package judges

import (
	"testing"
	"time"

	"github.com/bare-go/bare"
)

// docs:start ws
func echoMessages(request *bare.WebSocketRequest) {
	socket := request.WebSocket
	if socket.Accept(socket.Offers("v2", "v1"), nil) != nil {
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

// docs:end ws

// socketService has the WebSockets that ws.mjs asks for.
func socketService() *bare.Application {
	app := bare.NewApplication()
	app.OnWebSocketRequest("/echo", echoMessages)
	app.OnWebSocketRequest("/protocols", echoMessages)
	app.OnWebSocketRequest("/logout", func(request *bare.WebSocketRequest) {
		if request.WebSocket.Accept("", nil) == nil {
			_ = request.WebSocket.Close(4001, "logged out")
		}
	})
	app.OnWebSocketRequest("/panic", func(request *bare.WebSocketRequest) {
		if request.WebSocket.Accept("", nil) == nil {
			panic("oops")
		}
	})
	for path, options := range map[string]bare.WebSocketOptions{
		"/compressed": {Compression: true},
		"/pings":      {PingInterval: 10 * time.Millisecond},
	} {
		app.OnHttpRequest(bare.Methods{"GET"}, path, bare.FromWebSocketHandler(echoMessages, options))
	}
	return app
}

func TestWsJudgesTheWebSockets(t *testing.T) {
	t.Parallel()
	addr := serveBare(t, socketService(), bare.Server{}) // it logs the panic that is meant
	script(t, "ws", "ws", "http://"+addr)
}
