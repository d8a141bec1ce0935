// Background_tasks has a task that runs beside the requests: it notes the time, once a
// second, and the requests show what it has noted.
//
//	go run ./examples/background_tasks
//	curl http://localhost:9009

// docs:start program
package main

import (
	"context"
	"fmt"
	"time"

	"github.com/bare-go/bare"
)

func main() {
	bare.Main(newApp(), "localhost:9009")
}

func newApp() *bare.Application {
	app := bare.NewApplication()
	app.Go(func(ctx context.Context) error { return tickTime(ctx, app.Info) })
	app.HttpRouter.Add(bare.Methods{"GET"}, "/", showTime)
	return app
}

// tickTime notes the time each second, until the application stops.
func tickTime(ctx context.Context, info *bare.Info) error {
	fmt.Println("The time ticker has started")
	defer fmt.Println("The time ticker has stopped")
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		info.Set("now", time.Now().Format(time.TimeOnly))
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil
		}
	}
}

func showTime(request *bare.HttpRequest) bare.HttpResponse {
	return bare.TextResponse(200, fmt.Sprintln("The last tick was at", request.Info.Get("now")))
}

// docs:end program
