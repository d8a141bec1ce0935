package conn

import (
	"sync"
	"sync/atomic"
	"time"
)

// sweeps is how often in the stall time the sweeper looks: a stalled peer is cut
// off an eighth of it late at most.
const sweeps = 8

// A sweeper finds the peers that have stalled. Its timer runs only while something
// has been written that is not known to be acknowledged. A write pays for it with
// a few atomic operations, and once between two sweeps with a mutex.
type sweeper struct {
	stall    time.Duration // 0 or less means no limit
	interval time.Duration
	base     time.Time

	mutex sync.Mutex // never held while a connection is asked or cut off
	dirty []*Conn    // those that have progress.dirty set
	armed bool
	timer *time.Timer
}

func newSweeper(stall time.Duration) sweeper {
	// Rounded up, so that so many intervals are never less than the stall time.
	return sweeper{stall: stall, interval: (stall + sweeps - 1) / sweeps, base: time.Now()}
}

func (s *sweeper) enabled() bool { return s.stall > 0 }

// watch has the next sweep look at the connection.
func (s *sweeper) watch(c *Conn) {
	if c.progress.dirty.Load() || c.progress.dirty.Swap(true) {
		return
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.keep(c)
}

// keep puts the connection on the list. The caller holds the mutex.
func (s *sweeper) keep(c *Conn) {
	s.dirty = append(s.dirty, c)
	if s.armed {
		return
	}
	s.armed = true
	if s.timer == nil {
		s.timer = time.AfterFunc(s.interval, s.sweep)
	} else {
		s.timer.Reset(s.interval)
	}
}

// sweep looks at the connections on the list, and leaves those on it that have
// something outstanding.
func (s *sweeper) sweep() {
	s.mutex.Lock()
	list := s.dirty
	s.dirty = nil
	s.mutex.Unlock()
	kept := list[:0]
	for _, c := range list {
		// Before the look: what is written behind it puts c on the list again.
		c.progress.dirty.Store(false)
		if s.look(c) && !c.progress.dirty.Swap(true) {
			kept = append(kept, c)
		}
	}
	clear(list[len(kept):])
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.dirty = append(kept, s.dirty...)
	if s.armed = len(s.dirty) > 0; s.armed {
		s.timer.Reset(s.interval)
	}
}

// look reports whether something is outstanding on the connection, and cuts it
// off when that has been so for the stall time without progress.
func (s *sweeper) look(c *Conn) bool {
	if c.deadlines.exempt.Load() || c.stalled.Load() {
		return false
	}
	p := &c.progress
	// Before the connection is asked, as it then knows of the writes that have
	// ended. One that begins later puts c on the list by itself.
	ended, begun := p.ended.Load(), p.begun.Load()
	writing := begun != ended
	acknowledged, waiting := p.written.Load(), writing
	if c.peer != nil {
		acknowledged, waiting = c.peer.Unacknowledged()
	}
	now := time.Since(s.base)
	if writing && waiting {
		p.see(begun, now)
	}
	switch {
	case !waiting:
		p.waiting = false
	case !p.waiting || acknowledged != p.acknowledged:
		p.waiting, p.acknowledged, p.since = true, acknowledged, now
	case now-p.since >= s.stall:
		c.cut()
		return false
	}
	return waiting || writing
}

// progress is what is known of a connection's writes.
type progress struct {
	dirty   atomic.Bool   // on the sweeper's list, or about to be
	begun   atomic.Uint64 // writes
	ended   atomic.Uint64
	written atomic.Uint64 // bytes; only counted where there is no acknowledger

	seen atomic.Uint64 // the last write that a sweep saw wait
	last atomic.Int64  // when one was seen to wait for two sweeps, since the base; 0 for never

	// The sweep's own.
	waiting      bool // something is
	acknowledged uint64
	since        time.Duration // the last progress
}

// see notes that the write waits. The first sight of it may be chance.
func (p *progress) see(write uint64, now time.Duration) {
	if p.seen.Swap(write) == write {
		p.last.Store(int64(now))
	}
}

func (p *progress) waited(base time.Time) time.Time {
	if write := p.begun.Load(); write != p.ended.Load() && write == p.seen.Load() {
		return time.Now()
	}
	if last := p.last.Load(); last != 0 {
		return base.Add(time.Duration(last))
	}
	return time.Time{}
}
