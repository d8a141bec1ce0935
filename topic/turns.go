package topic

import (
	"context"
	"math"
	"runtime"

	"github.com/bare-go/bare/eventlog"
)

// An outcome is what a subscriber's turn came to.
type outcome uint8

const (
	crashed outcome = iota // it has panicked, or ended its goroutine
	waiting                // it will be told of what comes next
	further                // there may be more at once
	cold                   // it has to read from the log
	ordered                // it has orders that its own goroutine obeys
	over                   // its stream ends
)

// The states of a subscriber: who works for it.
const (
	byItself uint32 = iota // its own goroutine
	queued                 // a runner, soon
	idle                   // nobody: it waits
	running                // a runner
	recalled               // a runner, and there is more to do
)

// stream is the body of the response. Whatever needs a deep stack is left to the runners,
// if they work for this subscriber.
func (s *subscriber) stream(yield func([]byte) bool) error {
	if s.ran.Swap(true) {
		return errTwice
	}
	s.yield = yield
	if !s.keepsUp() {
		s.alone = math.MaxInt
	}
	defer s.topic.leave(s)
	for {
		if s.alone > 0 {
			s.result = s.turn(yield)
		} else {
			s.lend()
		}
		if s.result == over {
			return s.left
		}
		if ended, err := s.goOn(yield); ended {
			return err
		}
	}
}

// goOn does what is left for the body's goroutine after a turn. It reports whether the
// stream has ended, and with which error.
func (s *subscriber) goOn(yield func([]byte) bool) (ended bool, err error) {
	switch s.result {
	case waiting:
		s.alone--
		if !s.await(s.request.Context()) {
			s.gone()
			return true, s.left
		}
	case cold:
		return s.fetch(s.request.Context(), yield)
	case ordered:
		return s.obey(s.request.Context(), s.orders.Swap(0), yield)
	case crashed:
		if s.crash == nil {
			runtime.Goexit()
		}
		panic(s.crash) //nolint:forbidigo // it is of whoever runs the body
	case further, over:
	}
	return false, nil
}

// begin enters the subscriber, and says where its stream begins.
func (s *subscriber) begin(yield func([]byte) bool) bool {
	s.waiter.Wake = s.signal
	s.topic.join(s)
	// One channel to wait for is cheaper than two, at each event of each subscriber.
	s.unhook = context.AfterFunc(s.request.Context(), func() { s.order(orderStop) })
	return s.open(yield)
}

// lend has the runners work for the subscriber, and returns when its own goroutine is
// needed.
func (s *subscriber) lend() {
	s.state.Store(queued)
	s.topic.runners.enqueue(s)
	for s.state.Load() != byItself {
		<-s.wake // which may be of an order that came before
	}
}

// settle is told of the end of a turn with a runner. It reports whether it is to have
// another one.
func (s *subscriber) settle(result outcome) (again bool) {
	switch {
	case result == further && s.alone == 0:
	case result == waiting && s.alone == 0:
		s.waited = true
		if s.state.CompareAndSwap(running, idle) {
			return false
		}
	default:
		if s.result = result; result == waiting {
			s.result = further // what has come meanwhile has told nobody
		}
		s.state.Store(byItself)
		s.signal()
		return false
	}
	s.state.Store(queued)
	return true
}

// turn yields the next chunk, if there is one. It is called by a runner, or by the
// goroutine of the body; the rest is left to that.
func (s *subscriber) turn(yield func([]byte) bool) outcome {
	if !s.reader && !s.begin(yield) {
		return s.gone()
	}
	if orders := s.orders.Load(); orders != 0 {
		if orders != orderKeepAlive || !s.orders.CompareAndSwap(orderKeepAlive, 0) {
			return ordered
		}
		if !s.say(yield, s.format.silence) {
			return s.gone()
		}
	}
	return s.advance(yield)
}

// advance yields the next chunk, if there is one.
func (s *subscriber) advance(yield func([]byte) bool) outcome {
	feed := s.topic.feed
	chunk, status := feed.Next(&s.cursor)
	switch status {
	case eventlog.Ready:
		s.begun = true
		if !s.live { // what was read from the log has no lag that is known
			_, s.live = feed.Lag(&s.cursor)
		}
		if !s.say(yield, chunk) {
			return s.gone()
		}
	case eventlog.Cold:
		return cold
	case eventlog.Gap:
		return s.gap(yield)
	case eventlog.Ended:
		s.left = s.finish(yield)
		return over
	default:
		s.begun, s.live = true, true
	}
	if feed.Wait(&s.waiter, s.cursor.Offset()) {
		return further
	}
	return waiting
}

// keepsUp reports whether a write waits for nobody but a client that is slow, so that a
// runner may do it. Over HTTP/2 each write waits for the goroutine of the connection.
func (s *subscriber) keepsUp() bool {
	return s.request.Scope != nil && s.request.Scope.ProtoMajor == 1
}
