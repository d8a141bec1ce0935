// Server_sent_events tells every page that is open the time, once a second. Run
// it with
//
//	go run ./examples/server_sent_events
//
// and open http://localhost:9009/test.

// docs:start program
package main

import (
	_ "embed"
	"fmt"
	"time"

	"github.com/bare-go/bare"
)

//go:embed server_sent_events.html
var page []byte

func main() {
	bare.Main(newApp(), "localhost:9009")
}

func newApp() *bare.Application {
	app := bare.NewApplication()
	app.HttpRouter.Add(bare.Methods{"GET"}, "/", index)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/test", testPage)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/events", testEvents)
	return app
}

func index(*bare.HttpRequest) bare.HttpResponse {
	return bare.RedirectResponse(303, "test")
}

func testPage(*bare.HttpRequest) bare.HttpResponse {
	return bare.BytesResponse(200, "text/html; charset=utf-8", page)
}

func testEvents(request *bare.HttpRequest) bare.HttpResponse {
	sendEvents := func(yield func([]byte) bool) {
		defer fmt.Println("Cancelled")
		for now := range request.Every(time.Second) {
			fmt.Println("Sending event")
			if !yield(fmt.Appendf(nil, "data: %s\n\n", now.Format(time.DateTime))) {
				return
			}
		}
	}
	headers := bare.Headers("content-type", "text/event-stream")
	return bare.HttpResponse{Status: 200, Headers: headers, Body: sendEvents}
}

// docs:end program
