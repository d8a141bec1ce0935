// Readme is the program of the project's first page. Run it with
//
//	go run ./examples/readme
//
// and watch it with curl -N http://localhost:9009/events.

// docs:start program
package main

import "time"
import "github.com/bare-go/bare"

func main() {
	app := bare.NewApplication()
	app.HttpRouter.Add(bare.Methods{"GET"}, "/events", events)
	bare.Main(app, "localhost:9009")
}

// docs:start handler
func events(request *bare.HttpRequest) bare.HttpResponse {
	return bare.HttpResponse{Headers: bare.Headers("content-type", "text/event-stream"), Body: func(yield func([]byte) bool) {
		for now := range request.Every(time.Second) {
			if !yield([]byte("data: " + now.Format(time.TimeOnly) + "\n\n")) {
				return
			}
		}
	}}
}

// docs:end handler

// docs:end program
