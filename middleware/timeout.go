package middleware

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/bare-go/bare"
)

// DefaultTimeout is the time of [Timeout] unless its field says otherwise.
const DefaultTimeout = 30 * time.Second

// ErrTimeout is the cause of the context that [Timeout] ends (see [context.Cause]), and
// what its response is for: [errors.Is] finds it in [bare.Application.OnError].
var ErrTimeout = errors.New("middleware: the handler took too long")

// A Timeout limits the time until the handler returns, and nothing after it: a stream
// may last as long as it likes. The zero value gives a handler [DefaultTimeout].
//
// When the time is over, the context of the request inside ends, with the cause
// [ErrTimeout]. A handler that watches its context, or gives it to what it calls, then
// returns. What it returns is thrown away, and the client gets a 503, as from
// [http.TimeoutHandler]. The body that is thrown away does not run, as it would with
// HEAD: what the handler has opened for it must be closed by the end of the context.
//
// A handler that does not watch its context is not interrupted, as nothing can do that
// in Go: the client waits for it, and then gets the 503. A handler that waits for the
// request's body waits for as long as the client may take; see
// [bare.Application.StallTimeout] and [bare.Application.MinUploadRate].
//
// Do not use [context.WithTimeout] for this: its context would end the stream, too, as
// the body has the same context as the handler.
type Timeout struct {
	// After is how long a handler may take; 0 means [DefaultTimeout].
	After time.Duration
}

// Middleware returns a middleware that limits the time. It panics when After is
// negative.
func (c Timeout) Middleware() bare.HttpMiddleware {
	check("Timeout", notNegative("After", c.After))
	after := cmp.Or(c.After, DefaultTimeout)
	return func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
		// It is derived from the request's own context, which always ends.
		ctx, cancel := context.WithCancelCause(request.Context())
		timer := time.AfterFunc(after, func() { cancel(ErrTimeout) })
		defer timer.Stop()
		response := handler(request.WithContext(ctx))
		if timer.Stop() {
			return response // and the context goes on: it is now the body's
		}
		return bare.ErrorResponse(&bare.HttpError{Status: http.StatusServiceUnavailable, Err: ErrTimeout})
	}
}
