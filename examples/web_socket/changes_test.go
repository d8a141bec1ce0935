package main

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

// The handlers here are echo after each of the changes that the chapter shows, whose
// text the tests of the documents compare with theirs.

// docs:start bytes
func bytesToo(request *bare.WebSocketRequest) {
	socket := request.WebSocket
	if err := socket.Accept("", nil); err != nil {
		return
	}
	for message := range socket.Messages() {
		if message.Binary {
			_ = socket.SendBytes(message.Bytes)
			continue
		}
		if err := socket.SendText("You said: " + message.Text); err != nil {
			return
		}
	}
}

// docs:end bytes

// docs:start members
func members(request *bare.WebSocketRequest) {
	socket := request.WebSocket
	if _, err := request.Scope.Cookie("user"); err != nil {
		socket.Refuse(bare.TextResponse(401, "Log in first."))
		return
	}
	if err := socket.Accept("", nil); err != nil {
		return
	}
	for message := range socket.Messages() {
		if err := socket.SendText("You said: " + message.Text); err != nil {
			return
		}
	}
}

// docs:end members

// docs:start polite
func polite(request *bare.WebSocketRequest) {
	socket := request.WebSocket
	if err := socket.Accept("", nil); err != nil {
		return
	}
	for message := range socket.Messages() {
		if message.Text == "bye" {
			_ = socket.Close(4000, "See you!")
			return
		}
		if err := socket.SendText("You said: " + message.Text); err != nil {
			return
		}
	}
}

// docs:end polite

// docs:start clock
func clock(request *bare.WebSocketRequest) {
	socket := request.WebSocket
	if err := socket.Accept("", nil); err != nil {
		return
	}
	for now := range request.Every(time.Second) {
		if err := socket.SendText(now.Format(time.TimeOnly)); err != nil {
			return
		}
	}
}

// docs:end clock

// only serves one handler.
func only(t *testing.T, handler bare.WebSocketHandler) *baretest.Server {
	t.Helper()
	app := bare.NewApplication()
	app.OnWebSocketRequest("/echo", handler)
	return baretest.NewServer(t, app)
}

func TestBytesComeBackAsBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		socket := only(t, bytesToo).WebSocket("/echo", nil)
		socket.SendBytes([]byte{1, 2})
		if message, ok := socket.Receive(); !ok || !message.Binary || string(message.Bytes) != "\x01\x02" {
			t.Errorf("got %+v", message)
		}
		socket.SendText("a")
		if got := socket.Text(); got != "You said: a" {
			t.Errorf("got %q", got)
		}
	})
}

func TestOnlyMembersAreLetIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := only(t, members)
		if got := server.WebSocket("/echo", nil).Response.StatusCode; got != 401 {
			t.Errorf("the status is %d", got)
		}
		socket := server.WebSocket("/echo", http.Header{"Cookie": {"user=fred"}})
		socket.SendText("a")
		if got := socket.Text(); got != "You said: a" {
			t.Errorf("got %q", got)
		}
	})
}

func TestAByeIsAnsweredWithAClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		socket := only(t, polite).WebSocket("/echo", nil)
		socket.SendText("bye")
		if code := socket.Code(); code != 4000 || socket.Reason() != "See you!" {
			t.Errorf("closed with %d %q", code, socket.Reason())
		}
	})
}

func TestTheTimeComesEachSecondUntilTheClientCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		socket := only(t, clock).WebSocket("/echo", nil)
		start := time.Now()
		for i := range 3 {
			want := start.Add(time.Duration(i) * time.Second).Format(time.TimeOnly)
			if got := socket.Text(); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
		if code := socket.Close(1000, ""); code != 1000 {
			t.Errorf("closed with %d", code)
		}
	})
}
