// Service streams the time inside the middlewares that most services need.
package main

import (
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/middleware"
)

func main() { bare.Main(newApp(os.Stderr), "localhost:9009") }

func newApp(log io.Writer) *bare.Application {
	logger := slog.New(middleware.LogHandler(slog.NewTextHandler(log, nil)))
	app := bare.NewApplication()
	app.Logger = logger
	app.Middlewares = append(app.Middlewares,
		middleware.Proxies{}.Middleware(),                 // the client's address, not nginx's
		middleware.RequestID{}.Middleware(),               // an identifier for all that is logged
		middleware.AccessLog{Logger: logger}.Middleware(), // refusals are logged, too
		middleware.RateLimit{}.Middleware(),               // 429
		middleware.CSRF{}.Middleware(),                    // 403
		middleware.Timeout{}.Middleware())                 // 503
	app.HttpRouter.Add(bare.Methods{"GET"}, "/ticks", ticks)
	return app
}

// ticks sends the time, each second.
func ticks(request *bare.HttpRequest) bare.HttpResponse {
	return bare.HttpResponse{
		Headers: bare.Headers("content-type", "text/plain"),
		Body: bare.StringsWriter(func(yield func(string) bool) {
			for now := range request.Every(time.Second) {
				if !yield(now.Format(time.TimeOnly) + "\n") {
					return
				}
			}
		}),
	}
}
