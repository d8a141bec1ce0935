package bare

import (
	"log/slog"
	"sync/atomic"
	"time"
)

// counts are what anybody may know of a stream at any time. The stream publishes them
// when it flushes, and whenever it has written as much as net/http may have room for:
// looking at a stream costs it nothing, and waits for nothing. They are made when its
// head leaves or it is described, so that most responses have none.
type counts struct {
	chunks  atomic.Int64
	bytes   atomic.Int64
	last    atomic.Int64 // on the clock, when a chunk was seen last
	blocked atomic.Int64 // nanoseconds that writes have waited for the client
	seen    int64        // how many chunks there were at last; under the gate
	// described are the functions of Describe, nil without any.
	described atomic.Pointer[[]func() []slog.Attr]
	// protocol is what is spoken, where the request does not say so: "websocket". It is
	// set before the counts are published.
	protocol string
}

// counted makes the counts at the first call.
func (s *stream) counted() *counts {
	if c := s.counts.Load(); c != nil {
		return c
	}
	s.counts.CompareAndSwap(nil, new(counts))
	return s.counts.Load()
}

// publish lets others see what was sent. The caller holds the gate.
func (s *stream) publish(now time.Duration) *counts {
	c := s.counted()
	c.store(s)
	if c.seen != s.chunks {
		c.seen = s.chunks
		c.last.Store(int64(now))
	}
	return c
}

func (c *counts) store(s *stream) {
	c.chunks.Store(s.chunks)
	c.bytes.Store(s.sent)
}

// keepUp publishes what was written since, if that is much. The caller holds the gate.
func (s *stream) keepUp() {
	if c := s.counts.Load(); c != nil && s.sent-c.bytes.Load() >= smallChunk {
		c.store(s)
	}
}

// beStream says that the head has left and the body goes on. The caller holds the
// gate.
func (s *stream) beStream() {
	if s.streamed || !s.flowing {
		return
	}
	s.streamed = true
	if owner, ok := s.entry.owner.(interface{ streams() }); ok {
		owner.streams()
	}
}

// beginLarge notes the time before a write that net/http may not have room for. The
// caller holds the gate.
func (s *stream) beginLarge() {
	now := s.clock.now()
	if s.sent > 0 && now-s.lastFlush >= flushDelay {
		s.beStream()
	}
	if s.streamed && s.flowing {
		s.publish(now)
	}
	s.waits(now)
}

// waits notes that what follows may wait for the client. A small write is not worth
// the look at the clock: if it lasts, the clock comes by, and notes it (see quiet).
func (s *stream) waits(now time.Duration) { s.since.CompareAndSwap(0, int64(max(now, 1))) }

// waited notes that the wait is over, and counts what was one. The caller holds the
// gate.
func (s *stream) waited(now time.Duration) {
	since := time.Duration(s.since.Swap(0))
	if since == 0 || now-since < flushDelay || !s.flowing {
		return
	}
	s.publish(now).blocked.Add(int64(now - since))
}

// settle takes back what the clock has noted of a write that has ended. It comes after
// the gate was given back; if somebody else has it by now, that one settles.
func (s *stream) settle() {
	for s.since.Load() != 0 && s.gate.tryLock() {
		s.waited(s.clock.now())
		s.gate.unlock()
	}
}

// busy is called by the clock when the gate is taken, and reports whether it still is:
// whoever holds it may be waiting for the client.
func (s *stream) busy() bool {
	s.waits(s.clock.now())
	// Anew, in this order: either it is free by now, or its holder sees the note.
	if !s.gate.tryLock() {
		return true
	}
	s.since.Store(0)
	s.gate.unlock()
	return false
}

// blockedFor is how long the write under way has waited for the client, 0 if none has
// for long.
func (s *stream) blockedFor(now time.Duration) time.Duration {
	since := time.Duration(s.since.Load())
	if since == 0 || now-since < flushDelay {
		return 0
	}
	return now - since
}
