package code

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bare-go/bare"
)

// docs:start steady
var errBusy = errors.New("too many streams are open")

func steady(busy func() bool) bare.HttpHandler {
	return func(request *bare.HttpRequest) bare.HttpResponse {
		sendEvents := func(yield func([]byte) bool) error {
			if busy() {
				yield([]byte("retry: 60000\n\n"))
				return errBusy // a cut: come back in a minute
			}
			for now := range request.Every(time.Second) {
				if !yield(fmt.Appendf(nil, "data: %s\n\n", now.Format(time.DateTime))) {
					return nil // the client has left
				}
			}
			return context.Cause(request.Context()) // at a stop a cut: come back soon
		}
		return bare.HttpResponse{
			Headers: bare.Headers("content-type", "text/event-stream"),
			Body:    bare.StreamWriter(sendEvents),
		}
	}
}

// docs:end steady
