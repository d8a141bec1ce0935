// Prometheus shows what a service that streams tells Prometheus. Run it with
//
//	go run ./ext/prometheus/example
//
// and ask for http://localhost:9009/metrics.

// docs:start program
package main

import (
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/ext/prometheus"
)

func main() {
	bare.Main(newApp(), "localhost:9009")
}

func newApp() *bare.Application {
	app := bare.NewApplication()
	app.HttpRouter.Add(bare.Methods{"GET"}, "/hello/{name}", hello)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/ticks/{count:int}", ticks)

	metrics := prometheus.New(app, prometheus.Config{})
	app.Mount("/metrics", metrics.Handler())
	return app
}

func hello(request *bare.HttpRequest) bare.HttpResponse {
	return bare.TextResponse(200, "Hello, "+request.Matches.String("name")+"!\n")
}

func ticks(request *bare.HttpRequest) bare.HttpResponse {
	return bare.HttpResponse{
		Headers: bare.Headers("content-type", "text/event-stream"),
		Body: func(yield func([]byte) bool) {
			left := request.Matches.Int("count")
			for now := range request.Every(time.Second) {
				if left == 0 || !yield([]byte("data: "+now.Format(time.TimeOnly)+"\n\n")) {
					return
				}
				left--
			}
		},
	}
}

// docs:end program
