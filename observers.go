package bare

import "time"

// observers are told of every response of an application.
type observers struct {
	streams []func(*HttpRequest, Head)
	ends    []func(*HttpRequest, End)
}

// A Head is what is known of a stream when its head has left.
type Head struct {
	// ID is the stream's: see [Stream].
	ID uint64
	// Status is the status that was sent.
	Status int
	// Duration is the time from the request until the head had left.
	Duration time.Duration
}

// OnStream has report called for each stream, once, when its head has left. A stream
// is a response whose head leaves before its body has ended: it was flushed meanwhile,
// or a write is under way a millisecond after the body has begun. Other responses have
// only their end: see [Application.OnEnd]. So a latency, which the length of streams
// would distort, is [Head.Duration] here, and [End.Duration] of all ends that are no
// streams'.
//
// It is called while the body runs, and before OnEnd is told of the same request. The
// body's next chunk waits until it returns, unless it is told of a write that is blocked:
// then the body goes on beside it. It must not wait for the body, nor touch
// Locals, nor register with [HttpRequest.OnEnd]. It is called for several requests at
// once. A panic is logged, and harms nobody.
//
// OnStream and OnEnd of the application are called before it serves; they panic when
// report is nil or the application serves already. Several are called in the order in
// which they were registered. What is mounted has no ends: see [Application.Mount].
func (a *Application) OnStream(report func(request *HttpRequest, head Head)) {
	a.checkObserver("OnStream", report == nil)
	a.observers.streams = append(a.observers.streams, report)
}

// OnEnd has report called once for each response, when it has ended, whatever the end
// is, and after those who registered with [HttpRequest.OnEnd]. Unlike there, nothing is
// flushed before: the last bytes of a response may leave when report has returned, so
// it must not wait. It is called in the goroutine of the request, for several
// requests at once. A panic is logged, and harms nobody.
//
// It is registered as [Application.OnStream] is.
func (a *Application) OnEnd(report func(request *HttpRequest, end End)) {
	a.checkObserver("OnEnd", report == nil)
	a.observers.ends = append(a.observers.ends, report)
}

func (a *Application) checkObserver(name string, missing bool) {
	if missing {
		panic("bare: " + name + ": the function is nil") //nolint:forbidigo // a programmer's error, at registration
	}
	if a.wrapping.sealed.Load() {
		panic("bare: " + name + ": the application serves already") //nolint:forbidigo // likewise
	}
}

// streams is called by the stream when its head has left and its body goes on. No end
// comes before it has returned.
func (x *exchange) streams() {
	id := x.app.watch.add(x)
	reports := x.app.observers.streams
	if len(reports) == 0 {
		return
	}
	s := &x.stream
	head := Head{ID: id, Status: s.status, Duration: x.app.clock.now() - s.started}
	for _, report := range reports {
		x.protect("a function given to OnStream panicked", func() { report(&x.request, head) })
	}
}

// report tells those who have registered with the request, and then those who have
// with the application.
func (x *exchange) report() {
	observed, ends := x.observed(), x.app.observers.ends
	if !observed && len(ends) == 0 {
		return
	}
	end := x.end()
	if observed {
		for _, report := range x.hooks.reports() {
			x.protect("a function given to OnEnd panicked", func() { report(end) })
		}
	}
	for _, report := range ends {
		x.protect("a function given to OnEnd panicked", func() { report(&x.request, end) })
	}
}

// end is what is known of a response that has ended. Nobody writes any more.
func (x *exchange) end() End {
	s := &x.stream
	end := End{
		Bytes:     s.sent,
		Chunks:    s.chunks,
		FirstByte: s.firstByte,
		Duration:  x.app.clock.now() - s.started,
		Cut:       x.lifetime.severedBy() != nil,
		Stream:    s.streamed(),
		Err:       x.err,
	}
	if s.headOut {
		end.Status = s.status
	}
	if c := s.counts.Load(); c != nil {
		end.Blocked = time.Duration(c.blocked.Load())
	}
	return end
}

// protect calls a function of the application's. A panic of it is logged.
func (x *exchange) protect(message string, do func()) {
	defer func() {
		if value := recover(); value != nil {
			x.logPanic(message, caught(value))
		}
	}()
	do()
}

// observed reports whether the request has somebody who is to be told of the end.
func (x *exchange) observed() bool { return x.hooks != nil && len(x.hooks.reports()) > 0 }

// timed reports whether the time of the first byte is wanted.
func (x *exchange) timed() bool { return x.observed() || len(x.app.observers.ends) > 0 }
