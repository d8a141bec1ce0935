// Cors serves a page that talks to another server, the one in the folder rest. Run both,
// each in a terminal of its own:
//
//	go run ./examples/cors/rest
//	go run ./examples/cors
//
// and open http://localhost:9009.

// docs:start program
package main

import (
	_ "embed"

	"github.com/bare-go/bare"
)

//go:embed cors.html
var page []byte

func main() {
	bare.Main(newApp(), "localhost:9009")
}

func newApp() *bare.Application {
	app := bare.NewApplication()
	app.HttpRouter.Add(bare.Methods{"GET"}, "/", index)
	return app
}

func index(*bare.HttpRequest) bare.HttpResponse {
	return bare.BytesResponse(200, "text/html; charset=utf-8", page)
}

// docs:end program
