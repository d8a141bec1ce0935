package main

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/bare-go/bare/baretest"
)

func TestWhatIsPostedIsFoundByTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := baretest.NewServer(t, newApp())

		posted := server.Post("/info", "application/json", strings.NewReader(`{"name": "Peter Sellers"}`))
		if posted.Response.StatusCode != http.StatusNoContent {
			t.Fatalf("got %d: %s", posted.Response.StatusCode, posted.Rest())
		}

		if got, want := server.Get("/info").Rest(), `{"name":"Peter Sellers"}`+"\n"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}
