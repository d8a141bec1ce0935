// Readme is the program of the project's first page. Run it with
//
//	go run ./examples/readme
//
// and watch it with curl -N http://localhost:9009/events.

// docs:start program
package main

import (
	"time"

	"github.com/bare-go/bare"
)

func main() {
	app := bare.NewApplication()
	app.HttpRouter.Add(bare.Methods{"GET"}, "/events", events)
	bare.Main(app, "localhost:9009")
}

// docs:start handler
func events(request *bare.HttpRequest) bare.HttpResponse {
	sendEvents := func(yield func([]byte) bool) {
		for yield([]byte("data: "+time.Now().Format(time.TimeOnly)+"\n\n")) && request.Sleep(time.Second) {
		}
	}
	return bare.HttpResponse{Headers: bare.Headers("content-type", "text/event-stream"), Body: sendEvents}
}

// docs:end handler

// docs:end program
