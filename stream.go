package bare

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"os"
	"runtime/debug"
	"sync/atomic"
	"time"
)

// pieceSize is how many bytes are written at a time, so that a slow reader of a
// large chunk is seen to take some of it.
const pieceSize = 32 << 10

// smallChunk is how many bytes a chunk may have that net/http surely takes without
// a wait.
const smallChunk = 2 << 10

// A stream writes a response's body to its sink. The body calls yield, perhaps
// from several goroutines, and the clock flushes; the gate is between them.
type stream struct {
	sink     sink
	clock    *clock
	lifetime *lifetime // told when there is nobody to write to any more
	log      *requestLog
	started  time.Duration // on the clock

	status   int
	declared int64 // the Content-Length, -1 for none
	withhold bool  // the last of the declared bytes waits for the body's end
	eager    bool  // a stream by nature: even its first chunk waits for no company
	alone    bool  // the body is one small chunk that nothing follows: no clock is needed
	timed    bool  // firstByte is wanted
	late     lateCalls

	entry   clockEntry
	writing wait

	gate      gate
	stopped   bool        // the body was told that there is no use in another chunk
	done      atomic.Bool // nothing is written or flushed any more; set with the gate held
	tried     bool        // a head was set, if only to be refused
	headOut   bool        // the head was given to the sink
	flushed   bool        // something has been flushed
	pending   bool        // there is something to flush
	withheld  bool        // last is to be written yet
	last      [1]byte
	flowing   atomic.Bool // the body is running
	kept      uint32      // the blocks that were published; see counts.go
	lastFlush time.Duration
	chunks    int64 // of the body, not counting empty ones
	sent      int64 // bytes of the body
	firstByte time.Duration
	err       error // the first failed write: it is final

	// What others see of it, at any time: see counts.go.
	counts atomic.Pointer[counts] // nil until there is something to see
	since  atomic.Int64           // on the clock, when the write under way was noted; 0 for none
}

// run sends the head and what the body yields, and returns why that cannot become
// a complete response. Timed says that somebody wants the time of the first byte.
func (s *stream) run(body iter.Seq[[]byte], timed bool) error {
	s.flowing.Store(true)
	s.pending = true // the head
	s.alone = isImmediate(body)
	s.timed = timed || !s.alone // a body of another kind may call OnEnd yet
	s.withhold = !s.alone
	if !s.alone {
		s.clock.enlist(&s.entry, s.clock.now())
	}
	failure := runBody(body, s.yield)
	s.bodyEnds()

	s.gate.lock()
	written := s.err
	if s.stopped && written == nil {
		written = errWriteLost
	}
	s.stopped = true                           // whatever is left of the body is late
	missing := s.sent+s.waiting() < s.declared // -1 is never missing
	s.gate.unlock()
	if failure != nil {
		return s.explain(failure, written)
	}
	if written == nil && missing {
		return ErrContentLength
	}
	return written
}

// errWriteLost ends a response whose writer panicked, when the body has recovered
// that and gone on: a chunk is missing.
var errWriteLost = errors.New("bare: a write panicked, and its chunk is lost")

// explain says what a body's failure means, and tells the log of a panic. A body
// that was stopped, as a write had failed, has nothing to lose any more.
func (s *stream) explain(failure, written error) error {
	if failed, ok := errors.AsType[bodyError](failure); ok {
		return cmp.Or(written, failed.err)
	}
	crash, ok := errors.AsType[*panicError](failure)
	switch {
	case !ok:
		return failure
	case written != nil && crash.wentOn():
		if s.late.count() {
			s.warnLate()
		}
		return written
	}
	s.log.write(slog.LevelError, "the body panicked",
		slog.String("panic", fmt.Sprint(crash.value)), slog.String("stack", string(crash.stack)))
	return &bodyPanicError{crash}
}

// yield sends one chunk, and returns false when there is no use in another. A
// chunk that comes after a silence is flushed at once, and those that follow it
// closely by the clock.
func (s *stream) yield(chunk []byte) bool {
	taken, pending, more := s.take(chunk)
	if !taken && s.late.count() {
		s.warnLate()
	}
	// After the unlock: a flush that found the gate taken has left.
	if pending && !s.entry.listed.Load() {
		s.clock.enlist(&s.entry, s.clock.now())
	}
	if s.since.Load() != 0 {
		s.settle()
	}
	return more
}

func (s *stream) warnLate() {
	s.log.write(slog.LevelWarn, "the body went on after its end")
}

// take writes a chunk, unless the end has come. It reports whether it did, whether
// something is left to flush, and whether there is use in another chunk.
func (s *stream) take(chunk []byte) (taken, pending, more bool) {
	s.gate.lock()
	defer s.gate.unlock()
	if s.stopped || s.done.Load() {
		return false, false, false
	}
	s.stopped = true // if the writer panics
	if len(chunk) > 0 {
		s.chunks++
	}
	if len(chunk) > smallChunk {
		s.beWatched()
	}
	for rest := chunk; len(rest) > 0 && s.err == nil; {
		piece := rest[:min(len(rest), pieceSize)]
		rest = rest[len(piece):]
		s.writePiece(piece)
	}
	if s.pending { // what has failed has nothing pending
		if now, must := s.mustFlush(chunk); must {
			if len(chunk) == 0 {
				s.release()
			}
			s.flush(now)
		}
	}
	s.stopped = s.err != nil
	return true, s.pending && !s.alone, !s.stopped
}

// mustFlush reports whether what was written waits for no company: a chunk after
// a silence, the first one of a stream by nature, and whatever an empty chunk
// follows. If the clock has the stream on its list there was no silence. It returns
// the time as well, if it is to be flushed.
func (s *stream) mustFlush(chunk []byte) (now time.Duration, must bool) {
	if len(chunk) > 0 && (!s.flushed && !s.eager || s.flushed && s.entry.listed.Load()) {
		return 0, false
	}
	now = s.clock.now()
	return now, len(chunk) == 0 || !s.flushed || now-s.lastFlush >= flushDelay
}

// writePiece writes a part of a chunk, and no more than was declared. The caller
// holds the gate.
func (s *stream) writePiece(piece []byte) {
	if s.timed && s.sent == 0 {
		s.firstByte = s.clock.now() - s.started
	}
	if s.declared >= 0 {
		room := s.declared - s.sent - s.waiting()
		tooLong := int64(len(piece)) > room
		if tooLong {
			piece = piece[:room]
			s.withhold = true
		}
		// A client takes a response whose declared bytes have all come for
		// complete: while the body may still fail, one is missing.
		if s.withhold && int64(len(piece)) == room && room > 0 {
			s.withheld, s.last[0] = true, piece[room-1]
			piece = piece[:room-1]
			s.pending = true
		}
		if tooLong {
			defer s.fail(ErrContentLength)
		}
	}
	if len(piece) > 0 {
		s.put(piece)
	}
}

// waiting is the number of bytes that are withheld.
func (s *stream) waiting() int64 {
	if s.withheld {
		return 1
	}
	return 0
}

// put writes bytes of the body. The caller holds the gate.
func (s *stream) put(piece []byte) {
	s.sendHead()
	s.pending = true
	large := len(piece) > smallChunk
	if large {
		s.waits(s.clock.now())
	}
	s.writing.begin()
	n, err := s.sink.write(piece)
	inTime := s.writing.end()
	s.sent += int64(n)
	if large {
		s.waited(s.clock.now())
	}
	if s.kept != s.blocks() {
		s.keepUp()
	}
	switch {
	case !inTime:
		s.fail(ErrStalled)
	case err != nil:
		s.fail(err)
	}
}

// release writes the byte that was withheld. The caller holds the gate.
func (s *stream) release() {
	if s.withheld && s.err == nil {
		s.withheld = false
		s.put(s.last[:])
	}
}

// flushDue is the clock's flush. When it finds the gate taken it leaves: the body
// is at work, and has the stream enlisted again after its write. If it is a write that is
// under way, the head has left.
func (s *stream) flushDue() {
	if !s.gate.tryLock() {
		if s.writing.current.Load() != 0 {
			s.beStream()
		}
		return
	}
	defer s.settle() // after the unlock
	defer s.gate.unlock()
	defer s.recoverFlush()
	if s.pending {
		s.release()
		s.flush(s.clock.now())
	}
}

// quiet reports whether nothing waits to be flushed. It does not wait for a body at
// work, but notes when it has found it there.
func (s *stream) quiet() bool {
	if !s.gate.tryLock() {
		return !s.busy() && s.quiet()
	}
	defer s.gate.unlock()
	return !s.pending
}

// tryFlush is a flush whose panic is the stream's error. The caller holds the gate.
func (s *stream) tryFlush() {
	defer s.recoverFlush()
	s.flush(s.clock.now())
}

// recoverFlush ends a response whose writer panics where nobody else is to be
// told: in the clock's goroutine, or when the response has failed already.
func (s *stream) recoverFlush() {
	value := recover()
	if value == nil {
		return
	}
	s.log.write(slog.LevelError, "a flush panicked",
		slog.String("panic", fmt.Sprint(value)), slog.String("stack", string(debug.Stack())))
	s.fail(errFlushPanicked)
}

// errFlushPanicked ends the response whose writer's Flush panicked; the panic has
// been logged.
var errFlushPanicked = errors.New("bare: the writer's flush panicked")

// beWatched has the clock know of a stream that was thought to need none: what it
// is about to do may wait for the client. The caller holds the gate.
func (s *stream) beWatched() {
	if s.alone {
		s.alone = false
		s.clock.enlist(&s.entry, s.clock.now())
	}
}

// flush sends the head and what was written. The caller holds the gate.
func (s *stream) flush(now time.Duration) {
	s.beWatched()
	s.sendHead()
	s.pending = s.withheld
	if s.flowing.Load() {
		s.publish(now)
	}
	s.waits(now)
	s.writing.begin()
	err := s.sink.flush()
	inTime := s.writing.end()
	s.flushed = true
	s.lastFlush = s.clock.now()
	s.waited(s.lastFlush)
	switch {
	case !inTime:
		s.fail(ErrStalled)
	case err != nil:
		s.fail(err)
	default:
		s.beStream()
	}
}

func (s *stream) sendHead() {
	if !s.headOut {
		s.headOut = true
		s.sink.sendHead(s.status)
	}
}

// fail keeps the first error. The caller holds the gate.
func (s *stream) fail(err error) {
	s.pending = false
	if s.err != nil {
		return
	}
	switch {
	case errors.Is(err, ErrContentLength), errors.Is(err, errFlushPanicked), isEncoderError(err):
		s.err = err
	case errors.Is(err, ErrStalled), errors.Is(err, os.ErrDeadlineExceeded):
		s.err = ErrStalled
	default:
		s.err = ErrClientGone
	}
	s.lifetime.end(context.Canceled)
}

// complete ends the response. With observed set it is handed to the connection
// first, as whoever is told of the end may take its time. It returns the error of
// a write that failed even now.
func (s *stream) complete(observed bool, stall time.Duration) error {
	s.gate.lock()
	defer s.gate.unlock()
	s.release()
	s.end(observed, stall)
	return s.err
}

// end ends a response that has all its bytes. What is left in net/http's buffers
// is sent when the handler has returned, if nothing asks for it before. The caller
// holds the gate.
func (s *stream) end(observed bool, stall time.Duration) {
	s.sendHead()
	if f, ok := s.sink.(finisher); ok {
		s.finish(f)
	}
	if observed || s.pending && !s.sink.expireLater(stall) {
		s.flush(s.clock.now())
	}
	s.pending = false // for the clock
}

// abandon hands over what was written of a response that will not be complete,
// without the byte that would make it look so, and reports whether anybody may be
// there to see it.
func (s *stream) abandon() (reachable bool) {
	s.gate.lock()
	defer s.gate.unlock()
	return s.handOver()
}

// drop is abandon when the handler or the body has left without a word, or was cut
// from outside: a head that has not been sent is not sent any more.
func (s *stream) drop() (reachable bool) {
	s.gate.lock()
	defer s.gate.unlock()
	return s.headOut && s.handOver()
}

// handOver ends the stream with a flush, without which net/http would send nothing
// of what was written. It reports whether anybody may be there to see it. The caller
// holds the gate.
func (s *stream) handOver() (reachable bool) {
	s.withheld = false
	if s.err == nil || errors.Is(s.err, ErrContentLength) || errors.Is(s.err, ErrCut) || isEncoderError(s.err) {
		s.err = nil
		s.tryFlush()
	}
	s.done.Store(true)
	return s.err == nil || errors.Is(s.err, errFlushPanicked)
}

// close ends the stream for the clock, and waits for its flush. From then on the
// sink is not used.
func (s *stream) close() {
	s.bodyEnds()
	s.gate.lock()
	defer s.gate.unlock()
	s.done.Store(true)
	s.pending = false
	if f, ok := s.sink.(finisher); ok {
		f.close()
	}
}
