package judges

import (
	"testing"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/topic"
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

// room is a topic in which everybody hears what anybody says.
func room(app *bare.Application) {
	said := topic.New(topic.Options{})
	app.OnHttpRequest(bare.Methods{"GET"}, "/topic", func(request *bare.HttpRequest) bare.HttpResponse {
		return said.Serve(request, topic.Lease{Key: request.Query().Get("key"), OnMessage: func(message bare.WebSocketMessage) {
			switch message.Text {
			case "kick me":
				said.Kick("me")
			case "close":
				_ = said.Close(request.Context())
			default:
				_, _ = said.Publish(request.Context(), topic.Event{Data: []byte(message.Text)})
			}
		}})
	})
}

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
	room(app)
	return app
}

func TestWsJudgesTheWebSockets(t *testing.T) {
	t.Parallel()
	addr := serveBare(t, socketService(), bare.Server{}) // it logs the panic that is meant
	script(t, "ws", "ws", "http://"+addr)
}
