package bare

import (
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Cut ends the response from outside of its body, so that it never looks complete:
// for a subscriber that is too slow, a user who is logged out, a lease that has run
// out. It returns at once. It is safe for concurrent use, and may be called at any
// time: the first reason stays, and after the end of the response Cut does nothing.
//
// The request's context ends with reason as its cause, unless it has ended before.
// From then on yield returns false. However the body returns, the response is cut,
// [End.Err] is reason, and nothing is logged, except for a panic. A nil reason means
// [ErrCut]. If the handler has not returned yet, its response is not sent at all.
// Only a client that has had all bytes of a declared Content-Length has a complete
// response. A compressed response has ended when its encoder has: from then on it is too
// late to cut it, even if its last bytes wait for the client.
//
// What was yielded has 100 ms to arrive. Then a write that still waits for the client
// fails, and the connection of a handler or body that has not returned is closed
// beneath it; over HTTP/2 its stream is reset. So the connection is free after 200 ms
// at most, whether or not the client reads. There are two exceptions. Over HTTP/2 the
// reset waits for a write that is under way on the connection: when the client takes
// nothing of any stream, [Application.StallTimeout] ends that. Under a server other
// than [Server], a connection of HTTP/1.x is free when the handler and the body have
// returned.
//
// For a request of [NewHttpRequest] Cut only ends the context. For a request that is
// a literal it does nothing.
func (r *HttpRequest) Cut(reason error) {
	if reason == nil {
		reason = ErrCut
	}
	switch {
	case r.exchange != nil:
		r.exchange.sever(reason)
	case r.detached != nil:
		r.detached.lifetime.end(reason)
	}
}

// errConcluded stands in the place of a reason when it is too late for one.
var errConcluded = errors.New("bare: the response has ended")

// sever notes why the response is cut, and reports whether it is: it has not ended,
// and nobody has cut it before.
func (l *lifetime) sever(reason error) bool {
	return l.severed.CompareAndSwap(nil, &reason)
}

// conclude says that the response has ended: it is too late to cut it. It reports
// whether nobody has cut it before. It may be called again.
func (l *lifetime) conclude() bool {
	return l.severed.CompareAndSwap(nil, &errConcluded) || l.severed.Load() == &errConcluded
}

// severedBy is why the response was cut from outside, nil if it was not.
func (l *lifetime) severedBy() error {
	reason := l.severed.Load()
	if reason == nil || reason == &errConcluded {
		return nil
	}
	return *reason
}

// sever cuts the response from another goroutine than its own. It has three steps,
// as each of them alone can be too late or in vain: the stream takes nothing more,
// the body is told by its context, and what still waits is broken off. It reports
// whether nobody has been faster.
func (x *exchange) sever(reason error) bool {
	if !x.lifetime.sever(reason) {
		return false
	}
	time.AfterFunc(abortDelay, func() { x.breakOff(false) })
	if s := &x.stream; s.gate.tryLock() {
		s.shut()
		s.gate.unlock()
	} else {
		// A write is under way, and may be until breakOff. Whoever cuts does not wait.
		go func() {
			s.gate.lock()
			defer s.gate.unlock()
			s.shut()
		}()
	}
	x.lifetime.end(reason)
	return true
}

// shut has the stream take no further chunk. What it has taken is flushed. The
// caller holds the gate.
func (s *stream) shut() {
	if s.err == nil {
		s.err = ErrCut
	}
}

// over reports whether nothing is written or flushed any more. It does not wait for
// a write that is under way, nor take the gate for one: the clock may have it for a
// moment, and what has just been sent would be broken off unread.
func (s *stream) over() bool { return s.done.Load() }

// checkCut ends a response that was cut from outside. It is called in the goroutine
// of the request.
func (x *exchange) checkCut() {
	reason := x.lifetime.severedBy()
	if reason == nil {
		return
	}
	x.ended, x.err = true, reason
	if x.stream.drop() {
		x.sink.cut()
	}
	x.sink.reset()
	panic(http.ErrAbortHandler) //nolint:forbidigo // net/http's own way to cut a response
}

// breakOff ends what a response that was cut still waits for: a client that does not
// read, or a handler or body that does not return. A response whose last flush is out
// already is given the time that any cut has, but no more.
func (x *exchange) breakOff(last bool) {
	x.guard.Lock()
	defer x.guard.Unlock()
	switch {
	case x.finished:
		return
	case !last && x.stream.over():
		time.AfterFunc(abortDelay, func() { x.breakOff(true) })
		return
	}
	if err := x.sink.breakOff(); err != nil {
		x.log.write(slog.LevelWarn, "a response that was cut cannot be broken off", slog.Any("error", err))
	}
}

// breakOff frees the connection, or the stream of HTTP/2, while a response is under
// way. Like expire, it may be called from any goroutine.
func (s *httpSink) breakOff() error {
	if c := s.conn(); c != nil && s.scope.ProtoMajor == 1 {
		c.Break()
		return nil
	}
	_ = s.expireReads() // a writer without it has no body to wait for, or a server with limits of its own
	if err := s.expire(); err != nil && !errors.Is(err, net.ErrClosed) {
		return err // net/http closes a connection whose write has failed
	}
	return nil
}
