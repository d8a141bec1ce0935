package bare

import (
	"net/http"
	"sync/atomic"
)

// Wrap puts a middleware that was written for net/http around the whole
// application, mounts included; the first one wrapped is the outermost. It works on
// the server's own ResponseWriter, so that a connection can be hijacked, and costs
// no goroutine. Its own ResponseWriter must have Flush or Unwrap, or streams are
// not flushed; see [http.ResponseController]. Without Unwrap no deadline can be set
// through it either: a stalled upload, and a stream of HTTP/2 that stalls alone, then
// last until the client leaves, with a warning in the log.
//
// Wrap is called before the application serves, at the latest by a start-up
// handler. It calls the middleware at once, and panics when that is nil, returns
// nil, or comes when the application has started or answered a request: what
// serves already cannot be changed. It is not safe for concurrent use.
//
// A middleware that looks at [http.Request.Pattern] when the application has
// answered finds the pattern of the route there.
//
// See [FromHTTPMiddleware] for a middleware around one route.
func (a *Application) Wrap(middleware func(http.Handler) http.Handler) {
	if middleware == nil {
		panic("bare: Wrap: the middleware is nil") //nolint:forbidigo // a programmer's error, at registration
	}
	if a.wrapping.sealed.Load() {
		panic("bare: Wrap: the application serves already") //nolint:forbidigo // likewise
	}
	core := &wrapped{http.HandlerFunc(a.route)}
	handler := middleware(core)
	if handler == nil {
		panic("bare: Wrap: the middleware returns nil") //nolint:forbidigo // likewise
	}
	if a.wrapping.outermost == nil {
		a.wrapping.outermost = handler
	} else {
		a.wrapping.core.Handler = handler
	}
	a.wrapping.core = core
}

// wrapping is what Wrap has put around an application. The zero value is nothing.
type wrapping struct {
	outermost http.Handler // nil without any
	core      *wrapped     // inside the innermost
	sealed    atomic.Bool  // the application serves
}

// A wrapped handler is what a middleware is given: the application, until another
// middleware comes between them. So each middleware is called once.
type wrapped struct{ http.Handler }

// name tells what is around the application which route a request takes, as
// [http.ServeMux] does: traces and metrics are named by it.
func (w *wrapping) name(r *http.Request, matches Matches) {
	if w.outermost == nil {
		return
	}
	if route := matches.Route(); route != "" {
		r.Pattern = route
	}
}
