package bare

import (
	"context"
	"iter"
	"net"
	"net/http"
	"net/url"
	"time"
)

// An HttpRequest is what a handler is given. A handler may keep it, but its body
// and its context end with the response.
//
// A request made by hand, &HttpRequest{Scope: httptest.NewRequest(...)}, works
// without a server: fields that are not set are empty.
type HttpRequest struct {
	// Scope is the request as the server received it. It must not be changed.
	Scope *http.Request

	// Info is shared by all requests of the application.
	Info *Info

	// Locals is private to this request: what a middleware has to say to a
	// handler. It is never nil in a request that a server made, and not safe for
	// concurrent use.
	Locals map[string]any

	// Matches are the variables that the route found in the path.
	Matches Matches

	// Body yields the request's body, chunk by chunk, as it comes. It is single
	// use: a second loop gets [ErrBodyConsumed]. It ends after the first error,
	// which is [ErrClientGone], [ErrStalled], or an [HttpError] that can be
	// returned by way of [ErrorResponse]. A chunk is valid until the next one is
	// asked for. Once the response's head is out there is nothing left to read,
	// unless [HttpRequest.Duplex] was called.
	Body iter.Seq2[[]byte, error]

	// exchange is nil in a request that no server made.
	exchange *exchange
}

// Context ends when the client leaves, when the response is complete, and, once
// the handler has returned, when the server stops. [context.Cause] tells which:
// [context.Canceled], or [ErrShutdown]. It is made at the first call, and safe
// for concurrent use.
func (r *HttpRequest) Context() context.Context {
	if r.exchange != nil {
		return r.exchange.lifetime.get()
	}
	if r.Scope != nil {
		return r.Scope.Context()
	}
	return context.Background()
}

// Sleep waits for d and returns true; it returns false, at once, when the
// request's context ends. With d of zero or less it only looks.
func (r *HttpRequest) Sleep(d time.Duration) bool {
	ctx := r.Context()
	if d <= 0 || ctx.Err() != nil {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// Every yields the time: at once, and then after each d, counted from the start,
// so that a slow loop does not drift. A loop that takes longer than d skips the
// ticks that it missed. It ends when the request's context ends. With d of zero
// or less there is always a tick.
func (r *HttpRequest) Every(d time.Duration) iter.Seq[time.Time] {
	return func(yield func(time.Time) bool) {
		ctx := r.Context()
		if d <= 0 {
			for ctx.Err() == nil && yield(time.Now()) {
			}
			return
		}
		ticker := time.NewTicker(d)
		defer ticker.Stop()
		for now := time.Now(); ctx.Err() == nil && yield(now); {
			select {
			case now = <-ticker.C:
			case <-ctx.Done():
				return
			}
		}
	}
}

// URL returns the whole address that was asked for: scheme, host, path and
// query. Without a Host header the host is the listener's address. It is the
// server's view: behind a proxy the client's own may differ, so links in a page
// are better relative.
func (r *HttpRequest) URL() *url.URL {
	if r.Scope == nil || r.Scope.URL == nil {
		return &url.URL{}
	}
	whole := *r.Scope.URL
	if whole.Host == "" {
		whole.Host = r.Scope.Host
	}
	if whole.Host == "" {
		if addr, ok := r.Scope.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
			whole.Host = addr.String()
		}
	}
	if whole.Scheme == "" {
		whole.Scheme = "http"
		if r.Scope.TLS != nil {
			whole.Scheme = "https"
		}
	}
	return &whole
}

// Query returns the parameters of the address's query. They are parsed at each
// call; what is malformed is left out.
func (r *HttpRequest) Query() url.Values {
	if r.Scope == nil || r.Scope.URL == nil {
		return url.Values{}
	}
	return r.Scope.URL.Query()
}

// Duplex says that the response's body will read the request's: over HTTP/1.1
// they would otherwise come one after the other. It is called before the handler
// returns. The connection serves no further request. It does nothing for a
// request that no server made.
func (r *HttpRequest) Duplex() {
	if r.exchange != nil {
		r.exchange.duplex()
	}
}

// OnEnd has report called once, when the response has ended, whatever the end
// is: complete or cut, for HEAD, without a body, after a panic. It is called in
// the goroutine that served the request; several are called in the order in
// which they were registered. OnEnd must be called before the response has
// ended, and not from two goroutines at once. A request that no server made
// never ends.
func (r *HttpRequest) OnEnd(report func(End)) {
	if r.exchange != nil {
		r.exchange.onEnd = append(r.exchange.onEnd, report)
	}
}

// End is how a response ended.
type End struct {
	// Status is the status that was sent, 0 when nothing was.
	Status int
	// Bytes counts the bytes of the body that were handed to the connection.
	Bytes int64
	// FirstByte is the time from the request to the first byte of the body; 0
	// when there was none.
	FirstByte time.Duration
	// Duration is the time from the request to the end.
	Duration time.Duration
	// Err is nil when the response is complete, and otherwise [ErrClientGone],
	// [ErrShutdown], [ErrStalled], or what the body failed with. A stream that
	// ended cleanly because the server is stopping has ErrShutdown.
	Err error
}
