package middleware

import (
	"context"
	"errors"
	"net/http"

	"github.com/bare-go/bare"
)

// A Readiness is a handler that tells a load balancer, or an orchestrator, whether to
// send requests here: 200 while the application is ready, and 503 otherwise. The zero
// value asks the application alone.
//
// With [bare.Server.StopDelay] the application is not ready any more from the moment when
// it is told to stop, while the listener is still open: the load balancer sees the 503,
// sends new requests elsewhere, and no client is refused. The delay must be longer than
// the load balancer takes to notice: the interval of its checks times the failures that
// it waits for.
type Readiness struct {
	// Check reports what keeps the service from working, such as a database that does
	// not answer; nil checks nothing. It is called for each request, and should be
	// quick. Its error is logged, and not sent.
	Check func(ctx context.Context) error
}

// Handler returns the handler, for a route such as /ready. It panics when app is nil.
func (c Readiness) Handler(app *bare.Application) bare.HttpHandler {
	if app == nil {
		check("Readiness", errors.New("the application is nil"))
	}
	return func(request *bare.HttpRequest) bare.HttpResponse {
		return c.answer(app, request).WithHeader("Cache-Control", "no-store")
	}
}

func (c Readiness) answer(app *bare.Application, request *bare.HttpRequest) bare.HttpResponse {
	if !app.Ready() {
		// Not an ErrorResponse: each check would be logged as a failure.
		return bare.TextResponse(http.StatusServiceUnavailable, "stopping\n")
	}
	if c.Check != nil {
		if err := c.Check(request.Context()); err != nil {
			return bare.ErrorResponse(&bare.HttpError{Status: http.StatusServiceUnavailable, Message: "not ready", Err: err})
		}
	}
	return bare.TextResponse(http.StatusOK, "ready\n")
}
