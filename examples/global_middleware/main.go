// Global_middleware has middlewares around everything: each request gets an
// identifier, each response is logged, and all of them have a header.
//
//	go run ./examples/global_middleware
//	curl -i http://localhost:9009/hello
//	curl -N http://localhost:9009/ticks
//	curl -i http://localhost:9009/nowhere
package main

import (
	"log/slog"
	"os"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/middleware"
)

func main() {
	logger := slog.New(slog.NewTextHandler(os.Stdout, nil))
	bare.Main(newApp(logger), "localhost:9009")
}

func newApp(logger *slog.Logger) *bare.Application {
	app := bare.NewApplication()
	app.Logger = logger
	app.Middlewares = append(app.Middlewares, // the first one is the outermost
		middleware.RequestID{}.Middleware(),
		middleware.AccessLog{Logger: logger}.Middleware(),
		greet,
		noStore)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/hello", hello)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/ticks", ticks)
	return app
}

// greet says something to the handler inside it.
func greet(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
	request.Locals["greeting"] = "Hello"
	return handler(request)
}

// noStore changes the response of the handler inside it.
func noStore(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
	return handler(request).WithHeader("cache-control", "no-store")
}

func hello(request *bare.HttpRequest) bare.HttpResponse {
	greeting, _ := request.Locals["greeting"].(string)
	return bare.TextResponse(200, greeting+", request "+middleware.RequestIDOf(request)+"!\n")
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
