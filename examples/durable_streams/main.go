// Durable_streams is a server of the Durable Streams protocol: streams that any
// client of the protocol makes, appends to, and reads, live or later.
//
//	go run ./examples/durable_streams
//
// Open http://localhost:9009/ in two windows, and write something in one of them.

// docs:start program
package main

import (
	"flag"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/durable"
)

func main() {
	wait := flag.Duration("long-poll", 20*time.Second, "how long a long poll waits")
	bare.Flags(flag.CommandLine)
	flag.Parse()
	bare.Main(newApp(*wait), "localhost:9009")
}

func newApp(wait time.Duration) *bare.Application {
	app := bare.NewApplication()
	durable.New(durable.Options{LongPoll: wait}).Register(app.Group("/v1/stream"))
	return app
}

// docs:end program
