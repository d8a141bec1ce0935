package main

import (
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/bare-go/bare/baretest"
)

// docs:start handler
func TestHelloGreets(t *testing.T) {
	response := hello(baretest.NewRequest("GET", "/", nil))
	if got := baretest.Chunks(response.Body, -1); len(got) != 1 || got[0] != "Hello, World!\n" {
		t.Errorf("got %q", got)
	}
}

// docs:end handler

// docs:start server
func TestTheServerGreets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stream := baretest.NewServer(t, newApp()).Get("/")
		if got := stream.Rest(); stream.Response.StatusCode != http.StatusOK || got != "Hello, World!\n" {
			t.Errorf("got %d %q", stream.Response.StatusCode, got)
		}
	})
}

// docs:end server
