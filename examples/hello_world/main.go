// Hello_world answers every GET of its one path. Run it with
//
//	go run ./examples/hello_world
//
// and open http://localhost:9009/.
package main

import "github.com/bare-go/bare"

// docs:start program
func main() {
	bare.Main(newApp(), "localhost:9009")
}

func newApp() *bare.Application {
	app := bare.NewApplication()
	app.HttpRouter.Add(bare.Methods{"GET"}, "/", hello)
	return app
}

func hello(*bare.HttpRequest) bare.HttpResponse {
	return bare.HttpResponse{
		Status:  200,
		Headers: bare.Headers("content-type", "text/plain"),
		Body:    bare.TextWriter("Hello, World!\n"),
	}
}

// docs:end program
