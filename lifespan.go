package bare

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
)

// A LifespanHandler runs once, when the application starts or when it stops. Its
// context ends when there is no more time for it.
type LifespanHandler func(ctx context.Context) error

// lifespan is what happens around an application's requests.
type lifespan struct {
	startup, shutdown []LifespanHandler

	stopping atomic.Bool // streams have been told to end
	aborted  atomic.Bool // the grace is over

	mutex   sync.Mutex
	started bool
	waiting []func(context.Context) error // tasks given before the start
	ctx     context.Context               //nolint:containedctx // of the background tasks
	cancel  context.CancelCauseFunc
	tasks   sync.WaitGroup
}

// OnStartup adds a handler that runs before the application serves. They run in
// the order in which they were added; one that fails keeps the application from
// serving, and the rest from running.
func (a *Application) OnStartup(handler LifespanHandler) {
	a.lifespan.startup = append(a.lifespan.startup, checkLifespan("OnStartup", handler))
}

// OnShutdown adds a handler that runs when the application stops: after its
// streams have been told to end, while they and ordinary requests finish. They
// run in the order in which they were added; one that fails is reported, and does
// not keep the rest from running.
func (a *Application) OnShutdown(handler LifespanHandler) {
	a.lifespan.shutdown = append(a.lifespan.shutdown, checkLifespan("OnShutdown", handler))
}

func checkLifespan(name string, handler LifespanHandler) LifespanHandler {
	if handler == nil {
		panic("bare: " + name + ": the handler is nil") //nolint:forbidigo // a programmer's error, at registration
	}
	return handler
}

// Go runs a task in the background from the application's start, or from now if
// it has started, until it returns. Its context ends when the application stops,
// with the cause [ErrShutdown], and the stop waits for it as long as for
// requests. An error that it returns is logged, unless its context has ended, and
// so is a panic. It is safe for concurrent use.
func (a *Application) Go(task func(ctx context.Context) error) {
	l := &a.lifespan
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if !l.started {
		l.waiting = append(l.waiting, task)
		return
	}
	a.startTask(l.ctx, task)
}

// startTask runs a task. The caller holds the lifespan's mutex.
func (a *Application) startTask(ctx context.Context, task func(ctx context.Context) error) {
	a.lifespan.tasks.Go(func() {
		err := guard(ctx, task)
		if err != nil && ctx.Err() == nil {
			a.logger().LogAttrs(ctx, slog.LevelError, "bare: a background task failed", slog.Any("error", err))
		}
	})
}

// Startup runs the handlers added with OnStartup, and starts the background
// tasks. [Server.Run] does it; it is for an application that another server
// serves. It fails with the first handler's error, or if the application has
// started already.
func (a *Application) Startup(ctx context.Context) error {
	l := &a.lifespan
	l.mutex.Lock()
	started := l.started
	l.started = true
	l.mutex.Unlock()
	if started {
		return errors.New("bare: the application is running already")
	}
	for _, handler := range l.startup {
		if err := guard(ctx, handler); err != nil {
			l.mutex.Lock()
			l.started = false
			l.mutex.Unlock()
			return fmt.Errorf("bare: a start-up handler failed: %w", err)
		}
	}
	l.stopping.Store(false)
	l.aborted.Store(false)
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.ctx, l.cancel = context.WithCancelCause(context.WithoutCancel(ctx))
	for _, task := range l.waiting {
		a.startTask(l.ctx, task) //nolint:contextcheck // it is made from ctx
	}
	l.waiting = nil
	return nil
}

// Shutdown tells the streams that are open to end, as the context of every
// request whose body is being sent ends with the cause [ErrShutdown], and then
// runs the handlers added with OnShutdown and waits for the background tasks, in
// both cases no longer than ctx lasts. It returns what failed, joined. It does
// not wait for requests: that is the server's part. [Server.Run] does it; with a
// server of your own it belongs beside [http.Server.Shutdown].
func (a *Application) Shutdown(ctx context.Context) error {
	l := &a.lifespan
	l.stopping.Store(true)
	for _, x := range a.watch.all() {
		x.lifetime.shutDown()
	}
	l.mutex.Lock()
	if !l.started {
		l.mutex.Unlock()
		return nil
	}
	l.cancel(ErrShutdown)
	l.mutex.Unlock()

	var failures []error
	for _, handler := range l.shutdown {
		if err := guard(ctx, handler); err != nil {
			failures = append(failures, fmt.Errorf("bare: a shutdown handler failed: %w", err))
		}
	}
	failures = append(failures, waitFor(ctx, &l.tasks))
	l.mutex.Lock()
	l.started = false
	l.mutex.Unlock()
	return errors.Join(failures...)
}

// stopping reports whether streams have been told to end.
func (a *Application) stopping() bool { return a.lifespan.stopping.Load() }

// aborted reports whether the grace is over.
func (a *Application) aborted() bool { return a.lifespan.aborted.Load() }

// waitFor waits for the background tasks, no longer than ctx lasts.
func waitFor(ctx context.Context, tasks *sync.WaitGroup) error {
	ended := make(chan struct{})
	go func() {
		tasks.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("bare: background tasks are still running: %w", ctx.Err())
	}
}

// guard makes an error of a function's panic.
func guard(ctx context.Context, do func(context.Context) error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = fmt.Errorf("panic: %v\n%s", value, debug.Stack())
		}
	}()
	return do(ctx)
}
