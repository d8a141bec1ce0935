// Decorator has each handler beside its route, as the decorators of Python do.
//
//	go run ./examples/decorator
//	curl http://localhost:9009/anything
package main

import (
	"context"
	"fmt"

	"github.com/bare-go/bare"
)

func main() {
	bare.Main(newApp(func(text string) { fmt.Println(text) }), "localhost:9009")
}

// docs:start program
// newApp says with a function what happens: main prints it, and a test keeps it.
func newApp(say func(text string)) *bare.Application {
	app := bare.NewApplication()

	app.OnStartup(func(context.Context) error {
		say("Starting up")
		return nil
	})

	app.OnShutdown(func(context.Context) error {
		say("Shutting down")
		return nil
	})

	app.OnHttpRequest(bare.Methods{"GET"}, "/{rest:path}", func(request *bare.HttpRequest) bare.HttpResponse {
		return bare.TextResponse(200, "You asked for "+request.Matches.String("rest")+".\n")
	})

	return app
}

// docs:end program
