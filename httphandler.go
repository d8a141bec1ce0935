package bare

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"sync"
)

// ToHTTPHandler makes an [http.Handler] of a handler, for the routes of another
// router. The application's middlewares, Info and limits apply; its routes do
// not. It panics when the handler is nil.
func (a *Application) ToHTTPHandler(handler HttpHandler) http.Handler {
	if handler == nil {
		panic("bare: ToHTTPHandler: the handler is nil") //nolint:forbidigo // a programmer's error, at registration
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.serve(w, r, handler, Matches{}) //nolint:contextcheck // the request holds it
	})
}

// FromHTTPHandler makes a handler of an [http.Handler]. What it writes is
// streamed as it is written, middlewares may change its response, and its
// request's context is that of [HttpRequest.Context], which a shutdown ends. Its
// writes fail once that has ended, and are dropped for HEAD.
//
// It cannot hijack the connection, and informational responses and trailers are
// not carried: such a handler belongs in [Application.Mount]. FromHTTPHandler
// panics when the handler is nil.
func FromHTTPHandler(handler http.Handler) HttpHandler {
	if handler == nil {
		panic("bare: FromHTTPHandler: the handler is nil") //nolint:forbidigo // a programmer's error, at registration
	}
	return func(request *HttpRequest) HttpResponse {
		ctx, cancel := context.WithCancelCause(request.Context())
		w := &handlerWriter{
			ctx:     ctx,
			cancel:  cancel,
			head:    request.Scope.Method == http.MethodHead,
			headers: make(http.Header),
			ready:   make(chan struct{}),
			chunks:  make(chan []byte),
			taken:   make(chan bool),
			ended:   make(chan struct{}),
		}
		scope := request.Scope.WithContext(ctx)
		if scope.Body != nil && scope.Body != http.NoBody {
			scope.Body = io.NopCloser(request.Reader())
		}
		run := func() { w.run(handler, scope) }
		if request.exchange != nil {
			request.exchange.handlers.Go(run)
		} else {
			go run()
		}
		<-w.ready
		w.repanic()
		return HttpResponse{Status: w.status, Headers: w.sent, Body: w.body}
	}
}

// handlerWriter is the ResponseWriter of a handler that runs in a goroutine of its
// own, and the body of its response in the goroutine that serves the request.
// Each chunk goes from one to the other and is answered for, as it belongs to the
// handler again when Write returns.
type handlerWriter struct {
	ctx     context.Context //nolint:containedctx // every Write must see its end
	cancel  context.CancelCauseFunc
	head    bool
	headers http.Header

	once   sync.Once     // for what follows
	ready  chan struct{} // closed when status and sent are set
	status int
	sent   http.Header

	chunks chan []byte
	taken  chan bool // the answer to a chunk: whether to go on

	ended    chan struct{} // closed when the handler has returned
	failure  error         // its panic
	writeErr error         // of a Write that failed
}

func (w *handlerWriter) run(handler http.Handler, r *http.Request) {
	returned := false
	defer func() {
		if !returned {
			w.failure = caught(recover())
		}
		// In this order: who waits for the head must see a failure before it.
		close(w.ended)
		w.WriteHeader(http.StatusOK)
	}()
	handler.ServeHTTP(w, r)
	returned = true
}

// repanic panics with what the handler panicked with, in the goroutine that
// serves the request.
func (w *handlerWriter) repanic() {
	select {
	case <-w.ended:
		if w.failure != nil {
			panic(w.failure) //nolint:forbidigo // a handler's panic, where net/http would have it
		}
	default:
	}
}

// body yields what the handler writes.
func (w *handlerWriter) body(yield func([]byte) bool) {
	defer w.cancel(ErrClientGone) // a handler that goes on is told
	for {
		select {
		case chunk := <-w.chunks:
			if !w.pass(chunk, yield) {
				return
			}
		case <-w.ended:
			w.repanic()
			if w.writeErr != nil {
				failBody(w.writeErr)
			}
			return
		}
	}
}

// pass yields a chunk and answers for it, whatever becomes of it.
func (w *handlerWriter) pass(chunk []byte, yield func([]byte) bool) (more bool) {
	defer func() { w.taken <- more }()
	return yield(chunk)
}

// Header returns the headers that WriteHeader will send.
func (w *handlerWriter) Header() http.Header { return w.headers }

// WriteHeader sends the status and a copy of the headers, once.
func (w *handlerWriter) WriteHeader(status int) {
	if status < http.StatusOK {
		return // informational: not carried
	}
	w.once.Do(func() {
		w.status = status
		w.sent = w.headers.Clone()
		close(w.ready)
	})
}

// Write hands a chunk to the body and waits until it has been sent.
func (w *handlerWriter) Write(chunk []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	if w.head || len(chunk) == 0 {
		return len(chunk), nil
	}
	if w.ctx.Err() != nil {
		return 0, w.end()
	}
	select {
	case w.chunks <- chunk:
	case <-w.ctx.Done(): // nobody may be there to take it
		return 0, w.end()
	}
	if !<-w.taken {
		w.writeErr = ErrClientGone
		return 0, w.writeErr
	}
	return len(chunk), nil
}

// end is what a Write returns once the context has ended.
func (w *handlerWriter) end() error {
	w.writeErr = context.Cause(w.ctx)
	return w.writeErr
}

// FlushError sends the head. The stream flushes what follows it by itself.
func (w *handlerWriter) FlushError() error {
	w.WriteHeader(http.StatusOK)
	return context.Cause(w.ctx)
}

// Flush is FlushError for those who do not ask how it went.
func (w *handlerWriter) Flush() { w.WriteHeader(http.StatusOK) }

// panicError is a panic that crosses over to another goroutine, with the stack
// that it would lose.
type panicError struct {
	value any
	stack []byte
}

// caught makes an error of what recover returned; nil stands for
// [runtime.Goexit], which ends the response without a word.
func caught(value any) error {
	err, ok := value.(error)
	if value == nil || ok && errors.Is(err, http.ErrAbortHandler) {
		return http.ErrAbortHandler
	}
	return &panicError{value, debug.Stack()}
}

func (p *panicError) Error() string { return fmt.Sprintf("%v\n%s", p.value, p.stack) }

// Unwrap returns the panic's value, if it is an error.
func (p *panicError) Unwrap() error {
	err, _ := p.value.(error)
	return err
}
