// Timing_middleware logs how each response went: its status, how soon the first
// byte came, and how long it took until the last, which for a stream is long after
// the handler has returned. Run it with
//
//	go run ./examples/timing_middleware
//
// and ask for a stream, a small response and a path that is not there:
//
//	curl -N http://localhost:9009/ticks
//	curl http://localhost:9009/hello
//	curl http://localhost:9009/nowhere
package main

import (
	"context"
	"log/slog"
	"os"
	"time"

	"github.com/bare-go/bare"
)

// docs:start app
func main() {
	bare.Main(newApp(slog.New(slog.NewTextHandler(os.Stdout, nil))), "localhost:9009")
}

func newApp(logger *slog.Logger) *bare.Application {
	app := bare.NewApplication()
	app.Logger = logger
	app.Middlewares = append(app.Middlewares, timing(logger, "all"))
	app.HttpRouter.Add(bare.Methods{"GET"}, "/hello", hello)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/ticks", bare.Chain(ticks, timing(logger, "ticks")))
	return app
}

// docs:end app

// docs:start middleware
// timing logs the end of each response that it is around; name says which timing
// it is.
func timing(logger *slog.Logger, name string) bare.HttpMiddleware {
	return func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
		request.OnEnd(func(end bare.End) {
			logger.LogAttrs(context.Background(), slog.LevelInfo, "response ended",
				slog.String("timing", name),
				slog.String("path", request.Scope.URL.Path),
				slog.Int("status", end.Status),
				slog.Int64("bytes", end.Bytes),
				slog.Duration("first_byte", end.FirstByte),
				slog.Duration("duration", end.Duration),
				slog.Any("error", end.Err))
		})
		return handler(request)
	}
}

// docs:end middleware

func hello(*bare.HttpRequest) bare.HttpResponse {
	return bare.TextResponse(200, "Hello, World!\n")
}

// ticks sends three lines, a second apart.
func ticks(request *bare.HttpRequest) bare.HttpResponse {
	return bare.HttpResponse{
		Headers: bare.Headers("content-type", "text/plain; charset=utf-8"),
		Body: bare.StringsWriter(func(yield func(string) bool) {
			for range 3 {
				if !yield("tick\n") || !request.Sleep(time.Second) {
					return
				}
			}
		}),
	}
}
