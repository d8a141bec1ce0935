package bare

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"
)

const (
	// pieceSize is how many bytes are written at a time: half of what a client
	// must take in one StallTimeout, as what it takes at once may end in the
	// middle of a piece. A slow reader of a large chunk so is not taken for a
	// stalled one.
	pieceSize = 32 << 10
	// abortDelay is how long what was sent is given to arrive before a response is
	// cut: browsers throw away what comes just before a reset.
	abortDelay = 100 * time.Millisecond
)

// A stream writes a response's body. The loop that pulls the chunks writes them;
// the clock's goroutines flush them; the gate is between the two.
type stream struct {
	exchange *exchange
	declared int64 // the Content-Length, -1 for none
	status   int
	stopped  bool // the body was told that there is no use in another chunk

	gate       gate
	w          http.ResponseWriter
	control    http.ResponseController
	done       bool // nothing is written or flushed any more
	headOut    bool // WriteHeader was called
	flushed    bool // something has been flushed
	pending    bool // there is something to flush
	lastFlush  time.Duration
	sentStatus int
	sent       int64 // bytes of the body
	firstByte  time.Duration
	err        error // the first failed write: it is final

	// For the application's clock.
	listed         atomic.Bool
	due            time.Duration
	previous, next *stream
}

// send sends a response, and returns when it is complete. It panics with
// [http.ErrAbortHandler] when it must not look complete.
func (s *stream) send(response HttpResponse) {
	if response.failure != nil {
		s.logFailure("the request failed", response.failure)
	}
	if err := s.setHead(response.Status, response.Headers); err != nil {
		s.exchange.log(slog.LevelError, "the response was refused", slog.Any("error", err))
		response = statusResponse(http.StatusInternalServerError)
		if err := s.setHead(response.Status, response.Headers); err != nil {
			s.exchange.log(slog.LevelError, "the response was refused", slog.Any("error", err))
		}
	}
	s.exchange.body.settle(s.w.Header())
	s.push(response.Pushes)
	if s.bodyless(response.Body) {
		s.writeHead()
		return
	}
	s.run(response.Body)
}

// setHead checks the status and the headers and hands them to net/http.
func (s *stream) setHead(status int, headers http.Header) error {
	if status == 0 {
		status = http.StatusOK
	}
	if status < 200 || status > 999 {
		return fmt.Errorf("bare: a response's status is from 200 to 999, not %d", status)
	}
	target := s.w.Header()
	if err := setHead(target, headers, s.exchange.request.Scope.ProtoMajor >= 2); err != nil {
		return err
	}
	declared, err := declaredLength(target)
	if err != nil {
		clear(target)
		return err
	}
	s.status, s.declared = status, declared
	return nil
}

// bodyless reports whether the body is not to be run.
func (s *stream) bodyless(body iter.Seq[[]byte]) bool {
	switch {
	case s.exchange.request.Scope.Method == http.MethodHead:
		return true
	case s.status == http.StatusNoContent, s.status == http.StatusNotModified:
		if body != nil {
			s.exchange.log(slog.LevelError, "a response that can have no body has one",
				slog.Int("status", s.status))
		}
		return true
	default:
		return body == nil && s.declared <= 0
	}
}

// run sends the head and the body.
func (s *stream) run(body iter.Seq[[]byte]) {
	s.exchange.lifetime.run()
	s.pending = true // the head
	s.exchange.app.clock.enlist(s)
	s.end(s.pull(body))
}

// pull runs the body, and returns what it failed with.
func (s *stream) pull(body iter.Seq[[]byte]) (err error) {
	returned := false
	defer func() {
		if returned {
			return
		}
		if value := recover(); value != nil {
			err = s.explain(value)
		}
	}()
	if body != nil {
		for chunk := range body {
			if !s.write(chunk) {
				s.stopped = true
				break
			}
		}
	}
	returned = true
	return s.err
}

// explain makes an error of a body's panic. A body that was stopped has nothing
// to lose any more: only a fault in it is worth a word.
func (s *stream) explain(value any) error {
	var failed bodyError
	err, isError := value.(error)
	if isError && errors.As(err, &failed) {
		if s.stopped {
			return s.err
		}
		return failed.err
	}
	if isError && errors.Is(err, http.ErrAbortHandler) {
		return http.ErrAbortHandler
	}
	var fault runtime.Error
	if s.stopped && isError && errors.As(err, &fault) && strings.Contains(fault.Error(), "range function continued") {
		s.exchange.log(slog.LevelWarn, "the body went on after its yield returned false")
		return s.err
	}
	s.exchange.log(slog.LevelError, "the body panicked",
		slog.String("panic", fmt.Sprint(value)), slog.String("stack", string(debug.Stack())))
	return errBodyPanicked
}

// errBodyPanicked ends the response of a body that panicked; the panic has been
// logged.
var errBodyPanicked = errors.New("bare: the body panicked")

// write sends one chunk, and returns false when there is no use in another. A
// chunk that comes after a silence is flushed at once, and those that follow it
// closely by the clock.
func (s *stream) write(chunk []byte) bool {
	if s.exchange.gone() {
		s.gate.lock()
		s.fail(ErrClientGone)
		s.gate.unlock()
		return false
	}
	for len(chunk) > 0 {
		piece := chunk[:min(len(chunk), pieceSize)]
		chunk = chunk[len(piece):]
		if !s.writePiece(piece) {
			return false
		}
		// After the unlock: a flush that found the gate taken has left.
		if !s.listed.Load() {
			s.flushOrEnlist()
		}
	}
	return true
}

func (s *stream) writePiece(piece []byte) bool {
	s.gate.lock()
	defer s.gate.unlock()
	if s.done || s.err != nil {
		return false
	}
	if s.sent == 0 {
		s.firstByte = s.exchange.app.clock.now() - s.exchange.started
	}
	tooLong := s.declared >= 0 && s.sent+int64(len(piece)) > s.declared
	if tooLong {
		piece = piece[:s.declared-s.sent]
	}
	s.writeHead()
	s.pending = true
	s.exchange.writing.begin()
	n, err := s.w.Write(piece)
	s.exchange.writing.end()
	s.sent += int64(n)
	if err != nil {
		s.fail(err)
	} else if tooLong {
		s.fail(ErrContentLength)
	}
	return s.err == nil
}

// flushOrEnlist flushes a stream that has been silent, and has the clock flush
// one that has not, or whose body may end with this chunk.
func (s *stream) flushOrEnlist() {
	clock := &s.exchange.app.clock
	s.gate.lock()
	if s.flushed && s.pending && !s.done && clock.now()-s.lastFlush >= flushDelay {
		s.flush()
	}
	pending := s.pending
	s.gate.unlock()
	if pending {
		clock.enlist(s)
	}
}

// flushDue is the clock's flush. When it finds the loop at work it leaves: the
// loop enlists the stream again after its write.
func (s *stream) flushDue() {
	if !s.gate.tryLock() {
		return
	}
	defer s.gate.unlock()
	if s.done || !s.pending || s.err != nil {
		return
	}
	s.flush()
}

// flush sends the head and what was written. The caller holds the gate.
func (s *stream) flush() {
	s.writeHead()
	s.pending = false
	s.exchange.writing.begin()
	err := s.control.Flush()
	s.exchange.writing.end()
	s.flushed = true
	s.lastFlush = s.exchange.app.clock.now()
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		s.fail(err)
	}
}

func (s *stream) writeHead() {
	if !s.headOut {
		s.headOut = true
		s.sentStatus = s.status
		s.w.WriteHeader(s.status)
	}
}

// fail keeps the first error. The caller holds the gate.
func (s *stream) fail(err error) {
	if s.err != nil {
		return
	}
	switch {
	case errors.Is(err, ErrContentLength):
		s.err = err
	case s.exchange.writing.stalled.Load(), errors.Is(err, os.ErrDeadlineExceeded):
		s.exchange.writing.stalled.Store(true)
		s.err = ErrStalled
	default:
		s.err = ErrClientGone
	}
	s.exchange.lifetime.end(context.Canceled)
}

// end completes the response, or cuts it when the body has failed.
func (s *stream) end(err error) {
	s.gate.lock()
	if err == nil && s.declared >= 0 && s.sent < s.declared {
		err = ErrContentLength
	}
	s.exchange.err = err
	if err == nil {
		s.writeHead()
		s.done = true
		s.gate.unlock()
		return
	}
	s.gate.unlock()
	s.cut(err)
}

// close ends the stream for the clock's goroutines, and waits for the one that is
// at work.
func (s *stream) close() {
	s.gate.lock()
	s.done = true
	s.gate.unlock()
}

func (s *stream) logFailure(message string, err error) {
	level := slog.LevelError
	if isContextError(err) || errors.Is(err, ErrStalled) {
		level = slog.LevelDebug
	}
	s.exchange.log(level, message, slog.Any("error", err))
}
