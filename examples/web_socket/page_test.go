package main

import (
	"testing"
	"testing/synctest"

	"github.com/bare-go/bare/baretest"
)

func TestTheServerSaysWhatItWasTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		socket := baretest.NewServer(t, newApp()).WebSocket("/echo", nil)
		socket.SendText("hello")
		if got := socket.Text(); got != "You said: hello" {
			t.Errorf("got %q", got)
		}
		if code := socket.Close(1000, ""); code != 1000 {
			t.Errorf("closed with %d", code)
		}
	})
}
