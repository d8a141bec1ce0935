package bare

import (
	"log/slog"
	"sync/atomic"
	"time"
)

// counts are what anybody may know of a stream at any time. The stream publishes them
// when it flushes, and whenever it has written as much as net/http may have room for:
// looking at a stream costs it nothing, and waits for nothing. They are made when its
// head leaves, it is described, or it is long, so that most responses have none.
type counts struct {
	chunks  atomic.Int64
	bytes   atomic.Int64
	last    atomic.Int64 // on the clock, when a chunk was seen last
	blocked atomic.Int64 // nanoseconds that writes have waited for the client

	announcing gate
	announced  atomic.Bool // to be a stream; written under announcing
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
func (s *stream) publish(now time.Duration) {
	c := s.counted()
	c.store(s)
	if s.chunks > 0 {
		c.last.Store(int64(max(now, 1)))
	}
}

func (c *counts) store(s *stream) {
	c.chunks.Store(s.chunks)
	c.bytes.Store(s.sent)
}

// blocks is how many blocks of bytes were written: as many as net/http may have room for.
func (s *stream) blocks() uint32 { return uint32(s.sent / smallChunk) } //nolint:gosec // only a change matters

// keepUp publishes what was written, when that is another block. The caller holds the
// gate.
func (s *stream) keepUp() {
	s.kept = s.blocks()
	if s.sent >= manyBytes || s.counts.Load() != nil {
		s.counted().store(s)
	}
}

// manyBytes is from how many bytes on a response is worth counts before it is a stream:
// its first write may never end.
const manyBytes = 16 << 10

// beStream says that the head has left and the body goes on, once. It is called with the
// gate held, or when a write has been under way for the clock's delay.
func (s *stream) beStream() {
	if !s.flowing.Load() {
		return
	}
	c := s.counted()
	if c.announced.Load() {
		return
	}
	c.announcing.lock()
	defer c.announcing.unlock()
	if c.announced.Load() || !s.flowing.Load() {
		return
	}
	c.announced.Store(true)
	if owner, ok := s.entry.owner.(interface{ streams() }); ok {
		owner.streams()
	}
}

// bodyEnds says that the body has ended. When it returns nobody is being told that it is
// a stream, and nobody will be.
func (s *stream) bodyEnds() {
	s.flowing.Store(false)
	if c := s.counts.Load(); c != nil {
		c.announcing.lock() // for whoever has it
		c.announcing.unlock()
	}
}

// streamed reports whether the head has left while the body ran. The body has ended.
func (s *stream) streamed() bool {
	c := s.counts.Load()
	return c != nil && c.announced.Load()
}

// waits notes that what follows may wait for the client. A small write is not worth
// the look at the clock: if it lasts, the clock comes by, and notes it (see quiet).
func (s *stream) waits(now time.Duration) { s.since.CompareAndSwap(0, int64(max(now, 1))) }

// waited notes that the wait is over, and counts what was one. The caller holds the
// gate.
func (s *stream) waited(now time.Duration) {
	since := time.Duration(s.since.Swap(0))
	if since == 0 || now-since < flushDelay || !s.flowing.Load() {
		return
	}
	s.counted().blocked.Add(int64(now - since))
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

// flow says that a connection which was taken over is a stream, and what it speaks.
func (x *exchange) flow(protocol string) {
	s := &x.stream
	s.counted().protocol = protocol // nobody looks before it flows
	s.flowing.Store(true)
	s.beStream()
}

// wrote notes a write of a connection that was taken over.
func (s *stream) wrote(n int, now time.Duration) {
	c := s.counted()
	c.bytes.Add(int64(n))
	c.chunks.Add(1)
	c.last.Store(int64(max(now, 1)))
	s.waited(now)
}
