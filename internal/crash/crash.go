// Package crash carries a panic from one goroutine to another, with the stack of the first:
// the root module logs that one, as it is where the fault is.
package crash

import (
	"fmt"
	"net/http"
	"runtime/debug"
)

// A PanicError is a panic of another goroutine. It is an error, so that a middleware which
// recovers it finds the value with [errors.Is] and [errors.AsType].
type PanicError struct {
	Value any
	Stack []byte // of the goroutine that has panicked
}

// Carry returns what the other goroutine panics with in the place of value, which is what
// recover has returned. It is called by the deferred function, which has the stack yet. Nil
// and [http.ErrAbortHandler], whose stack nobody wants, stay as they are, and so does what
// was carried before.
func Carry(value any) any {
	if value == nil || value == http.ErrAbortHandler { //nolint:errorlint // one that wraps it has a text of its own
		return value
	}
	if _, ok := value.(*PanicError); ok {
		return value
	}
	return &PanicError{Value: value, Stack: debug.Stack()}
}

// Error returns the value and the stack.
func (p *PanicError) Error() string { return fmt.Sprintf("panic: %v\n%s", p.Value, p.Stack) }

// Unwrap returns the value if it is an error.
func (p *PanicError) Unwrap() error {
	err, _ := p.Value.(error)
	return err
}
