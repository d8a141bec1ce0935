package bare

import (
	"iter"
	"log/slog"
	"slices"
	"time"
)

// A Stream is what a response whose body is running looks like at one moment. It is a
// value: it stays as it was.
type Stream struct {
	// ID is for [Application.CutStream]. No other stream of the application ever has
	// it.
	ID uint64
	// Method, Path and Protocol are those of the request: "GET", "/orders/7",
	// "HTTP/1.1". The path is without its query, which may hold secrets.
	Method, Path, Protocol string
	// Route is the pattern of the route, "" if there is none.
	Route string
	// Peer is the address of who is at the other end of the connection: of a proxy, if
	// there is one.
	Peer string
	// Age is the time since the request.
	Age time.Duration
	// Chunks and Bytes count what the body has yielded and was handed to the
	// connection. In full flow the last millisecond, or 2 KiB, may be missing.
	Chunks, Bytes int64
	// Idle is the time since the last chunk, or since the request if there was none.
	Idle time.Duration
	// Blocked is how long the write under way has been waiting for the client, 0 if
	// none is that has for a millisecond.
	Blocked time.Duration

	exchange *exchange
}

// Streams yields the responses whose body is running, in no order. One that has not
// lasted for a millisecond, nor flushed anything, may not be among them. Looking
// costs the streams nothing: none waits for it, and it waits for none, however stalled.
// It is safe for concurrent use, and may be called at any time.
func (a *Application) Streams() iter.Seq[Stream] {
	return func(yield func(Stream) bool) {
		now := a.clock.now()
		for _, w := range a.watch.numbered() {
			if w.exchange.flows() && !yield(w.exchange.look(w.id, now)) {
				return
			}
		}
	}
}

// CutStream ends a stream as [HttpRequest.Cut] does, and reports whether it did: false
// means that the stream has ended, was cut by somebody else, or never was.
func (a *Application) CutStream(id uint64, reason error) bool {
	if reason == nil {
		reason = ErrCut
	}
	x := a.watch.find(id)
	return x != nil && x.flows() && x.sever(reason)
}

// flows reports whether the body is running, or what it has left is being flushed.
func (x *exchange) flows() bool {
	return (x.lifetime.running.Load() || x.stream.flowing.Load()) && x.lifetime.severed.Load() != &errConcluded
}

// look describes a stream. Everything that it reads was fixed before the body began, or
// is atomic.
func (x *exchange) look(id uint64, now time.Duration) Stream {
	scope, s := x.request.Scope, &x.stream
	stream := Stream{
		ID:       id,
		Method:   scope.Method,
		Path:     scope.URL.Path,
		Protocol: scope.Proto,
		Route:    x.request.Matches.Route(),
		Peer:     scope.RemoteAddr,
		Age:      max(now-s.started, 0),
		Blocked:  s.blockedFor(now),
		exchange: x,
	}
	stream.Idle = stream.Age
	if c := s.counts.Load(); c != nil {
		stream.Chunks, stream.Bytes = c.chunks.Load(), c.bytes.Load()
		if last := time.Duration(c.last.Load()); last != 0 {
			stream.Idle = max(now-last, 0)
		}
		if c.protocol != "" {
			stream.Protocol = c.protocol
		}
	}
	return stream
}

// Describe has describe called when somebody looks at the stream: see
// [Stream.Describe]. It is for what only the application knows, such as how far a
// subscriber is behind. Those of several calls are joined.
//
// It is called in the goroutine of those who look, perhaps several at once, beside the
// body and even shortly after its end. It must be quick, and must not wait for the
// body. One that panics is logged, and not called again. Describe is called by the
// handler or the body, not by two goroutines at once. It does nothing for a request
// that no server made.
func (r *HttpRequest) Describe(describe func() []slog.Attr) {
	if r.exchange == nil {
		return
	}
	c := r.exchange.stream.counted()
	var all []func() []slog.Attr
	if before := c.described.Load(); before != nil {
		all = *before
	}
	all = append(slices.Clip(all), describe)
	c.described.Store(&all)
}

// Describe returns what the application has to say about the stream now: the
// attributes of those who have called [HttpRequest.Describe], which are asked here.
func (s Stream) Describe() []slog.Attr {
	if s.exchange == nil {
		return nil
	}
	c := s.exchange.stream.counts.Load()
	if c == nil {
		return nil
	}
	all := c.described.Load()
	if all == nil {
		return nil
	}
	var attrs []slog.Attr
	s.exchange.protect("a function given to Describe panicked", func() {
		returned := false
		defer func() {
			if !returned { // not again: somebody may look every second
				c.described.CompareAndSwap(all, nil)
			}
		}()
		for _, describe := range *all {
			attrs = append(attrs, describe()...)
		}
		returned = true
	})
	return attrs
}
