package topic

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/eventlog"
)

// A subscriber is one stream. Its loop is the body of the response: it asks the feed
// what there is, yields that, and waits. Everything that may wake it comes through one
// channel, and what it is to do besides reading stands in orders.
type subscriber struct {
	topic   *Topic
	format  *format
	request *bare.HttpRequest
	lease   Lease
	socket  *bare.WebSocket // nil for all other transports

	after  eventlog.Offset // where it begins
	lost   string          // what the client had named instead, if that was no offset
	cursor eventlog.Cursor
	waiter eventlog.Waiter
	wake   chan struct{} // holds one
	orders atomic.Uint32
	state  atomic.Uint32 // who works for it
	ran    atomic.Bool
	given  atomic.Uint64         // the number of the last record that was handed out
	spoke  atomic.Uint32         // the tick of the wheel at which something was last yielded
	ending atomic.Pointer[error] // why somebody else ends its WebSocket

	// Under the topic's mutex.
	place   int      // in the topic's list
	lag     int64    // the least since it is too much, 0 if it is not
	nearer  uint32   // the tick at which that was seen
	near    bool     // it has had a lag that is not too much
	checked uint32   // the tick at which its lease was last checked
	drains  []*drain // those that wait for its end
	over    bool     // its response has ended

	// Under the mutex of the runners.
	behind *subscriber // it, in the queue

	// Those of whoever works for it: a runner, or the goroutine of its body.
	yield   func([]byte) bool
	result  outcome     // of its last turn
	crash   any         // what its yield has panicked with, in a runner
	alone   int         // how often it has yet to catch up before a runner works for it
	left    error       // what the body returns
	unhook  func() bool // ends the watch over its context
	reader  bool        // it has joined
	begun   bool        // it has been given events
	live    bool        // it has caught up at some time, at least with what the feed has
	halved  bool        // the client has closed its side of the connection, and may still read
	waited  bool        // it has waited for something to be published
	refused bool        // yield has returned false
	reason  Reason
	err     error
	parted  error // what the stream of a WebSocket has returned
}

func newSubscriber(t *Topic, f *format, request *bare.HttpRequest, p *position) *subscriber {
	return &subscriber{
		topic: t, format: f, request: request,
		after: p.after, lost: p.lost, near: p.tail, wake: make(chan struct{}, 1),
	}
}

// The orders. They are bits.
const (
	orderStop uint32 = 1 << iota // the context has ended
	orderKeepAlive
	orderCheck
	orderDrain
	orderShutdown // of a WebSocket, whose context lasts
	orderEnd      // likewise, for a reason
)

// order has the subscriber do something as soon as it waits.
func (s *subscriber) order(what uint32) {
	s.orders.Or(what)
	s.signal()
}

// signal has whoever works for the subscriber look, or a runner if nobody does.
func (s *subscriber) signal() {
	for {
		switch state := s.state.Load(); state {
		case byItself:
			select {
			case s.wake <- struct{}{}:
			default: // it is about to look anyway
			}
			return
		case idle:
			if s.state.CompareAndSwap(idle, queued) {
				s.topic.runners.enqueue(s)
				return
			}
		case running:
			if s.state.CompareAndSwap(running, recalled) {
				return
			}
		default:
			return // it is about to look anyway
		}
	}
}

// errTwice is the error of a body's second run: the subscriber is that of the first.
var errTwice = errors.New("topic: the body of a stream can be run once")

// fetch reads from the log what the feed does not have. A log on another machine may
// take its time, so the log is waited for as a next event is: the stream is kept alive,
// and obeys, meanwhile.
func (s *subscriber) fetch(ctx context.Context, yield func([]byte) bool) (ended bool, err error) {
	lasting := s.halved // the request's context has ended
	reading, cancel := s.reading(ctx)
	var failure error
	done := make(chan struct{})
	go func() {
		defer close(done)
		failure = s.topic.feed.Fetch(reading, &s.cursor)
	}()
	defer func() {
		cancel()
		<-done // the cursor is the read's until then
	}()
	for {
		// Before the first wait: what was ordered during the turn of a runner has told nobody.
		if ended, err := s.obey(ctx, s.orders.Swap(0), yield); ended {
			return true, err
		}
		select {
		case <-done:
			if failure == nil || !lasting && s.goesOn(ctx) {
				return false, nil
			}
			return true, s.unreadable(ctx, failure, yield)
		case <-s.wake:
		}
	}
}

// reading is the context of a read of the log. That of the request has ended when the
// client has closed its side: the log then has a moment.
func (s *subscriber) reading(ctx context.Context) (context.Context, context.CancelFunc) {
	if s.halved {
		return context.WithTimeout(context.WithoutCancel(ctx), lastRead)
	}
	return context.WithCancel(ctx)
}

// lastRead is how long a log may take for a client that has closed its side.
const lastRead = time.Second

// goesOn reports whether the context has ended because the client has closed its side of
// a connection of HTTP/1.x. It may still read: it is sent what there is, and the stream
// ends when there is nothing more. One that has left does not take the next chunk.
func (s *subscriber) goesOn(ctx context.Context) bool {
	scope := s.request.Scope
	s.halved = scope != nil && scope.ProtoMajor == 1 && scope.Context().Err() != nil &&
		errors.Is(context.Cause(ctx), context.Canceled)
	if s.halved {
		s.alone = math.MaxInt // what is left for it may take its time
	}
	return s.halved
}

// await waits until there is something to do. It returns false for a client that has
// closed its side and has had all that there is. If it has never waited, it may be ahead
// of the feed, which does not know yet what the log has: then the log decides.
func (s *subscriber) await(ctx context.Context) bool {
	if !s.halved {
		s.waited = true
		<-s.wake
		return true
	}
	if s.waited {
		return false
	}
	ctx, cancel := s.reading(ctx)
	defer cancel()
	state, err := s.topic.log.State(ctx)
	if err != nil || state.Tail == s.cursor.Offset() && !state.Closed {
		return false
	}
	select {
	case <-s.wake: // the feed has learned of it
		return true
	case <-ctx.Done():
		return false
	}
}

// open says where the stream begins.
func (s *subscriber) open(yield func([]byte) bool) bool {
	if s.lost == "" {
		return s.say(yield, s.format.open(nil, s.after.String()))
	}
	return s.say(yield, s.format.open(nil, "")) // a gap follows
}

// say yields something, and notes when.
func (s *subscriber) say(yield func([]byte) bool, chunk []byte) bool {
	if len(chunk) == 0 {
		return true
	}
	s.given.Store(s.cursor.Offset().Seq)
	s.refused = !yield(chunk)
	s.spoke.Store(s.topic.wheel.now.Load())
	return !s.refused
}

// gap announces a loss. One that comes when the subscriber has caught up, or has begun to
// get events that nothing supersedes, means that it is too slow. What a log that conflates
// has lost comes behind the keys that it has kept: there a subscriber which is sent all of
// them may meet a loss, however fast it is.
func (s *subscriber) gap(yield func([]byte) bool) outcome {
	slow := s.live || s.begun && !s.topic.options.Conflate
	if slow && s.topic.options.Slow == Disconnect {
		s.left = s.cut(ErrSlow)
		return over
	}
	offset, to := s.cursor.Gap()
	from := offset.String()
	if s.lost != "" {
		from, s.lost = s.lost, ""
	}
	if !s.say(yield, s.format.gap(nil, from, to)) {
		return s.gone()
	}
	return further
}

// obey does what the wheel, a drain or the end of the context has ordered.
func (s *subscriber) obey(ctx context.Context, orders uint32, yield func([]byte) bool) (ended bool, err error) {
	switch {
	case orders&orderStop != 0 && !s.goesOn(ctx):
		return true, s.stopped(ctx, yield)
	case orders&orderEnd != 0:
		return true, *s.ending.Load()
	case orders&orderShutdown != 0:
		return true, s.shutDown(yield)
	}
	if orders&orderCheck != 0 {
		switch err := s.lease.Check(ctx); {
		case ctx.Err() != nil:
			return true, s.stopped(ctx, yield) // which says nothing about the lease
		case err != nil:
			s.err = err
			return true, s.cut(ErrExpired)
		}
	}
	if orders&orderDrain != 0 {
		s.reason = Drained
		return true, s.sendAway(s.topic.drained(s), ErrDrained, yield)
	}
	if orders&orderKeepAlive != 0 && !s.say(yield, s.format.silence) {
		s.gone() //nolint:contextcheck // it is that of the request, as ctx is
		return true, s.left
	}
	return false, nil
}

// finish says that the topic has ended.
func (s *subscriber) finish(yield func([]byte) bool) error {
	_, meta, err := s.topic.feed.End()
	failure, failed := failedWith(meta)
	if err == nil && !failed {
		s.reason = Finished
		s.say(yield, s.format.done(nil, s.cursor.Offset()))
		return nil
	}
	message, at := deleted, eventlog.Offset{}
	if err == nil {
		message, at, err = failure, s.cursor.Offset(), ErrFailed
	}
	s.reason, s.err = Failed, err
	s.say(yield, s.format.failed(nil, message, at))
	return s.cut(ErrFailed)
}

// unreadable ends the stream when the log cannot be read. The client comes back.
func (s *subscriber) unreadable(ctx context.Context, err error, yield func([]byte) bool) error {
	switch {
	case ctx.Err() != nil:
		return s.stopped(ctx, yield)
	case errors.Is(err, eventlog.ErrDeleted):
		s.reason, s.err = Failed, err
		s.say(yield, s.format.failed(nil, deleted, eventlog.Offset{}))
		return s.cut(ErrFailed)
	}
	s.reason, s.err = Failed, err
	return err // the server logs it, and cuts the response
}

// stopped ends the stream after its context. A server that stops has it wait for a
// moment of its own, so that not all clients come back at once.
func (s *subscriber) stopped(ctx context.Context, yield func([]byte) bool) error {
	cause := context.Cause(ctx)
	if !errors.Is(cause, bare.ErrShutdown) {
		return cause
	}
	return s.shutDown(yield)
}

func (s *subscriber) shutDown(yield func([]byte) bool) error {
	count := s.topic.count()
	if d := pause(count); d > 0 {
		s.linger(d)
	}
	s.reason = Shutdown
	return s.sendAway(count, bare.ErrShutdown, yield)
}

// linger waits, if the client is still there.
func (s *subscriber) linger(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.request.Scope.Context().Done():
	}
}

// sendAway ends the stream of a client that is to come back, with so many others: it is
// told when.
func (s *subscriber) sendAway(count int, why error, yield func([]byte) bool) error {
	o := &s.topic.options
	after := o.Retry
	if spread := min(o.Spread, minSpread+time.Duration(count)*spreadEach); spread > 0 {
		after += rand.N(spread) //nolint:gosec // it spreads clients, and keeps no secret
	}
	if after > 0 {
		s.say(yield, s.format.retry(nil, after))
	}
	if o.EndCleanly && s.socket == nil {
		return nil
	}
	return s.cut(why)
}

// cut ends the response so that it never looks complete. A WebSocket is closed with a
// code that says so: see [subscriber.talk].
func (s *subscriber) cut(why error) error {
	if s.socket == nil {
		s.request.Cut(why)
	}
	return why
}

// gone ends the stream when nothing can be yielded any more.
func (s *subscriber) gone() outcome {
	s.left = context.Cause(s.request.Context())
	return over
}
