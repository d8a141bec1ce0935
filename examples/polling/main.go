// Polling shows the time by asking for it: once a second, or, at /long, with a
// request that the server holds until there is something new.
//
//	go run ./examples/polling
//
// Open http://localhost:9009/ and http://localhost:9009/long.
package main

import (
	_ "embed"
	"time"

	"github.com/bare-go/bare"
)

//go:embed test.html
var page []byte

//go:embed long.html
var longPage []byte

func newApp() *bare.Application {
	app := bare.NewApplication()
	app.HttpRouter.Add(bare.Methods{"GET"}, "/", index)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/test", html(page))
	app.HttpRouter.Add(bare.Methods{"GET"}, "/time", currentTime)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/long", html(longPage))
	app.HttpRouter.Add(bare.Methods{"GET"}, "/wait", nextTime)
	return app
}

func main() {
	bare.Main(newApp(), "localhost:9009")
}

func index(*bare.HttpRequest) bare.HttpResponse {
	return bare.RedirectResponse(303, "test")
}

func html(content []byte) bare.HttpHandler {
	return func(*bare.HttpRequest) bare.HttpResponse {
		return bare.BytesResponse(200, "text/html; charset=utf-8", content)
	}
}

// docs:start polling

func currentTime(*bare.HttpRequest) bare.HttpResponse {
	text := time.Now().UTC().Format(time.DateTime)
	return bare.TextResponse(200, text).WithHeader("cache-control", "no-store")
}

// docs:end polling

// docs:start long

// nextTime answers as soon as the time is later than the one that the client has
// seen. After 30 seconds without news it answers 204: proxies give up on a request
// that is silent for a minute.
func nextTime(request *bare.HttpRequest) bare.HttpResponse {
	seen := request.Query().Get("seen")
	for start := time.Now(); time.Since(start) < 30*time.Second; {
		now := time.Now()
		if now.UTC().Format(time.DateTime) > seen {
			return currentTime(request)
		}
		if !request.Sleep(now.Truncate(time.Second).Add(time.Second).Sub(now)) {
			break // the client has left
		}
	}
	return bare.HttpResponse{Status: 204, Headers: bare.Headers("cache-control", "no-store")}
}

// docs:end long
