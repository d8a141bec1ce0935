// Watched sends the time, and shows its streams at /inspect.

// docs:start program
package main

import (
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/inspect"
)

func main() {
	bare.Main(newApp(), "localhost:9009")
}

func newApp() *bare.Application {
	app := bare.NewApplication()
	app.HttpRouter.Add(bare.Methods{"GET"}, "/ticks", ticks)
	inspect.Inspector{}.Serve(app, "/inspect")
	return app
}

func ticks(request *bare.HttpRequest) bare.HttpResponse {
	return bare.HttpResponse{
		Headers: bare.Headers("content-type", "text/plain; charset=utf-8"),
		Body: func(yield func([]byte) bool) {
			for now := range request.Every(time.Second) {
				if !yield([]byte(now.Format(time.TimeOnly) + "\n")) {
					return
				}
			}
		},
	}
}

// docs:end program
