// Server_sent_events_queue has one clock and any number of listeners, which all see
// the same ticks. Run it, and open http://localhost:9009/test in several windows:
//
//	go run ./examples/server_sent_events_queue

// docs:start program
package main

import (
	"context"
	_ "embed"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/topic"
)

//go:embed server_sent_events_queue.html
var page []byte

func main() {
	bare.Main(newApp(topic.New(topic.Options{})), "localhost:9009")
}

func newApp(ticks *topic.Topic) *bare.Application {
	app := bare.NewApplication()
	app.HttpRouter.Add(bare.Methods{"GET"}, "/", index)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/test", testPage)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/events", ticks.Handle)
	app.Go(func(ctx context.Context) error { return publish(ctx, ticks) })
	return app
}

func index(*bare.HttpRequest) bare.HttpResponse {
	return bare.RedirectResponse(303, "test")
}

func testPage(*bare.HttpRequest) bare.HttpResponse {
	return bare.BytesResponse(200, "text/html; charset=utf-8", page)
}

// docs:start source
// publish is the source: it says the time once a second, whoever listens.
func publish(ctx context.Context, ticks *topic.Topic) error {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		event := topic.Event{Data: []byte(time.Now().Format(time.DateTime))}
		if _, err := ticks.Publish(ctx, event); err != nil {
			return err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// docs:end source

// docs:end program
