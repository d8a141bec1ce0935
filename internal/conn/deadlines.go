package conn

import (
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// faraway is how far ahead a write deadline must be to count as none, and never how
// far from the listener's beginning it is so at first sight.
const (
	faraway = time.Hour
	never   = 50 * 365 * 24 * time.Hour
)

// deadlines are those that were asked for, and those that the connection inside
// has. net/http sets about six read deadlines a request, and waits under one.
type deadlines struct {
	reading atomic.Int32 // Reads under way
	exempt  atomic.Bool  // from the sweep; the connection is another's
	stays   atomic.Bool  // under the sweep when it is hijacked

	mutex sync.Mutex // for what follows
	cut   bool       // both directions have ended for good
	eager bool       // deadlines are set as they are asked for

	asked   time.Time // of reads
	armed   time.Time // what the connection inside has, never later than asked while a Read waits
	spent   bool      // armed had passed when it was set
	armings uint      // how often armed was set

	askedWrite time.Time // zero for those far ahead
	armedWrite time.Time
	ended      bool // a write deadline in the past was asked for
}

// Read reads, under the deadline that was asked for last.
func (c *Conn) Read(buffer []byte) (int, error) {
	c.deadlines.reading.Add(1)
	defer c.deadlines.reading.Add(-1)
	armings, err := c.beginRead()
	if err != nil {
		return 0, err
	}
	for {
		n, err := c.Conn.Read(buffer)
		if err == nil || !errors.Is(err, os.ErrDeadlineExceeded) || !c.resume(&armings) {
			return n, err
		}
		if n > 0 {
			return n, nil
		}
	}
}

// beginRead sets the deadline that a Read may need. An earlier one is left alone,
// as it seldom expires: see resume.
func (c *Conn) beginRead() (armings uint, err error) {
	d := &c.deadlines
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if !d.asked.IsZero() && d.asked.Before(c.listener.sweeper.base) {
		// Longer ago than the listener is there: it is to end this Read. So net/http
		// takes a connection back from its own read in the background, which often
		// has not begun.
		return d.armings, os.ErrDeadlineExceeded
	}
	if d.spent || before(d.asked, d.armed) {
		err = c.arm(d.asked)
	}
	return d.armings, err
}

// resume reports whether a Read whose deadline has expired goes on, as that was
// earlier than the one asked for.
func (c *Conn) resume(armings *uint) bool {
	d := &c.deadlines
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if passed(d.asked) {
		return false
	}
	if passed(d.armed) {
		if c.arm(d.asked) != nil {
			return false
		}
	} else if *armings == d.armings {
		return false // the connection's own error: there would be no end
	}
	*armings = d.armings
	return true
}

// arm sets the connection's read deadline. The caller holds the mutex.
func (c *Conn) arm(t time.Time) error {
	d := &c.deadlines
	d.armed, d.spent = t, passed(t)
	d.armings++
	return c.Conn.SetReadDeadline(t)
}

// SetReadDeadline sets the deadline of the Reads that wait and of those to come.
func (c *Conn) SetReadDeadline(t time.Time) error {
	d := &c.deadlines
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if d.cut {
		return nil
	}
	d.asked = t
	// The first one is set at once, as the first Read is deep in net/http: a timer that
	// starts there doubles the goroutine's stack, for as long as the connection is open.
	if d.eager || d.armings == 0 || d.reading.Load() > 0 && before(t, d.armed) {
		return c.arm(t)
	}
	return nil
}

// SetWriteDeadline sets the deadline of the Writes that wait and of those to come.
// One that has passed is final, until the connection is hijacked. One that is more
// than an hour ahead counts as none.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	d := &c.deadlines
	d.mutex.Lock()
	defer d.mutex.Unlock()
	distant := t.Sub(c.listener.sweeper.base) > never // without a look at the time
	switch {
	case d.cut:
		return nil
	case d.eager:
		return c.Conn.SetWriteDeadline(t)
	case !distant && passed(t):
		d.ended = true
		return c.Conn.SetWriteDeadline(t)
	}
	if distant || !t.IsZero() && time.Until(t) > faraway {
		t = time.Time{}
	}
	d.askedWrite = t
	if d.ended || t.IsZero() && d.armedWrite.IsZero() {
		return nil
	}
	d.armedWrite = t
	return c.Conn.SetWriteDeadline(t)
}

// SetDeadline is for both directions.
func (c *Conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// StayWatched is for a connection that is about to be hijacked by somebody who wants it
// to be cut off when its peer stalls, as before, and to be broken by Break.
func (c *Conn) StayWatched() { c.deadlines.stays.Store(true) }

// handOver leaves the connection to one who has hijacked it: deadlines are set as
// they are asked for, and nothing is a stall, unless it stays watched.
func (c *Conn) handOver() {
	d := &c.deadlines
	if !d.stays.Load() {
		d.exempt.Store(true)
	}
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if d.cut || d.eager {
		return
	}
	d.eager = true
	// What fails here fails again at the first read or write.
	_ = c.arm(d.asked)
	_ = c.Conn.SetWriteDeadline(d.askedWrite)
}

// cut ends both directions for good, as the peer has stalled. Its owner closes the
// connection, which throws away what is unsent: that may be megabytes, and the
// kernel would keep them for minutes.
func (c *Conn) cut() {
	d := &c.deadlines
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if d.exempt.Load() {
		return // hijacked in this moment
	}
	c.stalled.Store(true)
	_ = abandon(c.Conn)
	past := time.Unix(1, 0)
	d.cut, d.asked = true, past
	// A connection that refuses a deadline has been closed.
	_ = c.arm(past)
	_ = c.Conn.SetWriteDeadline(past)
}

// Break closes the connection from another goroutine than the one that uses it: what
// waits for it fails, what is unsent is thrown away, and the peer is told by a reset.
// A connection that was hijacked is left alone.
func (c *Conn) Break() {
	if c.deadlines.exempt.Load() {
		return
	}
	_ = abandon(c.Conn) // one that cannot is closed as usual
	_ = c.Close()       // nobody is there who could do more about it
}

// passed reports whether a deadline, if there is one, has passed.
func passed(t time.Time) bool { return !t.IsZero() && time.Until(t) <= 0 }

// before reports whether deadline t comes before u, where zero means never.
func before(t, u time.Time) bool { return !t.IsZero() && (u.IsZero() || t.Before(u)) }
