package topic_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/topic"
)

//go:noinline
func explode(value any) { panic(value) }

// explosive is a middleware whose body panics at the first event.
func explosive(value any) bare.HttpMiddleware {
	return func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
		response := handler(request)
		body := response.Body
		response.Body = func(yield func([]byte) bool) {
			for chunk := range body {
				if strings.Contains(string(chunk), "data:") {
					explode(value)
				}
				if !yield(chunk) {
					return
				}
			}
		}
		return response
	}
}

// TestTheLogSaysWhereTheBodyOfAMiddlewareHasPanicked, although it was a runner that has
// called it.
func TestTheLogSaysWhereTheBodyOfAMiddlewareHasPanicked(t *testing.T) {
	for name, value := range map[string]any{"a text": "boom", "an error": errors.New("boom")} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				prices := topic.New(topic.Options{})
				app := bare.NewApplication()
				var log bytes.Buffer
				app.Logger = slog.New(slog.NewTextHandler(&log, nil))
				app.HttpRouter.Add(bare.Methods{"GET"}, "/", bare.Chain(prices.Handle, explosive(value)))
				stream := baretest.NewServer(t, app).Get("/")
				synctest.Wait()
				if _, err := prices.Publish(t.Context(), topic.Event{Data: []byte("1")}); err != nil {
					t.Fatal(err)
				}
				stream.Rest()
				synctest.Wait()
				if got := log.String(); !strings.Contains(got, "panic=boom") || !strings.Contains(got, "explode") {
					t.Errorf("the log is\n%s", strings.ReplaceAll(got, `\n`, "\n"))
				}
			})
		})
	}
}
