package bare

import (
	"sync"
	"sync/atomic"
	"time"
)

const (
	// flushDelay is the longest that a chunk waits for the next one to share its
	// write with.
	flushDelay = time.Millisecond
	// flushSlack lets one tick serve the streams that are nearly due.
	flushSlack = flushDelay / 4
	// stallChecks is how often in a StallTimeout the watch looks.
	stallChecks = 8
)

// A clock belongs to one application. It flushes streams that have gone silent
// with bytes unsent, and watches for clients that have stalled. It never waits
// for a client itself: whatever may block runs in a goroutine of its own.
//
// It is no package variable, as its timers would then be shared between the
// bubbles of testing/synctest.
type clock struct {
	base  time.Time
	stall time.Duration // 0 or less means no limit

	mutex sync.Mutex

	// Streams with bytes unsent, the oldest first. The first one arms the timer,
	// which is left to run out when they have ended: stopping it costs more.
	first, last *stream
	flushTimer  *time.Timer
	flushArmed  bool

	// Exchanges that are watched: those that have been silent, have read a body,
	// or have a context.
	watched    map[*exchange]struct{}
	watchTimer *time.Timer
	watchArmed bool
}

// now is the time since the clock was made: half the price of [time.Now].
func (c *clock) now() time.Duration { return time.Since(c.base) }

// enlist has the stream flushed in a flushDelay, if it is not on the list.
func (c *clock) enlist(s *stream) {
	now := c.now()
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if s.listed.Load() {
		return
	}
	s.listed.Store(true)
	s.due = now + flushDelay
	s.previous, s.next = c.last, nil
	if c.last == nil {
		c.first = s
	} else {
		c.last.next = s
	}
	c.last = s
	if !c.flushArmed {
		c.flushArmed = true
		c.flushTimer = arm(c.flushTimer, flushDelay, c.tick)
	}
}

// delist takes the stream off the list. The caller holds the mutex.
func (c *clock) delist(s *stream) {
	if s.previous == nil {
		c.first = s.next
	} else {
		s.previous.next = s.next
	}
	if s.next == nil {
		c.last = s.previous
	} else {
		s.next.previous = s.previous
	}
	s.previous, s.next = nil, nil
	s.listed.Store(false)
}

// tick flushes what is due. One stalled client would stop all others if it did so
// itself.
func (c *clock) tick() {
	now := c.now()
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for s := c.first; s != nil && s.due <= now+flushSlack; s = c.first {
		c.delist(s)
		// Here, where it is certain that the exchange has not been forgotten.
		c.watchLocked(s.exchange)
		go s.flushDue()
	}
	if c.flushArmed = c.first != nil; c.flushArmed {
		c.flushTimer.Reset(c.first.due - now)
	}
}

// watch has the exchange looked at until forget.
func (c *clock) watch(x *exchange) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.watchLocked(x)
}

func (c *clock) watchLocked(x *exchange) {
	if x.watched.Load() || x.forgotten {
		return
	}
	x.watched.Store(true)
	if c.watched == nil {
		c.watched = make(map[*exchange]struct{})
	}
	c.watched[x] = struct{}{}
	if !c.watchArmed && c.stall > 0 {
		c.watchArmed = true
		c.watchTimer = arm(c.watchTimer, c.stall/stallChecks, c.look)
	}
}

// forget takes the exchange off both lists, at its end. Only a request with a
// body can still ask for a watch then, from a goroutine that was left behind.
func (c *clock) forget(x *exchange) {
	if !x.watched.Load() && !x.stream.listed.Load() && x.body.source == nil {
		return
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	x.forgotten = true
	delete(c.watched, x)
	x.watched.Store(false)
	if x.stream.listed.Load() {
		c.delist(&x.stream)
	}
}

// look ends the reads and writes that have waited for a client too long.
func (c *clock) look() {
	now := c.now()
	c.mutex.Lock()
	defer c.mutex.Unlock()
	// A wait is first seen up to one look late, and must not outlast the limit.
	limit := c.stall - c.stall/stallChecks
	for x := range c.watched {
		if x.reading.stuck(now, limit) {
			go x.giveUp(&x.reading, x.stream.control.SetReadDeadline)
		}
		if x.writing.stuck(now, limit) {
			go x.giveUp(&x.writing, x.stream.control.SetWriteDeadline)
		}
	}
	if c.watchArmed = len(c.watched) > 0; c.watchArmed {
		c.watchTimer.Reset(c.stall / stallChecks)
	}
}

// all returns the exchanges that are watched now.
func (c *clock) all() []*exchange {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	exchanges := make([]*exchange, 0, len(c.watched))
	for x := range c.watched {
		exchanges = append(exchanges, x)
	}
	return exchanges
}

func arm(timer *time.Timer, d time.Duration, do func()) *time.Timer {
	if timer == nil {
		return time.AfterFunc(d, do)
	}
	timer.Reset(d)
	return timer
}

// A wait is an operation that lasts until a client does its part.
type wait struct {
	count   uint64        // of the operations begun; the operating goroutine's own
	current atomic.Uint64 // the number of the one under way, 0 for none
	stalled atomic.Bool   // the watch has ended it

	// What the watch saw when it looked last, under the clock's mutex.
	seen  uint64
	since time.Duration
}

func (w *wait) begin() {
	w.count++
	w.current.Store(w.count)
}

func (w *wait) end() { w.current.Store(0) }

// stuck reports whether the same operation has been under way for limit. It says
// so again at each further look, in case the first deadline came too early.
func (w *wait) stuck(now, limit time.Duration) bool {
	current := w.current.Load()
	if current == 0 || current != w.seen {
		w.seen, w.since = current, now
		return false
	}
	return now-w.since >= limit
}
