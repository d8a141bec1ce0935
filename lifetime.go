package bare

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
)

// A lifetime is the context of one request, made when somebody asks for it: most
// handlers never do. It ends when the client leaves, which is to say with the
// server's own context of the request; when the response is complete or cannot be
// continued; and at a shutdown, once its body is being sent.
type lifetime struct {
	scope *http.Request // its context ends when the client leaves

	// running says that the handler has returned and its body is being sent. From
	// then on a shutdown ends the context; before, the handler may finish.
	running atomic.Bool
	// left says that the body was told by Sleep, Every or Receive that the client has left.
	left atomic.Bool
	// severed is why the response was cut from outside: nil as long as it may be, and
	// errConcluded when it is too late.
	severed atomic.Pointer[error]

	mutex  sync.Mutex
	ctx    context.Context //nolint:containedctx // it is this type's whole purpose
	cancel context.CancelCauseFunc
	// ended is the cause of the end, nil before it or if it came from the parent.
	ended error
}

// context returns the context, and whether this call has made it and it has not
// ended.
func (l *lifetime) context() (ctx context.Context, made bool) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.ctx != nil {
		return l.ctx, false
	}
	if l.ended != nil {
		// net/http may have ended its own context since, which is no cause.
		l.ctx, l.cancel = context.WithCancelCause(context.WithoutCancel(l.scope.Context()))
		l.cancel(l.ended)
		return l.ctx, false
	}
	l.ctx, l.cancel = context.WithCancelCause(l.scope.Context())
	return l.ctx, true
}

// end ends the context with a cause, now or as soon as it is made. The first
// cause stays. It reports whether the context had been made.
func (l *lifetime) end(cause error) (made bool) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.ended == nil {
		l.ended = cause
	}
	if l.cancel != nil {
		l.cancel(cause)
	}
	return l.ctx != nil
}

// shutDown ends the context if the body is being sent.
func (l *lifetime) shutDown() {
	if l.running.Load() {
		l.end(ErrShutdown)
	}
}

// over reports whether the context has ended, or would have if somebody had asked
// for it.
func (l *lifetime) over() bool {
	if l.scope.Context().Err() != nil {
		return true
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.ended != nil
}

// cause returns why the context ended: nil while it lasts, or if nobody asked for
// it.
func (l *lifetime) cause() error {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.ctx == nil {
		return nil
	}
	return context.Cause(l.ctx)
}

// notice says that a body has seen its context end. One that returns then has not
// reached its end, unless it was the server that asked for it.
func (l *lifetime) notice() {
	if l.running.Load() && l.over() && !errors.Is(l.cause(), ErrShutdown) {
		l.left.Store(true)
	}
}

// excuses reports whether a failure is no more than the end of this request's own
// context: the client knows, and nobody else needs to. An upstream's time-out is
// not.
func (l *lifetime) excuses(err error) bool {
	reason := l.severedBy()
	return reason != nil && errors.Is(err, reason) || isContextError(err) && l.over()
}

// isContextError reports whether err is, or may be, what a context ended with.
func isContextError(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, ErrShutdown) || errors.Is(err, ErrClientGone)
}
