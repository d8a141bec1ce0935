package bare

import (
	"errors"
	"fmt"
	"iter"
	"net/http"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"

	"github.com/bare-go/bare/internal/crash"
)

// RunBody runs a body as the server does, and returns what it failed with: nil
// when it has returned, or when yield returned false; the error of a
// [StreamWriter]; an error that wraps its panic, with the stack in its text. A
// body that ends its goroutine (see [runtime.Goexit]) does not return.
//
// The body may call its yield from several goroutines, one of which waits for
// another, and none may do so after the end: such a call returns false, and ends
// its goroutine when it is made again and again. It is what a test, a topic or a
// run that outlives its connection needs: ranging over a body instead has its
// failure end the process. A nil body is empty.
func RunBody(body iter.Seq[[]byte], yield func(chunk []byte) bool) error {
	r := bodyRun{yield: yield}
	err := runBody(body, r.pass)
	r.gate.lock()
	stopped := r.over
	r.over = true
	r.gate.unlock()
	failed, ok := errors.AsType[bodyError](err)
	switch {
	case ok && stopped:
		return nil // it has nothing to lose any more
	case ok:
		return failed.err
	}
	return err
}

// A bodyRun lets one chunk of a body through at a time, and none after the end.
type bodyRun struct {
	yield func(chunk []byte) bool
	gate  gate
	over  bool
	late  lateCalls
}

func (r *bodyRun) pass(chunk []byte) bool {
	r.gate.lock()
	if r.over {
		r.gate.unlock()
		r.late.count()
		return false
	}
	defer r.gate.unlock()
	r.over = true // if yield panics
	r.over = !r.yield(chunk)
	return !r.over
}

// lateCalls counts the calls of a yield that come after it has returned false, or
// after the body has returned.
type lateCalls struct{ made atomic.Int32 }

// maxLateCalls is how many of them are let go before their goroutine is ended: it
// would go on forever.
const maxLateCalls = 100

// count counts a call, and returns true for the first one.
func (l *lateCalls) count() bool {
	made := l.made.Add(1)
	if made >= maxLateCalls {
		runtime.Goexit()
	}
	return made == 1
}

// runBody runs a body and returns what it failed with: a [bodyError] or a
// [panicError].
func runBody(body iter.Seq[[]byte], yield func([]byte) bool) (err error) {
	returned := false
	defer func() {
		if !returned {
			err = caught(recover())
		}
	}()
	if body != nil {
		body(yield)
	}
	returned = true
	return nil
}

// bodyError is what a body panics with to say that it failed. It passes through
// range loops and [iter.Pull], and whoever runs the body recovers it; anyone else
// who does panics with it again.
type bodyError struct{ err error }

func (e bodyError) Error() string { return "bare: the body failed: " + e.err.Error() }
func (e bodyError) Unwrap() error { return e.err }

// failBody ends a body that cannot be completed.
func failBody(err error) {
	panic(bodyError{err}) //nolint:forbidigo // an iter.Seq has no other way to say that it failed
}

// A panicError is a panic as an error, with the stack that it would lose.
type panicError struct {
	value any
	cause error // the value, if it is an error whose own methods can be trusted
	stack []byte
}

// caught makes an error of what recover returned: a [bodyError] as it is,
// [http.ErrAbortHandler] for itself and for [runtime.Goexit], of which recover
// says nothing, and a [panicError] of anything else.
func caught(value any) error {
	if value == nil {
		return http.ErrAbortHandler
	}
	var stack []byte
	if carried, ok := value.(*crash.PanicError); ok { // the stack here is that of another goroutine
		value, stack = carried.Value, carried.Stack
	}
	cause := asError(value)
	if failed, ok := errors.AsType[bodyError](cause); ok {
		return failed
	}
	if errors.Is(cause, http.ErrAbortHandler) {
		return http.ErrAbortHandler
	}
	if before, ok := errors.AsType[*panicError](cause); ok {
		return before // it has crossed over from another goroutine
	}
	if stack == nil {
		stack = debug.Stack()
	}
	return &panicError{value, cause, stack}
}

// asError returns a panic's value as an error, nil if it is none. One that panics
// itself when it is asked for its cause is none, either.
func asError(value any) (err error) {
	err, ok := value.(error)
	if !ok {
		return nil
	}
	defer func() {
		if recover() != nil {
			err = nil
		}
	}()
	_ = errors.Is(err, http.ErrAbortHandler)
	_, _ = errors.AsType[*panicError](err)
	return err
}

func (p *panicError) Error() string { return fmt.Sprintf("bare: panic: %v\n%s", p.value, p.stack) }

// Unwrap returns the panic's value, if it is an error.
func (p *panicError) Unwrap() error { return p.cause }

// A bodyPanicError ends the response of a body that panicked; the panic has been
// logged. It does not unwrap, as the panic's value must not pass for a reason of
// the body's own, such as the end of its context.
type bodyPanicError struct{ crash *panicError }

func (*bodyPanicError) Error() string { return "bare: the body panicked" }

// wentOn reports whether the panic is that of a range loop whose body was called
// after it had ended.
func (p *panicError) wentOn() bool {
	fault, ok := errors.AsType[runtime.Error](p.cause)
	return ok && strings.Contains(fault.Error(), "range function continued")
}
