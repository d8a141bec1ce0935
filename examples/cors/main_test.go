package main

import (
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/internal/leaktest"
)

func TestMain(m *testing.M) { os.Exit(leaktest.Run(m, os.Stderr)) }

func TestThePageIsServed(t *testing.T) {
	for _, protocol := range baretest.Protocols() {
		t.Run(protocol.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				stream := baretest.Config{Protocol: protocol}.NewServer(t, newApp()).Get("/")
				if got := stream.Rest(); !strings.Contains(got, `const api = "http://localhost:9010/api"`) {
					t.Errorf("got %s", got)
				}
			})
		})
	}
}
