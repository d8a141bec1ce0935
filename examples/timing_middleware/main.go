// Timing_middleware logs how each response went: its status, its bytes, and how
// long it took. For a stream, that is long after the handler has returned.
//
//	go run ./examples/timing_middleware
package main

import (
	"context"
	"log/slog"
	"os"
	"time"

	"github.com/bare-go/bare"
)

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
				slog.Duration("first_yield", end.FirstByte),
				slog.Duration("duration", end.Duration),
				slog.Any("error", end.Err))
		})
		return handler(request)
	}
}

func hello(*bare.HttpRequest) bare.HttpResponse {
	return bare.TextResponse(200, "Hello, World!\n")
}

// ticks sends a line after each of three seconds.
func ticks(request *bare.HttpRequest) bare.HttpResponse {
	return bare.HttpResponse{
		Headers: bare.Headers("content-type", "text/plain; charset=utf-8"),
		Body: bare.StringsWriter(func(yield func(string) bool) {
			for range 3 {
				if !request.Sleep(time.Second) || !yield("tick\n") {
					return
				}
			}
		}),
	}
}
