// Lifespan takes a lock when it starts, and gives it back when it stops, so that there
// is only one of it.
//
//	go run ./examples/lifespan
//	curl http://localhost:9009

// docs:start program
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/bare-go/bare"
)

func main() {
	bare.Main(newApp("greeter.lock"), "localhost:9009")
}

func newApp(path string) *bare.Application {
	l := lock{path}
	app := bare.NewApplication()
	app.OnStartup(l.take)
	app.OnShutdown(l.giveBack)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/", hello)
	return app
}

// A lock is a file that is there while one program has it.
type lock struct{ path string }

func (l lock) take(context.Context) error {
	file, err := os.OpenFile(l.path, os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err // somebody has it: the application does not start
	}
	fmt.Println("Running the start-up handler")
	return file.Close()
}

func (l lock) giveBack(context.Context) error {
	fmt.Println("Running the shutdown handler")
	return os.Remove(l.path)
}

func hello(*bare.HttpRequest) bare.HttpResponse {
	return bare.TextResponse(200, "Hello, World!\n")
}

// docs:end program
