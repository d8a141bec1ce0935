package bare

import (
	"context"
	"sync"
	"sync/atomic"
)

// A lifetime is the context of one request, made when somebody asks for it: most
// handlers never do.
type lifetime struct {
	exchange *exchange

	// running says that the handler has returned and its body is being sent. From
	// then on a shutdown ends the context; before, the handler may finish.
	running atomic.Bool

	mutex  sync.Mutex
	ctx    context.Context //nolint:containedctx // it is this type's whole purpose
	cancel context.CancelCauseFunc
	// ended is the cause of an end that came before anybody asked.
	ended error
}

// get returns the context, and makes it at the first call.
func (l *lifetime) get() context.Context {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.ctx != nil {
		return l.ctx
	}
	l.ctx, l.cancel = context.WithCancelCause(l.exchange.request.Scope.Context())
	if l.ended != nil {
		l.cancel(l.ended)
		return l.ctx
	}
	// In this order: either the shutdown finds the exchange among those that it
	// tells, or it has begun and is seen here.
	l.exchange.app.clock.watch(l.exchange)
	if l.running.Load() && l.exchange.app.stopping() {
		l.cancel(ErrShutdown)
	}
	return l.ctx
}

// end ends the context with a cause, now or as soon as it is made. The first
// cause stays.
func (l *lifetime) end(cause error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.ended == nil {
		l.ended = cause
	}
	if l.cancel != nil {
		l.cancel(cause)
	}
}

// run says that the body is being sent from now on.
func (l *lifetime) run() {
	l.running.Store(true)
	if l.exchange.app.stopping() {
		l.end(ErrShutdown)
	}
}

// shutDown ends the context if the body is being sent.
func (l *lifetime) shutDown() {
	if l.running.Load() {
		l.end(ErrShutdown)
	}
}

// cause returns why the context ended, nil while it lasts or if nobody asked for
// it.
func (l *lifetime) cause() error {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.ctx == nil {
		return nil
	}
	return context.Cause(l.ctx)
}
