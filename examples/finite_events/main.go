// Finite_events sends an event stream that has an end: ten messages a second
// apart, one of several lines, and a last one at which the page closes.
//
//	go run ./examples/finite_events
//
// Open http://localhost:9009/ and press the button.

// docs:start program
package main

import (
	_ "embed"
	"fmt"
	"time"

	"github.com/bare-go/bare"
)

//go:embed test.html
var page []byte

func main() {
	bare.Main(newApp(), "localhost:9009")
}

func newApp() *bare.Application {
	app := bare.NewApplication()
	app.HttpRouter.Add(bare.Methods{"GET"}, "/", index)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/test", testPage)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/endpoint/", endpoint)
	return app
}

func index(*bare.HttpRequest) bare.HttpResponse {
	return bare.RedirectResponse(303, "test")
}

func testPage(*bare.HttpRequest) bare.HttpResponse {
	return bare.BytesResponse(200, "text/html; charset=utf-8", page)
}

// endpoint takes two parameters from the query: name is who the messages are for,
// and closing is the name of the last event. Without closing, the last event is a
// message with the poison pill.
func endpoint(request *bare.HttpRequest) bare.HttpResponse {
	query := request.Query()
	last := formatMessage(poisonPill)
	if closing := query.Get("closing"); closing != "" {
		var err error
		last, err = formatEvent(closing, "This is the end.\nIt really is.")
		if err != nil {
			return bare.ErrorResponse(err)
		}
	}
	return bare.HttpResponse{
		Headers: bare.Headers("content-type", "text/event-stream"),
		Body: func(yield func([]byte) bool) {
			for i := range 10 {
				if !yield(formatMessage(fmt.Sprintf("Message # %d", i))) || !request.Sleep(time.Second) {
					return
				}
			}
			if !yield(formatMessage("That was all for\n" + query.Get("name"))) {
				return
			}
			yield(last)
		},
	}
}

// docs:end program
