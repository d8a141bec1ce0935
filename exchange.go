package bare

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// An exchange is one request and its response, in one allocation. It is never
// pooled, as a handler may keep its request.
type exchange struct {
	app     *Application
	handler HttpHandler // of the route, inside the middlewares
	request HttpRequest

	lifetime lifetime
	body     requestBody
	stream   stream

	started time.Duration // on the application's clock
	onEnd   []func(End)
	err     error // how the response ended

	// For the application's clock.
	watched          atomic.Bool
	forgotten        bool // under the clock's mutex
	reading, writing wait

	// guard keeps the watch from a ResponseWriter that is no longer ours.
	guard    sync.Mutex
	finished bool

	// handlers counts the goroutines of FromHTTPHandler: they use what must not be
	// used when ServeHTTP has returned.
	handlers sync.WaitGroup
}

func newExchange(app *Application, w http.ResponseWriter, r *http.Request) *exchange {
	x := &exchange{app: app, started: app.clock.now()}
	x.lifetime.exchange = x
	x.stream.exchange = x
	x.stream.w = w
	x.stream.control = *http.NewResponseController(w)
	x.request = HttpRequest{
		Scope:    r,
		Info:     app.Info,
		Locals:   make(map[string]any),
		Body:     emptyBody,
		exchange: x,
	}
	x.body.exchange = x
	if r.Body == nil || r.ContentLength == 0 {
		x.body.state.Store(bodyEnded)
	} else {
		x.body.source = r.Body
		x.body.limit = app.BodyLimit
		x.request.Body = x.body.chunks
	}
	return x
}

func emptyBody(func([]byte, error) bool) {}

// handle runs the middlewares and the handler. Their panic is a plain 500.
func (x *exchange) handle() (response HttpResponse) {
	returned := false
	defer func() {
		if returned {
			return
		}
		value := recover()
		if value == nil {
			return // runtime.Goexit: ServeHTTP is being left
		}
		if err, ok := value.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			panic(http.ErrAbortHandler) //nolint:forbidigo // net/http's own way to drop a connection
		}
		x.log(slog.LevelError, "the handler panicked",
			slog.String("panic", fmt.Sprint(value)), slog.String("stack", string(debug.Stack())))
		response = statusResponse(http.StatusInternalServerError)
	}()
	response = x.app.pipeline(&x.request)
	returned = true
	return response
}

// duplex prepares for a body that reads the request's.
func (x *exchange) duplex() {
	if x.body.state.Load() == bodyEnded {
		return
	}
	x.body.duplex = true
	// Over HTTP/2 it is always so, and a foreign writer may not know it.
	_ = x.stream.control.EnableFullDuplex()
}

// finish runs before ServeHTTP returns, on every path: after it, a flush would
// bring the process down.
func (x *exchange) finish() {
	x.stream.close()
	x.lifetime.end(context.Canceled) // before forget: no context is made after it
	x.app.clock.forget(x)
	x.guard.Lock()
	x.finished = true
	x.guard.Unlock()
	x.report()
	x.body.release()
	x.handlers.Wait()
}

// report calls what was registered with OnEnd.
func (x *exchange) report() {
	if len(x.onEnd) == 0 {
		return
	}
	end := End{
		Status:    x.stream.sentStatus,
		Bytes:     x.stream.sent,
		FirstByte: x.stream.firstByte,
		Duration:  x.app.clock.now() - x.started,
		Err:       x.outcome(),
	}
	for _, report := range x.onEnd {
		x.reportTo(report, end)
	}
}

func (x *exchange) reportTo(report func(End), end End) {
	defer func() {
		if value := recover(); value != nil {
			x.log(slog.LevelError, "a function given to OnEnd panicked",
				slog.String("panic", fmt.Sprint(value)), slog.String("stack", string(debug.Stack())))
		}
	}()
	report(end)
}

// outcome says how the response ended, in the terms of End.
func (x *exchange) outcome() error {
	cause := x.lifetime.cause()
	switch {
	case x.writing.stalled.Load():
		return ErrStalled
	case errors.Is(cause, ErrShutdown), x.err != nil && x.app.lifespan.aborted.Load():
		return ErrShutdown
	case isContextError(x.err), x.err == nil && x.gone():
		return ErrClientGone
	default:
		return x.err
	}
}

// gone reports whether the client has left. Over HTTP/1.x the deadline that ends
// an upload which has stalled ends net/http's context, too: such a client is
// there, and is told.
func (x *exchange) gone() bool {
	return x.request.Scope.Context().Err() != nil && !x.reading.stalled.Load()
}

// giveUp ends an operation that waits for a client that has stalled.
func (x *exchange) giveUp(operation *wait, setDeadline func(time.Time) error) {
	x.guard.Lock()
	defer x.guard.Unlock()
	if x.finished || operation.current.Load() == 0 {
		return
	}
	operation.stalled.Store(true)
	if err := setDeadline(longAgo()); err != nil {
		x.log(slog.LevelWarn, "a stalled client cannot be cut off", slog.Any("error", err))
	}
}

// log writes one record about this request.
func (x *exchange) log(level slog.Level, message string, attrs ...slog.Attr) {
	scope := x.request.Scope
	route := x.request.Matches.Route()
	if route == "" {
		route = scope.URL.Path
	}
	attrs = append([]slog.Attr{slog.String("method", scope.Method), slog.String("route", route)}, attrs...)
	x.app.logger().LogAttrs(scope.Context(), level, "bare: "+message, attrs...) //nolint:sloglint // a constant at every call
}

// isContextError reports whether a body failed because its context ended: the
// client knows, and nobody else needs to.
func isContextError(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, ErrShutdown) || errors.Is(err, ErrClientGone)
}
