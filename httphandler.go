package bare

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
)

// ToHTTPHandler makes an [http.Handler] of a handler, for the routes of another
// router. The application's middlewares, Info and limits apply; its routes, and
// what Wrap has put around them, do not. It panics when the handler is nil.
func (a *Application) ToHTTPHandler(handler HttpHandler) http.Handler {
	if handler == nil {
		panic("bare: ToHTTPHandler: the handler is nil") //nolint:forbidigo // a programmer's error, at registration
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.exchange(w, r, handler, Matches{}).serve() //nolint:contextcheck // the request holds it
	})
}

// FromHTTPHandler makes a handler of an [http.Handler]. What it writes is
// streamed as it is written, a Flush returns when its bytes are out, middlewares
// may change its response, and its request's context is that of
// [HttpRequest.Context], which a shutdown ends. Its writes fail once the response
// is over, and are dropped for HEAD.
//
// It cannot hijack the connection, and informational responses and trailers are
// not carried: such a handler belongs in [Application.Mount]. FromHTTPHandler
// panics when the handler is nil.
func FromHTTPHandler(handler http.Handler) HttpHandler {
	if handler == nil {
		panic("bare: FromHTTPHandler: the handler is nil") //nolint:forbidigo // a programmer's error, at registration
	}
	return func(request *HttpRequest) HttpResponse {
		w, scope := newHandlerWriter(request)
		return w.respond(request, handler, scope)
	}
}

// handlerWriter is the ResponseWriter of a handler that runs in a goroutine of its
// own, and the body of its response in the goroutine that serves the request.
// Each chunk goes from one to the other and is answered for, as it belongs to the
// handler again when Write returns.
type handlerWriter struct {
	cancel   context.CancelCauseFunc
	head     bool
	headers  http.Header
	crossing *crossing // nil except for FromHTTPMiddleware

	once   sync.Once     // for what follows
	ready  chan struct{} // closed when status and sent are set
	status int
	sent   http.Header

	begunOnce sync.Once
	begun     chan struct{} // closed when the body is run

	chunks chan []byte
	taken  chan bool // the answer to a chunk: whether to go on

	overOnce sync.Once
	over     chan struct{} // closed when nobody takes chunks any more

	ended   chan struct{} // closed when the handler has returned
	failure error         // its panic
	early   bool          // it came before the head
}

// newHandlerWriter makes the writer for a handler's response to the request, and
// the request that the handler is given.
func newHandlerWriter(request *HttpRequest) (*handlerWriter, *http.Request) {
	ctx, cancel := context.WithCancelCause(request.Context())
	w := &handlerWriter{
		cancel:  cancel,
		head:    request.Scope.Method == http.MethodHead,
		headers: make(http.Header),
		ready:   make(chan struct{}),
		begun:   make(chan struct{}),
		chunks:  make(chan []byte),
		taken:   make(chan bool),
		over:    make(chan struct{}),
		ended:   make(chan struct{}),
	}
	scope := request.Scope.WithContext(ctx)
	if scope.Body != nil && scope.Body != http.NoBody {
		scope.Body = io.NopCloser(request.Reader())
	}
	return w, scope
}

// respond runs the handler, and returns its response when it has sent its head.
func (w *handlerWriter) respond(request *HttpRequest, handler http.Handler, scope *http.Request) HttpResponse {
	w.start(request, func() { w.run(handler, scope) })
	<-w.ready
	if w.failedEarly() {
		panic(w.failure) //nolint:forbidigo // a handler's panic, where net/http would have it
	}
	response := HttpResponse{Status: w.status, Headers: w.sent}
	if !w.bodyless() {
		response.Body = w.body
	}
	return response
}

// start runs the handler in a goroutine that the response waits for. Without a
// server its context is all that can end it.
func (w *handlerWriter) start(request *HttpRequest, run func()) {
	x := request.exchange
	if x == nil {
		context.AfterFunc(request.Context(), w.stop)
		request.OnEnd(func(End) { w.stop() })
		go run()
		return
	}
	hooks := x.addHooks()
	hooks.cleanUp(w.stop)
	hooks.begin(func() {
		run()
		if w.bodyless() && w.failure != nil && !w.early && !errors.Is(w.failure, http.ErrAbortHandler) {
			x.logPanic("the handler panicked after its head", w.failure) // no body is there to fail
		}
	})
}

// stop has every Write fail: the response is over, or its body is never run.
func (w *handlerWriter) stop() {
	w.overOnce.Do(func() { close(w.over) })
	w.cancel(ErrClientGone) // a handler that goes on is told
}

// bodyless reports whether the response has no body. It is called when ready is
// closed.
func (w *handlerWriter) bodyless() bool { return w.head || hasNoBody(w.status) }

func (w *handlerWriter) run(handler http.Handler, r *http.Request) {
	returned := false
	defer func() {
		if !returned {
			w.failure = caught(recover())
		}
		if err := w.crossing.end(); err != nil {
			w.failure = bodyError{err} // whatever the middleware has made of it
		}
		select {
		case <-w.ready:
		default:
			w.early = w.failure != nil
		}
		// In this order: who waits for the head must see a failure before it.
		close(w.ended)
		w.WriteHeader(http.StatusOK)
	}()
	handler.ServeHTTP(w, r)
	returned = true
}

// failedEarly reports whether the handler has failed before its head. What fails
// later is for the response's body to say, however soon it fails, and so is what has
// failed in the body of the handler inside a middleware.
func (w *handlerWriter) failedEarly() bool {
	select {
	case <-w.ended:
	default:
		return false
	}
	_, inBody := errors.AsType[bodyError](w.failure)
	return w.early && (w.crossing == nil || !inBody)
}

// body yields what the handler writes.
func (w *handlerWriter) body(yield func([]byte) bool) {
	defer w.stop()
	w.begunOnce.Do(func() { close(w.begun) })
	for {
		select {
		case chunk := <-w.chunks:
			if !w.pass(chunk, yield) {
				return
			}
		case <-w.ended:
			if w.failure != nil {
				panic(w.failure) //nolint:forbidigo // a handler's panic, where net/http would have it
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
	if status < http.StatusOK && !w.crossing.upgrades(status) {
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
	switch {
	case w.head, len(chunk) == 0:
		return len(chunk), nil
	case hasNoBody(w.status):
		return 0, http.ErrBodyNotAllowed
	}
	if err := w.hand(chunk); err != nil {
		return 0, err
	}
	return len(chunk), nil
}

// hand gives a chunk to the body, and waits for its answer.
func (w *handlerWriter) hand(chunk []byte) error {
	select {
	case w.chunks <- chunk:
	case <-w.over: // nobody may be there to take it
		return ErrClientGone
	}
	if !<-w.taken {
		return ErrClientGone
	}
	return nil
}

// FlushError sends the head and what was written, and returns when it is out.
func (w *handlerWriter) FlushError() error {
	w.WriteHeader(http.StatusOK)
	if w.bodyless() {
		return nil
	}
	return w.hand(nil)
}

// Flush is FlushError for those who do not ask how it went.
func (w *handlerWriter) Flush() {
	_ = w.FlushError() // the next Write fails
}
