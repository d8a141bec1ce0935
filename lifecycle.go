package bare

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
)

// A lifecycle is the state machine of an application: it runs once at a time, and
// may run again after a stop or a start that failed. One mutex guards it all. It
// knows no handlers: lifespan.go runs those between two transitions. The zero
// value is a new application.
//
//	in        | Startup             | Shutdown             | Go: the task runs
//	----------+---------------------+----------------------+-------------------------
//	new       | starting            | stopping, stopped: 1 | from the next start on
//	starting  | error               | stopping: 2          | at once
//	running   | error               | stopping: 3          | at once
//	stopping  | error               | waits: 4             | at once, told to end: 5
//	stopped   | starting            | stopping, stopped: 1 | at once, told to end: 5
//
// Starting becomes running when all start-up handlers have succeeded. When one
// fails, or the context given to Startup ends, the tasks begun meanwhile are told
// to end, Startup waits for them, and what was new is new again, what was stopped
// is stopped. Stopping becomes stopped when there is nothing left to do, or no
// time.
//
//  1. There are no shutdown handlers to run, but another server may serve an
//     application that nobody has started, so streams are told all the same; and
//     tasks of case 5 are waited for.
//  2. The context of the start-up handlers ends, and no further one begins. The
//     goroutine in Startup carries out the stop: if all handlers had succeeded all
//     the same, it runs the shutdown handlers, with the context given to Shutdown;
//     if not, they are left out, as after any start that failed. Then Startup
//     reports ErrShutdown. Shutdown waits for it.
//  3. The caller carries out the stop: the shutdown handlers in order, then the
//     requests if the server is ours, then the tasks.
//  4. It waits for the stop under way, no longer than its own context lasts, and
//     returns the same result.
//  5. Requests go on for a while, and what they hand over must not get lost. The
//     task's context has ended with ErrShutdown. A stop that is not over waits for
//     it.
//
// Streams that begin after a stop, and before the next start is complete, are told
// to end at once.
type lifecycle struct {
	stopping atomic.Bool // streams are told to end; changes under the mutex
	aborted  atomic.Bool // the grace is over
	leaving  atomic.Bool // the server is about to stop

	mutex   sync.Mutex
	phase   phase
	run     *run                    // the current one, or the last
	waiting []func(context.Context) // tasks given before the first start
	tasks   int                     // that run now
	idle    chan struct{}           // closed when tasks has become 0
	told    chan struct{}           // for HttpRequest.Stopping, when somebody has asked
}

// A phase is a state of the machine.
type phase uint8

const (
	phaseNew phase = iota
	phaseStarting
	phaseRunning
	phaseStopping
	phaseStopped
)

// A run is one way of the machine from a start, or from a stop without one, to
// its end.
type run struct {
	before phase // where a start that fails goes back to

	// starting is for the start-up handlers. It goes on while the application
	// runs, as they may have handed it on.
	starting  context.Context //nolint:containedctx // handed over from one call to another
	interrupt context.CancelCauseFunc

	// working is for the background tasks.
	working context.Context //nolint:containedctx // handed over from one call to another
	cancel  context.CancelCauseFunc

	complete bool            // all start-up handlers have succeeded
	stop     context.Context //nolint:containedctx // of the Shutdown that ended a start

	over chan struct{} // closed at the end
	err  error         // the result of the stop, when over is closed
}

func newRun(ctx context.Context, before phase) *run {
	r := &run{before: before, over: make(chan struct{})}
	r.starting, r.interrupt = context.WithCancelCause(ctx)
	r.working, r.cancel = context.WithCancelCause(context.WithoutCancel(ctx))
	return r
}

// end tells the start-up handlers and the tasks to end.
func (r *run) end() {
	r.interrupt(ErrShutdown)
	r.cancel(ErrShutdown)
}

// start goes from new or stopped to starting.
func (l *lifecycle) start(ctx context.Context) (*run, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	switch l.phase {
	case phaseStarting:
		return nil, errors.New("bare: the application is starting already")
	case phaseRunning:
		return nil, errors.New("bare: the application is running already")
	case phaseStopping:
		return nil, errors.New("bare: the application is still stopping")
	case phaseNew, phaseStopped:
	}
	l.run = newRun(ctx, l.phase)
	l.phase = phaseStarting
	return l.run, nil
}

// started goes from starting to running. It returns false when a Shutdown has
// come in between.
func (l *lifecycle) started(r *run) bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	r.complete = true
	if l.phase != phaseStarting {
		return false
	}
	l.phase = phaseRunning
	if l.stopping.Swap(false) {
		l.told = nil
	}
	l.aborted.Store(false)
	l.leaving.Store(false)
	for _, task := range l.waiting {
		l.begin(r.working, task)
	}
	l.waiting = nil
	return true
}

// ready reports whether the application runs, and will for a while.
func (l *lifecycle) ready() bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.phase == phaseRunning && !l.leaving.Load()
}

// beginStop goes to stopping. It returns the run that ends, and whether the
// caller is to carry out the stop.
func (l *lifecycle) beginStop(ctx context.Context) (r *run, mine bool) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	switch l.phase {
	case phaseNew, phaseStopped:
		l.run = newRun(ctx, phaseStopped)
		mine = true
	case phaseStarting:
		l.run.stop = ctx
	case phaseRunning:
		mine = true
	case phaseStopping:
		return l.run, false
	}
	l.phase = phaseStopping
	if !l.stopping.Swap(true) && l.told != nil {
		close(l.told)
	}
	l.run.end()
	return l.run, mine
}

// interrupted reports whether a Shutdown has come while the run was starting.
func (l *lifecycle) interrupted(r *run) bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return r.stop != nil
}

// finish ends a run: a stop that is over, or a start that has failed. A Shutdown
// that waits for it returns err.
func (l *lifecycle) finish(r *run, err error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.phase == phaseStarting {
		l.phase = r.before
	} else {
		l.phase = phaseStopped
	}
	r.err = err
	close(r.over)
}

// result waits for the end of a stop that another goroutine carries out.
func (*lifecycle) result(ctx context.Context, r *run) error {
	select {
	case <-r.over:
		return r.err
	case <-ctx.Done():
	}
	select { // of two that are ready, the first select takes any
	case <-r.over:
		return r.err
	default:
		return fmt.Errorf("bare: the application is still stopping: %w", ctx.Err())
	}
}

// add runs a task, now or from the next start on.
func (l *lifecycle) add(task func(context.Context)) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.phase == phaseNew {
		l.waiting = append(l.waiting, task)
		return
	}
	l.begin(l.run.working, task)
}

// begin runs a task in a goroutine of its own. The caller holds the mutex.
func (l *lifecycle) begin(ctx context.Context, task func(context.Context)) {
	if l.tasks == 0 {
		l.idle = make(chan struct{})
	}
	l.tasks++
	go func() {
		defer l.done()
		task(ctx)
	}()
}

func (l *lifecycle) done() {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.tasks--; l.tasks == 0 {
		close(l.idle)
	}
}

// busy returns a channel that is closed when the tasks that run now have ended;
// nil when there are none.
func (l *lifecycle) busy() <-chan struct{} {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.tasks == 0 {
		return nil
	}
	return l.idle
}

// wait waits for the tasks, no longer than ctx lasts. It fails only if one is
// left then: that ctx has ended is no fault by itself.
func (l *lifecycle) wait(ctx context.Context) error {
	for idle := l.busy(); idle != nil; idle = l.busy() {
		select {
		case <-idle:
			continue // but another one may have begun
		case <-ctx.Done():
		}
		if l.busy() != nil {
			return fmt.Errorf("bare: background tasks are still running: %w", ctx.Err())
		}
	}
	return nil
}

// stopSignal returns a channel that is closed when a stop begins, or has begun.
func (l *lifecycle) stopSignal() <-chan struct{} {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.told == nil {
		l.told = make(chan struct{})
		if l.stopping.Load() {
			close(l.told)
		}
	}
	return l.told
}
