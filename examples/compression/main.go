// Compression sends a long text and an event stream compressed, and takes a compressed
// request. Run it with
//
//	go run ./examples/compression
//
// and ask for http://localhost:9009/events with curl --compressed.

// docs:start program
package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/bare-go/bare"
)

func main() {
	bare.Main(newApp(), "localhost:9009")
}

func newApp() *bare.Application {
	app := bare.NewApplication()
	app.Compression = &bare.Compression{}
	app.HttpRouter.Add(bare.Methods{"GET"}, "/", index)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/events", events)
	app.HttpRouter.Add(bare.Methods{"POST"}, "/count", count)
	return app
}

func index(*bare.HttpRequest) bare.HttpResponse {
	return bare.TextResponse(200, strings.Repeat("The quick brown fox jumps over the lazy dog.\n", 1000))
}

func events(request *bare.HttpRequest) bare.HttpResponse {
	return bare.HttpResponse{
		Headers: bare.Headers("content-type", "text/event-stream"),
		Body: func(yield func([]byte) bool) {
			n := 0
			for range request.Every(time.Second) {
				n++
				if !yield(fmt.Appendf(nil, "data: event %d\n\n", n)) {
					return
				}
			}
		},
	}
}

func count(request *bare.HttpRequest) bare.HttpResponse {
	text, err := request.Text()
	if err != nil {
		return bare.ErrorResponse(err)
	}
	return bare.TextResponse(200, fmt.Sprintf("%d bytes\n", len(text)))
}

// docs:end program
