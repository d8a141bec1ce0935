package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

// endless sends a word each second, and says why it has ended.
type endless struct {
	word  string
	ended chan error
}

func newEndless(word string) *endless { return &endless{word, make(chan error, 1)} }

func (e *endless) ask(ctx context.Context, _ string, words chan<- string) error {
	for ctx.Err() == nil {
		select {
		case words <- e.word:
		case <-ctx.Done():
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
		}
	}
	e.ended <- context.Cause(ctx)
	return context.Cause(ctx)
}

func TestTheModelStopsWhenTheClientLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		model := newEndless("and")
		server := baretest.NewServer(t, newApp(model.ask))
		stream := server.Post("/answers", "text/plain", strings.NewReader("Go on."))
		stream.Event()
		left := time.Now()
		stream.Close()
		if cause := <-model.ended; !errors.Is(cause, context.Canceled) {
			t.Errorf("the model ended with %v", cause)
		}
		if got := time.Since(left).Round(time.Millisecond); got != 0 {
			t.Errorf("the model went on for %v", got)
		}
	})
}

func TestAClientThatDoesNotReadIsCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		model := newEndless(strings.Repeat("very ", 100_000)) // more than the network holds
		app := newApp(model.ask)
		app.StallTimeout = 10 * time.Second
		ends := make(chan bare.End, 1)
		app.Middlewares = append(app.Middlewares, func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
			request.OnEnd(func(end bare.End) { ends <- end })
			return handler(request)
		})
		server := baretest.NewServer(t, app)
		server.Post("/answers", "text/plain", strings.NewReader("Go on.")) // and reads nothing
		if end := <-ends; !errors.Is(end.Err, bare.ErrStalled) {
			t.Errorf("the response ended with %v", end.Err)
		}
		if cause := <-model.ended; !errors.Is(cause, context.Canceled) {
			t.Errorf("the model ended with %v", cause)
		}
	})
}
