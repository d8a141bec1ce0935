// Web_socket_chat is a room in which everybody reads what anybody says, over WebSockets.
// Run it, and open http://localhost:9009/ in two windows:
//
//	go run ./examples/web_socket_chat

// docs:start program
package main

import (
	_ "embed"
	"strings"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/eventlog"
	"github.com/bare-go/bare/topic"
)

//go:embed web_socket_chat.html
var page []byte

func main() {
	bare.Main(newApp(), "localhost:9009")
}

func newApp() *bare.Application {
	r := &room{events: topic.New(topic.Options{
		Memory: eventlog.MemoryOptions{Records: 100},
		Replay: true, // who joins sees what was said
	})}
	app := bare.NewApplication()
	app.WebSocketOptions.ReadLimit = 4 << 10
	app.HttpRouter.Add(bare.Methods{"GET"}, "/", index)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/chat", r.visit)
	return app
}

func index(*bare.HttpRequest) bare.HttpResponse {
	return bare.BytesResponse(200, "text/html; charset=utf-8", page)
}

// A room is what everybody in it is told.
type room struct{ events *topic.Topic }

// A line is the data of an event. The event's type says what has happened: "joined",
// "said" or "left".
type line struct {
	Name string `json:"name"`
	Text string `json:"text,omitempty"`
}

// docs:start handler
// visit serves one client. The first message that it sends is its name, and what it says
// follows.
func (r *room) visit(request *bare.HttpRequest) bare.HttpResponse {
	name := ""
	request.OnEnd(func(bare.End) {
		if name != "" {
			r.tell(request, "left", line{Name: name})
		}
	})
	return r.events.Serve(request, topic.Lease{OnMessage: func(message bare.WebSocketMessage) {
		text := strings.TrimSpace(message.Text)
		switch {
		case text == "":
		case name == "":
			name = text
			r.tell(request, "joined", line{Name: name})
		default:
			r.tell(request, "said", line{Name: name, Text: text})
		}
		request.Sleep(100 * time.Millisecond) // nobody can flood the room
	}})
}

// docs:end handler
// tell tells everybody.
func (r *room) tell(request *bare.HttpRequest, kind string, said line) {
	event, err := topic.JSON(kind, "", said)
	if err == nil {
		_, err = r.events.Publish(request.Context(), event)
	}
	if err != nil {
		request.Cut(err)
	}
}

// docs:end program
