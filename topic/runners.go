package topic

import (
	"runtime"
	"sync"
	"time"

	"github.com/bare-go/bare/internal/crash"
)

const (
	// waitLimit is how long a write of a runner may take, and up to twice that, before
	// another runner goes on with those behind it.
	waitLimit = time.Millisecond
	// slowLimit is how long a runner may be kept waiting, from then on, by a client that
	// another runner is to write for the next time. A machine that is busy keeps a runner
	// waiting, too.
	slowLimit = 10 * time.Millisecond
	// turnsAtOnce is how many turns a subscriber has before it goes to the end of the
	// queue. What it yields without a pause shares a write, and its connection is at hand.
	turnsAtOnce = 8
	// aloneFor is how often a subscriber whose client has kept a runner waiting has to
	// catch up by itself before a runner writes for it again.
	aloneFor = 100
)

// Runners do the work of the subscribers of one topic. There are as many goroutines as
// processors, and a queue of the subscribers that have something to do: each goroutine
// serves the first of the queue, and then the next. So an event wakes two goroutines and not ten thousand, and the goroutine of each stream,
// which the server has started for its request, only waits: its stack stays small, as
// it never holds a write.
//
// A write may wait for its client. A runner that has not come back for a millisecond is
// left to it, and others start in its place, twice as many each time. The subscriber is
// served by its own goroutine from then on, until it has shown that it keeps up. So a
// client that takes nothing holds up the others for one or two milliseconds, and then not
// again until it has kept up for a while. One that takes less than slowLimit for each write
// may do so time and again.
//
// The zero value is ready. There are no runners while there is nothing to do.
type runners struct {
	mutex       sync.Mutex
	first, last *subscriber // the queue
	length      int         // of the queue
	crew        []*runner
	working     int // those of the crew that are not kept waiting
	limit       int // of working
	spare       int // more than the limit, as others were kept waiting lately
	timer       *time.Timer
	armed       bool
}

// A runner is one goroutine. It is guarded by the mutex of its runners.
type runner struct {
	place int    // in the crew
	turns uint64 // that it has begun
	seen  uint64 // turns at the last look
	kept  bool   // it is kept waiting, and others have taken its place
	since time.Time
}

// enqueue has a runner work for a subscriber, whose state is queued.
func (r *runners) enqueue(s *subscriber) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.push(s)
	if len(r.crew) == 0 {
		r.limit, r.spare = runtime.GOMAXPROCS(0), 0
	}
	if r.working < r.limit {
		r.start()
		return
	}
	if !r.armed {
		r.armed = true
		for _, w := range r.crew {
			w.seen = w.turns
		}
		if r.timer == nil {
			r.timer = time.AfterFunc(waitLimit, r.look)
		} else {
			r.timer.Reset(waitLimit)
		}
	}
}

// push puts a subscriber at the end of the queue. The caller holds the mutex.
func (r *runners) push(s *subscriber) {
	if r.last == nil {
		r.first = s
	} else {
		r.last.behind = s
	}
	r.last = s
	r.length++
}

// start starts a runner. The caller holds the mutex.
func (r *runners) start() {
	w := &runner{place: len(r.crew), seen: 1} // it is looked at in its first turn already
	r.crew = append(r.crew, w)
	r.working++
	go r.run(w)
}

// run works until there is nothing to do, or others are enough.
func (r *runners) run(w *runner) {
	var s *subscriber
	var result outcome
	defer func() {
		if s != nil { // its yield has panicked, or ended this goroutine
			s.crash = crash.Carry(recover())
			r.settle(w, s, crashed)
		}
	}()
	for s = r.settle(w, nil, waiting); s != nil; s = r.settle(w, s, result) {
		result = s.turn(s.yield)
		for i := 1; result == further && i < turnsAtOnce; i++ {
			result = s.turn(s.yield)
		}
	}
}

// settle ends a turn, and begins the next one. It returns nil when there is none.
func (r *runners) settle(w *runner, s *subscriber, result outcome) (next *subscriber) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if s != nil {
		if w.kept && time.Since(w.since) > slowLimit {
			s.alone = aloneFor
		}
		if s.settle(result) {
			r.push(s)
		}
	}
	if w.kept {
		w.kept = false
		r.working++
	}
	if result == crashed {
		r.replace(w)
		return nil
	}
	next = r.first
	if next == nil || r.working > r.limit+r.spare {
		r.dismiss(w)
		return nil
	}
	if r.first = next.behind; r.first == nil {
		r.last = nil
	}
	next.behind = nil
	r.length--
	w.turns++
	next.state.Store(running)
	return next
}

// replace ends a runner whose goroutine is ending, and starts another if there is need
// of one. The caller holds the mutex.
func (r *runners) replace(w *runner) {
	r.dismiss(w)
	if r.first != nil && r.working < r.limit {
		r.start()
	}
}

// dismiss takes a runner off the crew. The caller holds the mutex.
func (r *runners) dismiss(w *runner) {
	r.working--
	last := len(r.crew) - 1
	moved := r.crew[last]
	r.crew[w.place], moved.place = moved, w.place
	r.crew[last] = nil
	if r.crew = r.crew[:last]; last == 0 {
		r.crew = nil // there may have been thousands
	}
}

// observe finds the runners that have not come back since they were looked at last.
// The caller holds the mutex.
func (r *runners) observe() (kept int) {
	for _, w := range r.crew {
		if !w.kept && w.turns == w.seen {
			w.kept, w.since = true, time.Now()
			kept++
		}
		w.seen = w.turns
	}
	r.working -= kept
	return kept
}

// look has others take the place of the runners that are kept waiting.
func (r *runners) look() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.observe() > 0 {
		r.spare = 2*r.spare + 1 // where one client takes nothing there may be many
	} else {
		r.spare = 0
	}
	for range min(r.length, r.limit+r.spare-r.working) {
		r.start()
	}
	if r.armed = r.working > 0; r.armed { // at the end, all that are left are kept waiting
		r.timer.Reset(waitLimit)
	}
}
