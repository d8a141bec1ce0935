// Streaming_fetch answers a POST with a line of JSON a second, for as long as the
// client listens. Run it, open http://localhost:9009/test, and press Start:
//
//	go run ./examples/streaming_fetch
package main

import (
	_ "embed"
	"fmt"
	"time"

	"github.com/bare-go/bare"
)

//go:embed streaming_fetch.html
var page []byte

// A message is what the client sends.
type message struct {
	Message string `json:"message"`
}

// A tick is one line of the answer.
type tick struct {
	Message string    `json:"message"`
	Time    time.Time `json:"time"`
}

func main() {
	bare.Main(newApp(), "localhost:9009")
}

func newApp() *bare.Application {
	app := bare.NewApplication()
	app.HttpRouter.Add(bare.Methods{"GET"}, "/", index)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/test", testPage)
	app.HttpRouter.Add(bare.Methods{"POST"}, "/events", testEvents)
	return app
}

func index(*bare.HttpRequest) bare.HttpResponse {
	return bare.RedirectResponse(303, "test")
}

func testPage(*bare.HttpRequest) bare.HttpResponse {
	return bare.BytesResponse(200, "text/html; charset=utf-8", page)
}

func testEvents(request *bare.HttpRequest) bare.HttpResponse {
	var received message
	if err := request.JSON(&received); err != nil {
		return bare.ErrorResponse(err)
	}

	sendEvents := func(yield func(tick) bool) {
		defer fmt.Println("Cancelled")
		for now := range request.Every(time.Second) {
			fmt.Println("Sending event")
			if !yield(tick{Message: received.Message, Time: now.UTC()}) {
				return
			}
		}
	}

	headers := bare.Headers(
		"cache-control", "no-cache",
		"content-type", "application/x-ndjson",
	)
	return bare.HttpResponse{Status: 200, Headers: headers, Body: bare.JSONLinesWriter(sendEvents)}
}
