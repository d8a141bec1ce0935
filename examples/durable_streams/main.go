// Durable_streams is a server of the Durable Streams protocol: streams that any
// client of the protocol makes, appends to, and reads, live or later.
//
//	go run ./examples/durable_streams
//
// Open http://localhost:9009/ in two windows, and say something in one of them.

// docs:start program
package main

import (
	"embed"
	"flag"
	"net/http"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/durable"
)

//go:embed index.html client.js client.licences.txt
var files embed.FS

func main() {
	wait := flag.Duration("long-poll", 20*time.Second, "how long a long poll waits")
	bare.Flags(flag.CommandLine)
	flag.Parse()
	bare.Main(newApp(*wait), "localhost:9009")
}

func newApp(wait time.Duration) *bare.Application {
	app := bare.NewApplication()
	durable.New(durable.Options{LongPoll: wait}).Register(app.Group("/v1/stream"))
	app.Mount("/", http.FileServerFS(files)) // the page
	return app
}

// docs:end program
