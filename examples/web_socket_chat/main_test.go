package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

// next returns what the next event of a socket says. What is no event is left out.
func next(t *testing.T, socket *baretest.WebSocket) string {
	t.Helper()
	for {
		var record struct {
			Type string
			Data line
		}
		if err := json.Unmarshal([]byte(socket.Text()), &record); err != nil {
			t.Fatal(err)
		}
		if record.Type != "" {
			return strings.TrimSpace(fmt.Sprint(record.Data.Name, " ", record.Type, " ", record.Data.Text))
		}
	}
}

func wantNext(t *testing.T, socket *baretest.WebSocket, want string) {
	t.Helper()
	if got := next(t, socket); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestEverybodyReadsWhatAnybodySays(t *testing.T) {
	for _, protocol := range baretest.Protocols() {
		t.Run(protocol.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := baretest.Config{Protocol: protocol}.NewServer(t, newApp())
				reader := server.Get("/chat") // an event stream reads along
				reader.Event()
				ann := server.WebSocket("/chat?last-event-id=", nil)
				ann.SendText(" Ann ")
				wantNext(t, ann, "Ann joined")
				ann.SendText("Is anybody here?")
				wantNext(t, ann, "Ann said Is anybody here?")

				bob := server.WebSocket("/chat?last-event-id=", nil)
				wantNext(t, bob, "Ann joined") // he sees what came before
				wantNext(t, bob, "Ann said Is anybody here?")
				bob.SendText("Bob")
				bob.SendText(" ")
				bob.SendText("Me")
				for _, socket := range []*baretest.WebSocket{ann, bob} {
					wantNext(t, socket, "Bob joined")
					wantNext(t, socket, "Bob said Me")
				}
				bob.Close(bare.CloseGoingAway, "")
				wantNext(t, ann, "Bob left")
				if got := reader.Event(); !strings.HasSuffix(got, "\ndata: {\"name\":\"Ann\"}\n\n") {
					t.Errorf("the reader got %q", got)
				}
			})
		})
	}
}

// TestNobodyFloodsTheRoom has a client that sends as fast as it can.
func TestNobodyFloodsTheRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		socket := baretest.NewServer(t, newApp()).WebSocket("/chat", nil)
		begin := time.Now()
		for range 100 {
			socket.SendText("x")
		}
		for range 100 {
			next(t, socket)
		}
		if took := time.Since(begin); took < 9*time.Second {
			t.Errorf("a hundred messages were read in %v", took)
		}
		socket.SendText(strings.Repeat("x", 5000))
		if code := socket.Code(); code != bare.CloseMessageTooBig {
			t.Errorf("closed with %d", code)
		}
	})
}

func TestWhoOnlyLooksIsNotInTheRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := baretest.NewServer(t, newApp())
		server.WebSocket("/chat", nil).Close(bare.CloseNormal, "")
		server.Get("/chat").Close()
		synctest.Wait()
		ann := server.WebSocket("/chat", nil)
		ann.SendText("Ann")
		wantNext(t, ann, "Ann joined")
	})
}

func TestAStopSaysWhenToComeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := baretest.NewServer(t, newApp())
		ann := server.WebSocket("/chat", nil)
		ann.SendText("Ann")
		wantNext(t, ann, "Ann joined")
		stopped := make(chan error, 1)
		go func() { stopped <- server.Stop() }()
		if got := ann.Text(); !strings.HasPrefix(got, `{"retry":`) {
			t.Errorf("the last message is %q", got)
		}
		if code := ann.Code(); code != bare.CloseServiceRestart {
			t.Errorf("closed with %d", code)
		}
		if err := <-stopped; err != nil {
			t.Error(err)
		}
	})
}

func TestThePageIsAtTheRoot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if got := baretest.NewServer(t, newApp()).Get("/").Rest(); got != string(page) {
			t.Errorf("the page is %q", got)
		}
	})
	for _, unwanted := range []string{"http://", "https://", "innerHTML", "var "} {
		if bytes.Contains(page, []byte(unwanted)) {
			t.Errorf("the page has %q", unwanted)
		}
	}
}
