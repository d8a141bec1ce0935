package main

import (
	"strings"

	"github.com/bare-go/bare"
)

// The functions here are those of the program after each of the changes that the chapter
// shows.

// docs:start secret
func secretIndex(*bare.HttpRequest) bare.HttpResponse {
	return bare.TextResponse(200, strings.Repeat("The quick brown fox jumps over the lazy dog.\n", 1000)).
		WithHeader("cache-control", "no-transform")
}

// docs:end secret

// docs:start types
func newTypedApp() *bare.Application {
	app := bare.NewApplication()
	app.Compression = &bare.Compression{Types: []string{"text/event-stream", "application/json"}}
	app.HttpRouter.Add(bare.Methods{"GET"}, "/", index)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/events", events)
	app.HttpRouter.Add(bare.Methods{"POST"}, "/count", count)
	return app
}

// docs:end types
