// Otel shows the traces of a service that streams. It prints each span when it has ended;
// your service sends them to a collector instead. Run it with
//
//	go run ./ext/otel/example
//
// and ask for http://localhost:9009/ticks/3.

// docs:start program
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/exporters/stdout/stdouttrace"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/ext/otel"
)

func main() {
	provider, err := newProvider(os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	bare.Main(newApp(provider), "localhost:9009")
}

// newProvider returns where spans go when they have ended: to w, as JSON, at once.
func newProvider(w io.Writer) (*sdk.TracerProvider, error) {
	exporter, err := stdouttrace.New(stdouttrace.WithWriter(w), stdouttrace.WithPrettyPrint())
	if err != nil {
		return nil, err
	}
	return sdk.NewTracerProvider(sdk.WithSyncer(exporter)), nil
}

func newApp(provider trace.TracerProvider) *bare.Application {
	app := bare.NewApplication()
	clock := &clock{provider.Tracer("example.com/ticks")}
	app.HttpRouter.Add(bare.Methods{"GET"}, "/ticks/{count:int}", clock.ticks)

	app.Wrap(otelhttp.NewMiddleware("", otelhttp.WithTracerProvider(provider)))
	otel.Annotate(app)
	return app
}

// A clock makes a span for each time that it tells.
type clock struct{ tracer trace.Tracer }

func (c *clock) ticks(request *bare.HttpRequest) bare.HttpResponse {
	return bare.HttpResponse{
		Headers: bare.Headers("content-type", "text/event-stream"),
		Body: func(yield func([]byte) bool) {
			left := request.Matches.Int("count")
			for now := range request.Every(time.Second) {
				if left == 0 || !yield(c.tell(request.Context(), now)) {
					return
				}
				left--
			}
		},
	}
}

func (c *clock) tell(ctx context.Context, now time.Time) []byte {
	_, span := c.tracer.Start(ctx, "tell the time")
	defer span.End()
	return []byte("data: " + now.Format(time.TimeOnly) + "\n\n")
}

// docs:end program
