package main

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/bare-go/bare/baretest"
)

func TestTheFactsAreReadAndChanged(t *testing.T) {
	for _, protocol := range baretest.Protocols() {
		t.Run(protocol.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := baretest.Config{Protocol: protocol}.NewServer(t, newApp())
				if got, want := server.Get("/info").Rest(), `{"name":"Michael Caine"}`+"\n"; got != want {
					t.Errorf("got %s, want %s", got, want)
				}
				stream := server.Post("/info", "application/json", strings.NewReader(`{"rank": "Sergeant"}`))
				if got := stream.Response.StatusCode; got != 204 {
					t.Errorf("got %d, want 204", got)
				}
				if got, want := server.Get("/info").Rest(), `{"name":"Michael Caine","rank":"Sergeant"}`+"\n"; got != want {
					t.Errorf("got %s, want %s", got, want)
				}
				if got := server.Post("/info", "application/json", strings.NewReader(`{"rank"`)).Response.StatusCode; got != 400 {
					t.Errorf("half a document: got %d, want 400", got)
				}
			})
		})
	}
}

// Under the race detector this fails without the lock.
func TestManyMayReadAndChangeTheFacts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := baretest.NewServer(t, newApp())
		var clients sync.WaitGroup
		for i := range 20 {
			clients.Go(func() {
				server.Post("/info", "application/json", strings.NewReader(fmt.Sprintf(`{"%d": "fact"}`, i))).Rest()
				server.Get("/info").Rest()
			})
		}
		clients.Wait()
		if got := strings.Count(server.Get("/info").Rest(), "fact"); got != 20 {
			t.Errorf("there are %d facts, want 20", got)
		}
	})
}
