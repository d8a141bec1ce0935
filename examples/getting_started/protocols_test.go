package main

import (
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/bare-go/bare/baretest"
)

func TestTicksComeAndEndCleanlyOverEachProtocol(t *testing.T) {
	t.Parallel()
	for _, protocol := range baretest.Protocols() {
		t.Run(protocol.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server := baretest.Config{Protocol: protocol}.NewServer(t, newApp())
				stream := server.Get("/ticks")
				for n := range 3 {
					if got, want := stream.Next(), fmt.Sprintf("tick %d\n", n+1); got != want {
						t.Fatalf("got %q, want %q", got, want)
					}
				}
				if err := server.Stop(); err != nil {
					t.Errorf("the stop: %v", err)
				}
				if rest, err := stream.Rest(), stream.Err(); rest != "" || err != nil {
					t.Errorf("at the stop the client saw %q and %v", rest, err)
				}
			})
		})
	}
}
