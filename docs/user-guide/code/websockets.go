package code

import (
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/bare-go/bare"
)

func socketOptions(app *bare.Application) {
	// docs:start options
	app.WebSocketOptions = bare.WebSocketOptions{
		Origins:      []string{"app.example.com", "https://*.example.org"},
		ReadLimit:    64 << 10,
		PingInterval: 15 * time.Second,
	}
	// docs:end options
}

// docs:start both
// news is sent over a WebSocket to those who ask for one, and as text to all others.
func news(request *bare.HttpRequest) bare.HttpResponse {
	if !request.WantsWebSocket() {
		return bare.TextResponse(200, "No news\n")
	}
	return request.WebSocket(tellNews, bare.WebSocketOptions{ReadLimit: 1000})
}

func tellNews(request *bare.WebSocketRequest) {
	if request.WebSocket.Accept("", nil) == nil {
		_ = request.WebSocket.SendText("No news")
	}
}

// docs:end both

func grouped(app *bare.Application, login bare.HttpMiddleware) {
	// docs:start group
	members := app.Group("/members", login)
	members.Add(bare.Methods{"GET"}, "/news", bare.FromWebSocketHandler(tellNews, bare.WebSocketOptions{}))
	// docs:end group
}

// docs:start subprotocol
func versioned(request *bare.WebSocketRequest) {
	socket := request.WebSocket
	version := socket.Offers("chat.v2", "chat.v1")
	if version == "" {
		socket.Refuse(bare.TextResponse(400, "This server speaks chat.v2 and chat.v1.\n"))
		return
	}
	headers := http.Header{"X-Server": {"a"}}
	if err := socket.Accept(version, headers); err != nil {
		return
	}
	_ = socket.SendText("Welcome to " + version)
}

// docs:end subprotocol

// docs:start ends
func watched(request *bare.WebSocketRequest) {
	socket := request.WebSocket
	if err := socket.Accept("", nil); err != nil {
		return
	}
	for {
		message, err := socket.Receive()
		if closed, ok := errors.AsType[*bare.WebSocketCloseError](err); ok {
			request.Info.Set("closed", closed.Code)
			return
		} else if err != nil {
			request.Info.Set("lost", err)
			return
		}
		if message.Binary {
			_ = socket.Close(bare.CloseUnsupportedData, "text only")
			return
		}
	}
}

// docs:end ends

// docs:start room
// A room passes what one of its visitors says on to all of them. It waits for none: a
// visitor who falls 16 messages behind is shown out.
type room struct {
	mutex    sync.Mutex
	visitors map[*bare.WebSocketRequest]chan string
}

var errTooSlow = errors.New("too slow")

func (r *room) say(text string) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for visitor, messages := range r.visitors {
		select {
		case messages <- text:
		default:
			visitor.Cut(errTooSlow)
		}
	}
}

func (r *room) visit(request *bare.WebSocketRequest) {
	socket := request.WebSocket
	if err := socket.Accept("", nil); err != nil {
		return
	}
	messages := make(chan string, 16)
	r.enter(request, messages)
	defer r.leave(request)
	go func() {
		for message := range socket.Messages() {
			r.say(message.Text)
		}
	}()
	for text := range bare.Receive(request.HttpRequest, messages) {
		if err := socket.SendText(text); err != nil {
			return
		}
	}
}

// docs:end room

func (r *room) enter(request *bare.WebSocketRequest, messages chan string) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.visitors == nil {
		r.visitors = make(map[*bare.WebSocketRequest]chan string)
	}
	r.visitors[request] = messages
}

func (r *room) leave(request *bare.WebSocketRequest) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	delete(r.visitors, request)
}
