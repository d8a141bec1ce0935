package main

import (
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/bare-go/bare/baretest"
)

func TestAPageOfAnotherOriginMayReadTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := baretest.NewServer(t, newApp())
		request, err := http.NewRequest(http.MethodGet, server.URL+"/api/clock", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Origin", "http://localhost:9009")

		stream := server.Do(request)

		if got := stream.Response.Header.Get("Access-Control-Allow-Origin"); got != "http://localhost:9009" {
			t.Errorf("the origin that may read is %q", got)
		}
		stream.Event() // the stream begins with a comment
		first, second := stream.Event(), stream.Event()
		if first == second {
			t.Errorf("both events are %q", first)
		}
	})
}
