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
	// fakeDelay is flushDelay where time is fake. It has to be some time: a timer of 0
	// fires at once, and any other when all goroutines wait.
	fakeDelay = time.Nanosecond
	// flushSlack lets one tick serve the streams that are nearly due.
	flushSlack = flushDelay / 4
)

// A clock belongs to one application. It tells the time since it was made, and
// wakes what has been on its list for its delay: streams that have bytes unsent
// and have gone silent.
//
// It is no package variable, as its timer would then be shared between the bubbles
// of testing/synctest.
type clock struct {
	base  time.Time
	delay time.Duration // how long an entry waits: flushDelay or fakeDelay

	mutex sync.Mutex
	// The oldest entry comes first, and arms the timer, which is left to run out
	// when it is taken off the list: stopping it costs more.
	first, last *clockEntry
	timer       *time.Timer
	armed       bool
}

// A clockEntry is what a clock has on its list. It belongs to one clock.
type clockEntry struct {
	owner clockOwner

	listed         atomic.Bool
	at             time.Duration
	previous, next *clockEntry
}

// A clockOwner is who is told that an entry is due.
type clockOwner interface {
	// due is called under the clock's mutex: it must not wait.
	due()
	// quiet is called after it, likewise, and when the entry may be enlisted again. It
	// reports whether there is certainly nothing to wake for.
	quiet() bool
	// wake is called after that, in a goroutine of its own, when the entry may be
	// enlisted again.
	wake()
}

// now is the time since the clock was made: half the price of [time.Now].
func (c *clock) now() time.Duration { return time.Since(c.base) }

// enlist wakes the entry's owner after the delay, if it is not on the list.
func (c *clock) enlist(e *clockEntry, now time.Duration) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if e.listed.Load() {
		return
	}
	e.listed.Store(true)
	e.at = now + c.delay
	e.previous, e.next = c.last, nil
	if c.last == nil {
		c.first = e
	} else {
		c.last.next = e
	}
	c.last = e
	if !c.armed {
		c.armed = true
		c.timer = arm(c.timer, c.delay, c.tick)
	}
}

// delist takes the entry off the list. When it returns, due has returned if it was
// called.
func (c *clock) delist(e *clockEntry) {
	if !e.listed.Load() {
		return // tick clears it after due
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if e.listed.Load() {
		c.remove(e)
		e.listed.Store(false)
	}
}

// remove unlinks the entry. The caller holds the mutex.
func (c *clock) remove(e *clockEntry) {
	if e.previous == nil {
		c.first = e.next
	} else {
		e.previous.next = e.next
	}
	if e.next == nil {
		c.last = e.previous
	} else {
		e.next.previous = e.previous
	}
	e.previous, e.next = nil, nil
}

// tick wakes what is due.
func (c *clock) tick() {
	now := c.now()
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for e := c.first; e != nil && e.at <= now+flushSlack; e = c.first {
		c.remove(e)
		e.owner.due()
		// In this order: a delist that finds it cleared need not wait, and who
		// finds the stream at work leaves it to that to enlist it again.
		e.listed.Store(false)
		// Most streams by nature have been flushed already. The goroutines of thousands
		// that begin together would leave a kilobyte of stack behind for each.
		if !e.owner.quiet() {
			go e.owner.wake()
		}
	}
	if c.armed = c.first != nil; c.armed {
		c.timer.Reset(c.first.at - now)
	}
}

func arm(timer *time.Timer, d time.Duration, do func()) *time.Timer {
	if timer == nil {
		return time.AfterFunc(d, do)
	}
	timer.Reset(d)
	return timer
}
