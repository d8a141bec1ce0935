// Ticks sends a line each second to whoever asks.
package main

import (
	"fmt"
	"time"

	"github.com/bare-go/bare"
)

func main() {
	bare.Main(newApp(), "localhost:9009")
}

func newApp() *bare.Application {
	app := bare.NewApplication()
	app.HttpRouter.Add(bare.Methods{"GET"}, "/ticks", ticks)
	return app
}

func ticks(request *bare.HttpRequest) bare.HttpResponse {
	sendTicks := func(yield func([]byte) bool) {
		n := 0
		for range request.Every(time.Second) {
			n++
			if !yield(fmt.Appendf(nil, "tick %d\n", n)) {
				return
			}
		}
	}
	return bare.HttpResponse{
		Status:  200,
		Headers: bare.Headers("content-type", "text/plain"),
		Body:    sendTicks,
	}
}
