package bare

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"log/slog"
	"net/http"
	"time"
)

// An inside is the request that a middleware of net/http has let through, and the
// response to it on its way to the middleware's ResponseWriter. It has a stream of
// its own, so that chunks share their flushes here as they do on the connection.
type inside struct {
	crossing *crossing
	request  HttpRequest
	log      *requestLog
	lifetime lifetime
	stream   stream
	sink     httpSink
}

func newInside(c *crossing, w http.ResponseWriter, r *http.Request) *inside {
	i := &inside{crossing: c}
	app := new(Application)
	if x := c.request.exchange; x != nil {
		app, i.log = x.app, &x.log
	} else {
		app.clock.base = time.Now()
		i.log = &requestLog{app: app, request: c.request}
	}
	i.lifetime.scope = r
	i.adopt(r, app.BodyLimit)
	i.sink = httpSink{w: w, scope: r, log: i.log}
	i.stream.sink = &i.sink
	i.stream.clock = &app.clock
	i.stream.lifetime = &i.lifetime
	i.stream.log = i.log
	i.stream.started = app.clock.now()
	i.stream.entry.owner = i
	return i
}

// adopt makes the request: what r has of it, and the rest as it was outside.
func (i *inside) adopt(r *http.Request, limit int64) {
	i.request = *i.crossing.request
	i.request.ctx, _ = i.lifetime.context() //nolint:fatcontext // each request has one of its own
	switch r.Body {
	case i.crossing.body:
		i.request.Scope = r
	case nil, http.NoBody:
		i.request.Scope, i.request.Body = r, emptyBody
	default:
		body := &requestBody{source: r.Body, length: r.ContentLength, limit: cmp.Or(i.request.limits.body, limit)}
		i.request.Scope, i.request.Body = body.scope(r), body.chunks
		i.request.replaced = body
	}
}

// send streams the response, and returns when all of it has been given to the
// middleware. It panics with [http.ErrAbortHandler] when that is not all there
// should be.
func (i *inside) send(response HttpResponse) {
	s := &i.stream
	bodyless := false
	inTime := i.crossing.keep(func() HttpResponse {
		response = i.setHead(response)
		bodyless = i.bodyless(response.Body)
		return response
	})
	if !inTime {
		return
	}
	if bodyless {
		_ = s.complete(false, 0) // the response outside has its own end
		return
	}
	// Before the body, so that the middlewares outside have seen the response.
	s.sendHead()
	if response.upgrades() {
		i.crossing.await(response.upgrade)
		return
	}
	if !i.crossing.turn() {
		return
	}
	if x := i.crossing.request.exchange; x != nil {
		x.bodyBegins()
	}
	if err := s.run(response.Body, false); err != nil {
		i.cut(err)
		return
	}
	_ = s.complete(false, 0) // as above
}

// setHead gives the headers to the middleware, and returns the response, or the one
// in the place of a response that cannot be sent.
func (i *inside) setHead(response HttpResponse) HttpResponse {
	err := i.stream.setHead(&response)
	if err == nil {
		return response
	}
	i.logRefusal(err)
	refusal := ErrorResponse(&HttpError{Status: http.StatusInternalServerError, Err: err})
	response = refusal
	if x := i.crossing.request.exchange; x != nil {
		response = x.render(&i.request, refusal)
	}
	if err := i.stream.setHead(&response); err != nil {
		i.logRefusal(err)
		response = refusal.fault.response()
		_ = i.stream.setHead(&response) // ours, which is never refused
	}
	response.fault = nil // it is logged
	return response
}

func (i *inside) logRefusal(err error) {
	i.log.write(slog.LevelError, "the response was refused", slog.Any("error", err))
}

// bodyless reports whether the body is not to be run, and then declares the length
// that the server would.
func (i *inside) bodyless(body iter.Seq[[]byte]) bool {
	s := &i.stream
	head := i.crossing.writer.head || i.sink.scope.Method == http.MethodHead
	none := s.status != http.StatusSwitchingProtocols && s.bodyless(head, body)
	if none && !head && !hasNoBody(s.status) {
		i.sink.setLength(0)
	}
	return none
}

// cut ends a response whose body has failed. The exchange does the rest: it logs
// the failure, and sends an error's response if nothing has been sent. A write that
// failed is known to whoever has refused it.
func (i *inside) cut(err error) {
	if !i.untouched() && !i.stream.abandon() || !i.crossing.fail(err) {
		return
	}
	panic(http.ErrAbortHandler) //nolint:forbidigo // net/http's own way to tell what is around
}

// untouched reports whether nothing has been written, so that an error's response
// can still take the place of this one.
func (i *inside) untouched() bool {
	s := &i.stream
	s.gate.lock()
	defer s.gate.unlock()
	return s.sent == 0 && !s.flushed && (s.err == nil || errors.Is(s.err, ErrContentLength))
}

// finish runs on every path: after it a flush would find the middleware's writer
// gone.
func (i *inside) finish() {
	i.stream.close()
	i.stream.clock.delist(&i.stream.entry)
	i.lifetime.end(context.Canceled)
}

// due is called by the clock: the exchange is watched already.
func (*inside) due() {}

// quiet is called by the clock, under its mutex.
func (i *inside) quiet() bool { return i.stream.quiet() }

// wake is called by the clock, in a goroutine of its own.
func (i *inside) wake() { i.stream.flushDue() }
