package bare

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
)

// An exchange is one request and its response, in one allocation. It is never
// pooled, as a handler may keep its request. It is the only one that knows all of
// its parts, and they do not know it.
type exchange struct {
	log     requestLog
	app     *Application
	handler HttpHandler // of the route, inside the middlewares
	request HttpRequest

	lifetime lifetime
	body     *requestBody // nil without one
	stream   stream
	sink     httpSink

	head  gate   // of early hints, until the response begins
	hooks *hooks // nil as long as there are none
	err   error  // how the response ended, in the terms of End

	// guard keeps the watch from a ResponseWriter that is no longer ours.
	guard     sync.Mutex
	finished  bool        // under the guard
	begun     bool        // the response has begun, or never will
	ended     bool        // the response was completed or cut
	asked     bool        // for its context, before the end
	forgotten bool        // by the watch; under its mutex
	watched   atomic.Bool // by the watch
}

// hooks are what the end of an exchange calls or waits for. Most have none.
type hooks struct {
	mutex    sync.Mutex // a handler of net/http runs in a goroutine of its own
	over     bool       // the response has ended; under the mutex
	onEnd    []func(End)
	first    [1]func(End) // of onEnd, as most have one
	cleanups []func()
	// handlers counts the goroutines of FromHTTPHandler: they use what must not be
	// used when ServeHTTP has returned.
	handlers sync.WaitGroup
	// prompt says that the response must not wait for them: see [announce].
	prompt bool
}

// addHooks makes the hooks at the first call.
func (x *exchange) addHooks() *hooks {
	if x.hooks == nil {
		x.hooks = new(hooks)
	}
	return x.hooks
}

func newExchange(app *Application, w http.ResponseWriter, r *http.Request) *exchange {
	x := &exchange{app: app}
	x.lifetime.scope = r
	x.request = HttpRequest{
		Scope:    r,
		Info:     app.Info,
		Locals:   make(map[string]any),
		Body:     emptyBody,
		exchange: x,
	}
	x.log.app, x.log.request = app, &x.request
	x.sink = httpSink{w: w, scope: r, log: &x.log}
	x.stream.sink = app.compressor.around(&x.sink, r)
	x.stream.clock = &app.clock
	x.stream.lifetime = &x.lifetime
	x.stream.log = &x.log
	x.stream.started = app.clock.now()
	x.stream.entry.owner = x
	if r.Body != nil && r.ContentLength != 0 {
		x.body = newRequestBody(x, r)
		x.request.Scope = x.body.scope(r)
		x.request.Body = x.body.chunks
	}
	return x
}

func emptyBody(func([]byte, error) bool) {}

// serve runs the middlewares and the handler, and streams the response.
func (x *exchange) serve() {
	defer x.finish()
	var response HttpResponse
	x.handle(&response)
	x.send(&response)
}

// context is the request's, made at the first call.
func (x *exchange) context() context.Context {
	ctx, made := x.lifetime.context()
	if made {
		// In this order: either the shutdown finds the exchange among those that it
		// tells, or it has begun and is seen here.
		x.app.watch.see(x)
		if x.app.stopping() {
			x.lifetime.shutDown()
		}
	}
	return ctx
}

// handle runs the middlewares and the handler.
func (x *exchange) handle(response *HttpResponse) {
	if len(x.app.Middlewares) == 0 {
		x.attempt(&x.request, x.handler, response)
		return
	}
	x.attempt(&x.request, x.app.pipeline, response)
}

// attempt calls a handler. Its error, or its panic, is a response that has the form
// which errors have in this application. The response is the caller's own variable, as
// each further one would lie on the stack for as long as the handler runs.
func (x *exchange) attempt(request *HttpRequest, handler HttpHandler, response *HttpResponse) {
	defer func() {
		// Nil means that it has returned, or ServeHTTP is being left by runtime.Goexit.
		if value := recover(); value != nil {
			*response = x.crashed(request, caught(value))
		}
	}()
	*response = handler(request)
	if response.fault != nil {
		x.renderInto(request, response)
	}
}

// renderInto is not inlined, as its copies of the response would lie on the stack of
// every handler.
//
//go:noinline
func (x *exchange) renderInto(request *HttpRequest, response *HttpResponse) {
	*response = x.rendered(request, *response)
}

// crashed is the response to a request whose handler has panicked.
func (x *exchange) crashed(request *HttpRequest, failure error) HttpResponse {
	if errors.Is(failure, http.ErrAbortHandler) {
		panic(http.ErrAbortHandler) //nolint:forbidigo // net/http's own way to drop a connection
	}
	x.logPanic("the handler panicked", failure)
	return x.render(request, ErrorResponse(&HttpError{Status: http.StatusInternalServerError, Err: failure}))
}

func (x *exchange) logPanic(message string, failure error) {
	var value, stack any = failure, ""
	if crash, ok := errors.AsType[*panicError](failure); ok {
		value, stack = crash.value, string(crash.stack)
	}
	x.log.write(slog.LevelError, message, slog.String("panic", fmt.Sprint(value)), slog.Any("stack", stack))
}

// send sends a response, and returns when it is complete. It panics with
// [http.ErrAbortHandler] when it must not look complete.
func (x *exchange) send(response *HttpResponse) {
	x.checkCut()
	x.transmit(response)
	// In this order: a Cut from here on is too late, and does nothing.
	x.lifetime.conclude()
	x.checkCut()
}

// transmit sends a response that nobody has cut yet.
func (x *exchange) transmit(response *HttpResponse) {
	x.beginHead()
	if x.prompt() {
		announce(response)
	}
	x.setHead(response)
	if response.upgrades() && x.takeOver(response) {
		return
	}
	x.body.settle(&x.sink)
	x.sink.push(response.Pushes)
	if x.stream.bodyless(x.request.Scope.Method == http.MethodHead, response.Body) {
		x.sendBodyless()
		return
	}
	x.bodyBegins()
	err := x.stream.run(response.Body, x.timed())
	switch {
	case err == nil && x.lifetime.left.Load() && !x.sink.unreachable():
		err = ErrClientGone // it may still read, and the body has not reached its end
	case err == nil:
		err = x.complete(x.apparent())
	}
	if err != nil {
		x.cut(err)
	}
}

// setHead gives the stream its head, or that of an error in the response's place.
func (x *exchange) setHead(response *HttpResponse) {
	if err := x.stream.setHead(response); err != nil {
		x.replaceRefused(response, err)
	}
}

// replaceRefused is not inlined, either.
//
//go:noinline
func (x *exchange) replaceRefused(response *HttpResponse, err error) { *response = x.refuse(err) }

// bodyBegins says that from now on a shutdown ends the request's context.
func (x *exchange) bodyBegins() {
	x.lifetime.running.Store(true)
	if x.app.stopping() {
		x.lifetime.shutDown()
	}
}

// sendBodyless sends a head alone.
func (x *exchange) sendBodyless() {
	s := &x.stream
	if x.request.Scope.Method != http.MethodHead && !hasNoBody(s.status) {
		x.sink.setLength(0) // net/http does so by itself only if nothing is flushed
	}
	_ = x.complete(nil) // nothing is lost with it
}

// complete ends a response that has all its bytes; err is what OnEnd is told if
// even the last of them is handed over.
func (x *exchange) complete(err error) error {
	failure := x.stream.complete(x.observed() || x.prompt(), x.app.watch.stall)
	if failure != nil && x.stream.sent > 0 {
		return failure
	}
	x.ended, x.err = true, err
	return nil
}

// cut ends a response so that it cannot be taken for a complete one. When nothing
// of it has been sent, it is still time for an error's response.
func (x *exchange) cut(err error) {
	// In this order, as above: the reason is known now. A Cut that came before is it,
	// whatever the body has made of it.
	x.lifetime.conclude()
	x.checkCut()
	silent := errors.Is(err, http.ErrAbortHandler) || x.lifetime.excuses(err) || errors.Is(err, ErrStalled)
	_, panicked := errors.AsType[*bodyPanicError](err)
	if !silent && !panicked && !errors.Is(err, errFlushPanicked) {
		x.log.write(slog.LevelError, "the body failed", slog.Any("error", err))
	}
	x.ended, x.err = true, x.blame(err)
	if !silent && x.replace(err) {
		return
	}
	if x.stream.abandon() {
		x.sink.cut()
	}
	panic(http.ErrAbortHandler) //nolint:forbidigo // net/http's own way to cut a response
}

// apparent is what OnEnd is told of a response that was sent whole.
func (x *exchange) apparent() error {
	switch cause := x.lifetime.cause(); {
	case errors.Is(cause, ErrShutdown):
		return ErrShutdown
	case cause == nil, x.stream.declared >= 0, x.body.stalled():
		return nil
	case x.sink.stalled():
		return ErrStalled
	default:
		// The body may have ended because of it.
		return ErrClientGone
	}
}

// blame says why a response was cut, in the terms of End.
func (x *exchange) blame(err error) error {
	if reason := x.lifetime.severedBy(); reason != nil {
		return reason
	}
	switch {
	case x.sink.stalled():
		return ErrStalled
	case errors.Is(x.lifetime.cause(), ErrShutdown), x.app.aborted():
		return ErrShutdown
	case x.lifetime.excuses(err):
		return ErrClientGone
	default:
		return err
	}
}

// finish runs before ServeHTTP returns, on every path: after it, a flush would
// bring the process down. No step is left out when the one before it panics, as a
// foreign writer may, or ends the goroutine, as a function given to OnEnd may.
func (x *exchange) finish() {
	defer x.letGo()
	defer x.report()
	defer x.await()
	defer x.close()
	if !x.ended {
		x.abort()
	}
}

// close ends the stream, and tells whoever is still at work on the response.
func (x *exchange) close() {
	x.beginHead()
	x.stream.close()
	x.app.clock.delist(&x.stream.entry)
	x.asked = x.lifetime.end(context.Canceled)
	if x.hooks != nil {
		x.hooks.end()
	}
}

// await waits for those who are still at work. A body inside a middleware of net/http is
// among them: whoever is told of the end may use what that has used.
func (x *exchange) await() {
	x.body.halt(&x.sink)
	x.body.closeDecoder()
	if x.hooks != nil {
		x.hooks.handlers.Wait() // under the watch: they may be waiting for the client
	}
}

// letGo gives the connection back.
func (x *exchange) letGo() {
	x.app.watch.forget(x, !x.asked && x.body == nil)
	x.guard.Lock()
	x.finished = true
	x.guard.Unlock()
	x.body.release(&x.sink)
}

// abort ends the response of a handler or body that has left without an end: it
// panicked with [http.ErrAbortHandler], or ended its goroutine.
func (x *exchange) abort() {
	x.lifetime.conclude() // as in cut
	x.err = x.blame(http.ErrAbortHandler)
	x.stream.drop()
	x.sink.reset()
}

// due is called by the clock, under its mutex: the response takes its time.
func (x *exchange) due() { x.app.watch.see(x) }

// quiet is called by the clock, under its mutex.
func (x *exchange) quiet() bool { return x.stream.quiet() }

// wake is called by the clock, in a goroutine of its own: one stalled client would
// stop all others if the clock flushed itself.
func (x *exchange) wake() { x.stream.flushDue() }

// giveUpReading ends a read of the body that waits for a client that has stalled.
func (x *exchange) giveUpReading(operation uint64) {
	x.giveUp(&x.body.reading, operation, x.sink.expireReads)
}

// giveUpWriting ends a write that waits for a client that has stalled.
func (x *exchange) giveUpWriting(operation uint64) {
	x.giveUp(&x.stream.writing, operation, x.sink.expire)
}

func (x *exchange) giveUp(w *wait, operation uint64, expire func() error) {
	x.guard.Lock()
	defer x.guard.Unlock()
	if x.finished || !w.expire(operation) {
		return
	}
	if err := expire(); err != nil {
		x.log.write(slog.LevelWarn, "a stalled client cannot be cut off", slog.Any("error", err))
	}
}

// logFailure tells the log what an ErrorResponse hides from the client. It is no
// failure of the program's if OnError knows the error for one of the client's.
func (x *exchange) logFailure(err error, status int) {
	level := slog.LevelError
	if status < http.StatusInternalServerError || x.lifetime.excuses(err) || errors.Is(err, ErrStalled) {
		level = slog.LevelDebug
	}
	x.log.write(level, "the request failed", slog.Any("error", err))
}
