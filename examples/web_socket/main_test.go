package main

import (
	"bytes"
	"testing"
	"testing/synctest"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

func TestOnlyAnUpgradeIsAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if got := baretest.NewServer(t, newApp()).Get("/echo").Response.StatusCode; got != 426 {
			t.Errorf("the status is %d", got)
		}
	})
}

func TestAStopClosesTheSocket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := baretest.NewServer(t, newApp())
		socket := server.WebSocket("/echo", nil)
		stopped := make(chan error, 1)
		go func() { stopped <- server.Stop() }()
		if code := socket.Code(); code != bare.CloseGoingAway {
			t.Errorf("closed with %d", code)
		}
		if err := <-stopped; err != nil {
			t.Error(err)
		}
	})
}

func TestThePageIsAtTheRoot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stream := baretest.NewServer(t, newApp()).Get("/")
		if got := stream.Response.Header.Get("Content-Type"); got != "text/html; charset=utf-8" {
			t.Errorf("the content type is %q", got)
		}
		if got := stream.Rest(); got != string(page) {
			t.Errorf("the page is %q", got)
		}
	})
	for _, unwanted := range []string{"http://", "https://", "innerHTML", "var "} {
		if bytes.Contains(page, []byte(unwanted)) {
			t.Errorf("the page has %q", unwanted)
		}
	}
}
