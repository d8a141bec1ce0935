// Inspector shows the streams of an application while they run. Run it, open
// http://localhost:9009/ and press some buttons, and then http://localhost:9009/inspect
// in another window:
//
//	go run ./examples/inspector

// docs:start program
package main

import (
	"context"
	_ "embed"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/inspect"
	"github.com/bare-go/bare/topic"
)

//go:embed inspector.html
var page []byte

func main() {
	bare.Main(newApp(), "localhost:9009")
}

func newApp() *bare.Application {
	prices := topic.New(topic.Options{})
	app := bare.NewApplication()
	app.HttpRouter.Add(bare.Methods{"GET"}, "/", index)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/clock", clock)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/prices", prices.Handle)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/report", report)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/download", download)
	app.Go(func(ctx context.Context) error { return change(ctx, prices) })
	inspect.Inspector{}.Serve(app, "/inspect")
	return app
}

func index(*bare.HttpRequest) bare.HttpResponse {
	return bare.BytesResponse(200, "text/html; charset=utf-8", page)
}

// clock never ends by itself.
func clock(request *bare.HttpRequest) bare.HttpResponse {
	return bare.HttpResponse{
		Headers: bare.Headers("content-type", "text/event-stream"),
		Body: func(yield func([]byte) bool) {
			for now := range request.Every(time.Second) {
				if !yield([]byte("data: " + now.Format(time.TimeOnly) + "\n\n")) {
					return
				}
			}
		},
	}
}

// report takes ten seconds, and fails now and then.
func report(request *bare.HttpRequest) bare.HttpResponse {
	return bare.HttpResponse{Body: bare.StreamWriter(func(yield func([]byte) bool) error {
		for range 10 {
			if !yield([]byte("a line of the report\n")) || !request.Sleep(time.Second) {
				return context.Cause(request.Context())
			}
		}
		if rand.N(3) == 0 {
			return errors.New("the database has gone away")
		}
		return nil
	})}
}

// download sends as fast as its client takes it. One that takes nothing blocks it.
func download(*bare.HttpRequest) bare.HttpResponse {
	return bare.HttpResponse{Body: func(yield func([]byte) bool) {
		for chunk := make([]byte, 16<<10); yield(chunk); {
		}
	}}
}

// change publishes a price every 300 ms.
func change(ctx context.Context, prices *topic.Topic) error {
	ticker := time.NewTicker(300 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		event, err := topic.JSON("price", "", 100+rand.N(10))
		if err != nil {
			return err
		}
		if _, err := prices.Publish(ctx, event); err != nil {
			return err
		}
	}
}

// docs:end program
