// Fetch_events answers a POST with an event a second, up to the number that the
// client asks for, and goes on after the last one that it has had. Run it, open
// http://localhost:9009/, then stop the program and run it again:
//
//	go run ./examples/fetch_events
package main

import (
	"context"
	_ "embed"
	"fmt"
	"strconv"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/javascript"
)

//go:embed fetch_events.html
var page []byte

func main() {
	bare.Main(newApp(), "localhost:9009")
}

func newApp() *bare.Application {
	app := bare.NewApplication()
	app.HttpRouter.Add(bare.Methods{"GET"}, "/", index)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/streams.js", javascript.Handle)
	app.HttpRouter.Add(bare.Methods{"POST"}, "/events", testEvents)
	return app
}

func index(*bare.HttpRequest) bare.HttpResponse {
	return bare.BytesResponse(200, "text/html; charset=utf-8", page)
}

func testEvents(request *bare.HttpRequest) bare.HttpResponse {
	var asked struct {
		Last int `json:"last"`
	}
	if err := request.JSON(&asked); err != nil {
		return bare.ErrorResponse(err)
	}
	number := 0
	if id := request.Query().Get("last-event-id"); id != "" {
		var err error
		if number, err = strconv.Atoi(id); err != nil {
			return bare.TextResponse(400, "The last-event-id is not a number.")
		}
	}
	sendEvents := func(yield func([]byte) bool) error {
		for range request.Every(time.Second) {
			if number++; number > asked.Last {
				yield([]byte("event: done\ndata: That was all.\n\n"))
				return nil
			}
			if !yield(fmt.Appendf(nil, "id: %d\ndata: Number %d\n\n", number, number)) {
				return nil
			}
		}
		return context.Cause(request.Context()) // not all: a cut
	}
	return bare.HttpResponse{
		Headers: bare.Headers("content-type", "text/event-stream"),
		Body:    bare.StreamWriter(sendEvents),
	}
}
