// Flags greets the one that its own flag names.
package main

import (
	"flag"

	"github.com/bare-go/bare"
)

// docs:start main
func main() {
	name := flag.String("name", "World", "who to greet")
	bare.Flags(flag.CommandLine)
	flag.Parse()
	bare.Main(newApp(*name), "localhost:9009")
}

func newApp(name string) *bare.Application {
	app := bare.NewApplication()
	app.HttpRouter.Add(bare.Methods{"GET"}, "/", func(*bare.HttpRequest) bare.HttpResponse {
		return bare.TextResponse(200, "Hello, "+name+".\n")
	})
	return app
}

// docs:end main
