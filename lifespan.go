package bare

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"

	"github.com/bare-go/bare/internal/faketime"
)

// A LifespanHandler runs once, when the application starts or when it stops, in a
// goroutine of its own. Its context ends when there is no more time for it, and
// that of a start-up handler at the latest when the application stops. It is
// waited for, whatever it does: one that ignores its context holds the start or
// the stop up. A panic, or a call of [runtime.Goexit], is an error. A handler must
// not wait for [Application.Startup] or [Application.Shutdown], which wait for it.
type LifespanHandler func(ctx context.Context) error

// lifespan is what happens around an application's requests: the handlers, and
// the state machine that says when they run.
type lifespan struct {
	lifecycle

	startup, shutdown []LifespanHandler
}

// OnStartup adds a handler that runs before the application serves. They run in
// the order in which they were added; one that fails keeps the application from
// serving, and the rest from running. It is called before the application starts.
func (a *Application) OnStartup(handler LifespanHandler) {
	a.lifespan.startup = append(a.lifespan.startup, checkLifespan("OnStartup", handler))
}

// OnShutdown adds a handler that runs when the application stops: after its
// streams have been told to end, while they and ordinary requests finish. They
// run in the order in which they were added; one that fails is reported, and does
// not keep the rest from running. None runs if not all start-up handlers have
// succeeded. It is called before the application starts, or by a start-up handler.
func (a *Application) OnShutdown(handler LifespanHandler) {
	a.lifespan.shutdown = append(a.lifespan.shutdown, checkLifespan("OnShutdown", handler))
}

func checkLifespan(name string, handler LifespanHandler) LifespanHandler {
	if handler == nil {
		panic("bare: " + name + ": the handler is nil") //nolint:forbidigo // a programmer's error, at registration
	}
	return handler
}

// Go runs a task in the background, until it returns. A task that is given before
// the first start waits until all start-up handlers have succeeded. From then on,
// and in a start-up handler, it runs at once. So it does from a stop until the next
// start, as requests go on for a while, but with a context that has ended.
//
// The task's context ends when the application stops, or does not get started,
// with the cause [ErrShutdown], and the stop waits for the task as long as for
// requests. It runs once: a task for each start is begun by a start-up handler. An
// error that it returns is logged, unless its context has ended, and so is a
// panic. Go is safe for concurrent use.
func (a *Application) Go(task func(ctx context.Context) error) {
	a.lifespan.add(func(ctx context.Context) {
		err := guard(ctx, task)
		if err != nil && ctx.Err() == nil {
			a.logger().LogAttrs(ctx, slog.LevelError, "bare: a background task failed", slog.Any("error", err))
		}
	})
}

// Startup runs the handlers added with OnStartup, and starts the background
// tasks. [Server.Run] does it; it is for an application that another server
// serves, and is called before that serves.
//
// It fails with the first handler's error, with the context's when ctx ends before
// all handlers have run, or if a middleware is nil. The shutdown handlers do not
// run then. Tasks that were begun meanwhile are told to end, and waited for no
// longer than ctx lasts. The application may then be started again. It fails with
// [ErrShutdown] if Shutdown is called meanwhile, when that stop is over. It fails,
// and changes nothing, if the application is starting, running or stopping. It is
// safe for concurrent use.
func (a *Application) Startup(ctx context.Context) error {
	_, err := a.start(ctx, context.WithCancel)
	return err
}

// Shutdown tells the streams that are open to end, as the context of every
// request whose body is being sent ends with the cause [ErrShutdown], and closes
// the channels of [HttpRequest.Stopping]. It then runs the handlers added with
// OnShutdown, with ctx, and waits for the background tasks, no longer than ctx
// lasts. It returns what failed, joined. It does not wait for requests: that is
// the server's part. [Server.Run] does it; with a server of your own it belongs
// beside [http.Server.Shutdown].
//
// During a start it ends the context of the start-up handlers, and waits for
// Startup to return; the shutdown handlers run if all of them had succeeded all
// the same. A second call, during a stop, waits for the first one and returns its
// result. Both fail if ctx ends before. An application that is not running has no
// handlers to run, but its streams are told. Shutdown is safe for concurrent use.
func (a *Application) Shutdown(ctx context.Context) error {
	return a.stop(ctx, func() {})
}

// Ready reports whether the application should be sent requests: it is true from
// the end of a start to the beginning of a stop, or, with [Server.StopDelay], to the
// time when the server is told to stop. It is false for an application that nobody has
// started. Ready is safe for concurrent use.
func (a *Application) Ready() bool { return a.lifespan.ready() }

// stopping reports whether streams have been told to end.
func (a *Application) stopping() bool { return a.lifespan.stopping.Load() }

// aborted reports whether the grace is over.
func (a *Application) aborted() bool { return a.lifespan.aborted.Load() }

// start is Startup. The function grace makes the context that bounds the wait for
// the tasks of a start that failed. The result interrupted says that the end of
// ctx is all that went wrong.
func (a *Application) start(ctx context.Context,
	grace func(context.Context) (context.Context, context.CancelFunc),
) (interrupted bool, err error) {
	l := &a.lifespan
	if err := a.check(); err != nil {
		return false, err
	}
	r, err := l.start(ctx)
	if err != nil {
		return false, err
	}
	failure := a.runStartup(r) //nolint:contextcheck // the pipeline that it prepares gets requests' contexts
	if failure == nil && l.started(r) {
		return false, nil
	}
	early := isEndOf(r.starting, failure) //nolint:contextcheck // it is made from ctx
	if l.interrupted(r) {
		_ = a.finish(r.stop, r, func() {}) //nolint:contextcheck // for Shutdown, which has the result
		if early {
			failure = nil // the next line says it better
		}
		stopped := fmt.Errorf("bare: the application was stopped while it started: %w", ErrShutdown)
		return ctx.Err() != nil && failure == nil, errors.Join(failure, stopped)
	}
	r.end()
	ctx, cancel := grace(ctx)
	defer cancel()
	left := l.wait(ctx)
	l.finish(r, left)
	return early && left == nil, errors.Join(failure, left)
}

// runStartup runs the start-up handlers, and prepares for requests.
func (a *Application) runStartup(r *run) error {
	for _, handler := range a.lifespan.startup {
		if r.starting.Err() != nil {
			return fmt.Errorf("bare: the start was interrupted: %w", context.Cause(r.starting))
		}
		if err := call(r.starting, handler); err != nil {
			return fmt.Errorf("bare: a start-up handler failed: %w", err)
		}
	}
	// After the handlers, which may have added to them.
	if err := a.check(); err != nil {
		return err
	}
	a.once.Do(func() { a.prepare(faketime.In(r.starting)) })
	return nil
}

// isEndOf reports whether ctx has ended, and err says no more than that.
func isEndOf(ctx context.Context, err error) bool {
	return ctx.Err() != nil && (errors.Is(err, ctx.Err()) || errors.Is(err, context.Cause(ctx)))
}

// stop is Shutdown. The function drain waits for the requests.
func (a *Application) stop(ctx context.Context, drain func()) error {
	r, mine := a.lifespan.beginStop(ctx)
	for _, x := range a.watch.all() {
		x.lifetime.shutDown()
	}
	a.sockets.stop()
	if !mine {
		return a.lifespan.result(ctx, r)
	}
	return a.finish(ctx, r, drain)
}

// finish carries a stop out.
func (a *Application) finish(ctx context.Context, r *run, drain func()) error {
	var failures []error
	if r.complete {
		for _, handler := range a.lifespan.shutdown {
			if err := call(ctx, handler); err != nil {
				failures = append(failures, fmt.Errorf("bare: a shutdown handler failed: %w", err))
			}
		}
	}
	drain()
	err := errors.Join(append(failures, a.lifespan.wait(ctx))...)
	a.lifespan.finish(r, err)
	return err
}

// call runs a handler in a goroutine of its own: one that calls [runtime.Goexit],
// as a test's FailNow does, would take the caller's with it, and leave the
// application half started forever.
func call(ctx context.Context, handler LifespanHandler) error {
	result := make(chan error, 1)
	go func() {
		err := errors.New("it called runtime.Goexit")
		defer func() { result <- err }()
		err = guard(ctx, handler)
	}()
	return <-result
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
