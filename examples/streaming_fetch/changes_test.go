package main

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/javascript"
)

// What follows becomes of newApp when a reader makes the change of the user guide.

// docs:start module
func newAppWithTheModule() *bare.Application {
	app := bare.NewApplication()
	app.HttpRouter.Add(bare.Methods{"GET"}, "/", index)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/test", testPage)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/streams.js", javascript.Handle)
	app.HttpRouter.Add(bare.Methods{"POST"}, "/events", testEvents)
	return app
}

// docs:end module

func TestThePageFindsTheModuleBesideIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stream := baretest.NewServer(t, newAppWithTheModule()).Get("/streams.js")
		if text := stream.Rest(); stream.Response.StatusCode != http.StatusOK || !strings.Contains(text, "export") {
			t.Errorf("the answer is %d %.100q", stream.Response.StatusCode, text)
		}
	})
}
