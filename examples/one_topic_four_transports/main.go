// One_topic_four_transports publishes an event once a second, and shows how it reaches a
// page in each of the ways that there are, side by side, with what each costs:
//
//	go run ./examples/one_topic_four_transports
//
// Open http://localhost:9009/.
package main

import (
	"context"
	_ "embed"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/topic"
)

//go:embed one_topic_four_transports.html
var page []byte

func main() {
	bare.Main(newApp(), "localhost:9009")
}

// A tick is the data of each event.
type tick struct {
	Number int   `json:"number"`
	Time   int64 `json:"time"` // in milliseconds since 1970, as JavaScript has it
}

func newApp() *bare.Application {
	ticks := topic.New(topic.Options{})
	costs := newCosts()
	app := bare.NewApplication()
	app.HttpRouter.Add(bare.Methods{"GET"}, "/", index)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/costs", costs.handle)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/events", bare.Chain(ticks.Handle, costs.count))
	app.Go(func(ctx context.Context) error { return publish(ctx, ticks) })
	return app
}

func index(*bare.HttpRequest) bare.HttpResponse {
	return bare.BytesResponse(200, "text/html; charset=utf-8", page)
}

// publish publishes one event a second, whoever listens.
func publish(ctx context.Context, ticks *topic.Topic) error {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for number := 1; ; number++ {
		select {
		case now := <-ticker.C:
			event, err := topic.JSON("tick", "", tick{number, now.UnixMilli()})
			if err != nil {
				return err
			}
			if _, err := ticks.Publish(ctx, event); err != nil {
				return err
			}
		case <-ctx.Done():
			return nil
		}
	}
}
