package main

import (
	"testing"
	"testing/synctest"

	"github.com/bare-go/bare/baretest"
)

func TestEachHandlerRuns(t *testing.T) {
	for _, protocol := range baretest.Protocols() {
		t.Run(protocol.String(), func(t *testing.T) {
			var output []string
			synctest.Test(t, func(t *testing.T) {
				server := baretest.Config{Protocol: protocol}.NewServer(t, newApp(func(text string) { output = append(output, text) }))
				if got, want := server.Get("/any/thing").Rest(), "You asked for any/thing.\n"; got != want {
					t.Errorf("got %q, want %q", got, want)
				}
				if err := server.Stop(); err != nil {
					t.Errorf("the stop failed: %v", err)
				}
			})
			if len(output) != 2 || output[0] != "Starting up" || output[1] != "Shutting down" {
				t.Errorf("it printed %q", output)
			}
		})
	}
}
