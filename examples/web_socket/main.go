// Web_socket sends back what a page says over a WebSocket. Run it with
//
//	go run ./examples/web_socket
//
// and open http://localhost:9009/.

// docs:start program
package main

import (
	_ "embed"

	"github.com/bare-go/bare"
)

//go:embed web_socket.html
var page []byte

func main() {
	bare.Main(newApp(), "localhost:9009")
}

func newApp() *bare.Application {
	app := bare.NewApplication()
	app.OnHttpRequest(bare.Methods{"GET"}, "/", index)
	app.OnWebSocketRequest("/echo", echo)
	return app
}

func index(*bare.HttpRequest) bare.HttpResponse {
	return bare.BytesResponse(200, "text/html; charset=utf-8", page)
}

func echo(request *bare.WebSocketRequest) {
	socket := request.WebSocket
	if err := socket.Accept("", nil); err != nil {
		return
	}
	for message := range socket.Messages() {
		if err := socket.SendText("You said: " + message.Text); err != nil {
			return
		}
	}
}

// docs:end program
