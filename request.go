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
	// Scope is the request as the server received it; only its Body stands for the
	// server's, and has the same limits as the request's. It must not be changed.
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

	exchange *exchange       // nil in a request that no server made
	detached *detached       // nil unless NewHttpRequest made it
	ctx      context.Context //nolint:containedctx // of WithContext; nil without it
	replaced *requestBody    // of a middleware of net/http; nil if it has kept the body

	limits limits // of SetLimits
}

// limits are what a body may have instead of the application's limits; 0 means those.
type limits struct{ body, read int64 }

// detached is what a request that no server made has of an exchange.
type detached struct {
	lifetime lifetime
	body     *requestBody
	onEnd    []func(End)
}

// NewHttpRequest returns a request that no server made, for a handler whose
// response is run by somebody else: a test, or a run that outlives its connection.
// Its body is that of scope, and so is its context, which decides how long it lasts
// (see [http.Request.WithContext]), but for its end by Cut or Finish. Whoever runs the
// response's body (see [RunBody]) calls Finish when it has ended. Duplex does nothing.
func NewHttpRequest(scope *http.Request) *HttpRequest {
	r := &HttpRequest{
		Scope:    scope,
		Info:     new(Info),
		Locals:   make(map[string]any),
		Body:     emptyBody,
		detached: new(detached),
	}
	r.detached.lifetime.scope = scope
	if scope.Body != nil && scope.Body != http.NoBody {
		body := &requestBody{source: scope.Body, length: scope.ContentLength}
		r.detached.body = body
		r.Scope = body.scope(scope)
		r.Body = body.chunks
	}
	return r
}

// Finish ends the context of a request of [NewHttpRequest], and tells those who have
// registered with OnEnd how the response to it has ended. It does so once, and nothing
// for a request that a server made.
func (r *HttpRequest) Finish(end End) {
	if r.detached == nil {
		return
	}
	r.detached.lifetime.end(context.Canceled)
	onEnd := r.detached.onEnd
	r.detached.onEnd = nil
	for _, report := range onEnd {
		report(end)
	}
}

// WithContext returns a copy of the request whose context is ctx, for a middleware
// that has something to say to what is inside it: a tracing span, a deadline. It
// panics when ctx is nil. To end with the request, ctx must be derived from its
// own context.
func (r *HttpRequest) WithContext(ctx context.Context) *HttpRequest {
	if ctx == nil {
		panic("bare: WithContext: the context is nil") //nolint:forbidigo // a programmer's error, as in net/http
	}
	request := *r
	request.ctx = ctx
	return &request
}

// Context ends when the client leaves, when the response is complete, and, once
// the handler has returned, when the server stops; and by [HttpRequest.Cut].
// [context.Cause] tells which: [context.Canceled], [ErrShutdown], or the reason of
// the cut. It is made at the first call, and safe for concurrent use.
func (r *HttpRequest) Context() context.Context {
	if r.ctx != nil {
		return r.ctx
	}
	if r.exchange != nil {
		return r.exchange.context()
	}
	if r.detached != nil {
		ctx, _ := r.detached.lifetime.context()
		return ctx
	}
	if r.Scope != nil {
		return r.Scope.Context()
	}
	return context.Background()
}

// Stopping returns a channel that is closed when the application begins to stop.
// It is for handlers that wait before they answer, as long polls do: the context
// of a handler goes on during a stop, so that what has begun can be finished. Once
// the handler has returned, [HttpRequest.Context] ends at a stop as well. The
// channel is made at the first call. It is nil, and so blocks forever, for a
// request that no server made. Stopping is safe for concurrent use.
func (r *HttpRequest) Stopping() <-chan struct{} {
	if r.exchange == nil {
		return nil
	}
	return r.exchange.app.lifespan.stopSignal()
}

// Sleep waits for d and returns true; it returns false, at once, when the
// request's context ends. With d of zero or less it only looks.
func (r *HttpRequest) Sleep(d time.Duration) bool {
	ctx := r.Context()
	if d > 0 && ctx.Err() == nil {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	return r.goesOn(ctx)
}

// goesOn reports whether the context has not ended. If it has, whoever asked is
// about to give up.
func (r *HttpRequest) goesOn(ctx context.Context) bool {
	if ctx.Err() == nil {
		return true
	}
	if r.exchange != nil {
		r.exchange.lifetime.notice()
	}
	return false
}

// Every yields the time: at once, and then after each d, counted from the start,
// so that a slow loop does not drift. A loop that takes longer than d has one tick
// as soon as it is back, and skips the others that it missed. It ends when the
// request's context ends. With d of zero or less there is always a tick.
func (r *HttpRequest) Every(d time.Duration) iter.Seq[time.Time] {
	return func(yield func(time.Time) bool) {
		ctx := r.Context()
		if d <= 0 {
			for r.goesOn(ctx) && yield(time.Now()) {
			}
			return
		}
		ticker := time.NewTicker(d)
		defer ticker.Stop()
		// The time is asked for anew: a tick that had to wait is old.
		for r.goesOn(ctx) && yield(time.Now()) {
			select {
			case <-ticker.C:
			case <-ctx.Done():
			}
		}
	}
}

// Receive yields the values that come through a channel, as they come. It ends when
// the channel is closed, and when the request's context ends: the client has left,
// or the server stops. A nil channel has no values.
//
// The end of the context wins, as in [HttpRequest.Every]: a value, or a close, that
// comes together with it is not seen any more. Values that are left in the channel
// stay there, and nobody takes those that come later: a sender must select on the
// same context, or it will wait forever.
//
// Several goroutines may send, and several loops receive: then each value goes to
// one of them. After the loop, the context's error tells a channel that was closed
// from an end that came before: a [StreamWriter] returns it. [ChannelWriter] is all of
// that for a channel of chunks.
func Receive[T any](request *HttpRequest, channel <-chan T) iter.Seq[T] {
	return func(yield func(T) bool) {
		ctx := request.Context()
		for request.goesOn(ctx) {
			select {
			case <-ctx.Done():
			case value, ok := <-channel:
				// Asked anew: of two that are ready select takes either, and a sender
				// that closes the channel at the end of the context has not finished.
				if !request.goesOn(ctx) || !ok || !yield(value) {
					return
				}
			}
		}
	}
}

// URL returns the whole address that was asked for: scheme, host, path and
// query. Without a Host header the host is the listener's address. It is the
// server's view: behind a proxy the client's own may differ, so links in a page
// are better relative. Package [github.com/bare-go/bare/middleware] has one that
// makes it the client's.
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
		r.exchange.body.share()
	}
}

// OnEnd has report called once, when the response has ended, whatever the end
// is: complete or cut, for HEAD, without a body, after a panic. It is called in
// the goroutine that served the request; several are called in the order in
// which they were registered. OnEnd must be called before the response has
// ended, and not from two goroutines at once. Where it is used, what was sent is
// flushed before it is called, so that the client need not wait for it. By then the
// body has returned, and the handlers of [FromHTTPHandler] and [FromHTTPMiddleware], whose
// context has ended. A request that no server made ends with [HttpRequest.Finish].
func (r *HttpRequest) OnEnd(report func(End)) {
	switch {
	case r.exchange != nil:
		r.exchange.addHooks().report(report)
	case r.detached != nil:
		r.detached.onEnd = append(r.detached.onEnd, report)
	}
}
