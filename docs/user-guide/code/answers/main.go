// Answers sends the words of a model's answer as the model finds them.
//
//	go run .
//	curl -N -d 'to be or not to be' http://localhost:9009/answers
package main

import (
	"context"
	"strings"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/sse"
)

// A model sends the words of its answer to the channel, without line breaks. It returns
// when the answer is whole, when it has failed, or when the context ends.
type model func(ctx context.Context, question string, words chan<- string) error

func main() { bare.Main(newApp(parrot), "localhost:9009") }

func newApp(ask model) *bare.Application {
	app := bare.NewApplication()
	app.HttpRouter.Add(bare.Methods{"POST"}, "/answers", answer(ask))
	return app
}

func answer(ask model) bare.HttpHandler {
	return func(request *bare.HttpRequest) bare.HttpResponse {
		question, err := request.Text()
		if err != nil {
			return bare.ErrorResponse(err)
		}
		return sse.StreamResponse(request, sendWords(request.Context(), ask, question), sse.Options{})
	}
}

// sendWords sends an event for each word. Package sse sends a comment after 15 seconds
// without one, and an event at the end.
func sendWords(ctx context.Context, ask model, question string) func(yield func(sse.Event) bool) error {
	return func(yield func(sse.Event) bool) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel() // ends the goroutine when nobody takes its words
		words, ended := make(chan string), make(chan error, 1)
		go func() { ended <- ask(ctx, question, words) }()
		for {
			select {
			case word := <-words:
				if !yield(sse.Event{Data: []byte(word)}) {
					return nil
				}
			case err := <-ended:
				return err
			}
		}
	}
}

// parrot repeats the question, a word each second.
func parrot(ctx context.Context, question string, words chan<- string) error {
	for word := range strings.FieldsSeq(question) {
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		select {
		case words <- word:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}
