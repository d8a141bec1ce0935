package bare

import (
	"errors"
	"log/slog"
	"net/http"
	"time"
)

// cut ends a response so that it cannot be taken for a complete one. When nothing
// of it has been sent, it is still time for an error's response.
func (s *stream) cut(err error) {
	silent := errors.Is(err, http.ErrAbortHandler) || isContextError(err)
	if !silent && !errors.Is(err, errBodyPanicked) {
		s.logFailure("the body failed", err)
	}
	s.gate.lock()
	if !s.headOut && !silent {
		s.replace(err)
		s.done = true
		s.gate.unlock()
		return
	}
	if s.err == nil || errors.Is(s.err, ErrContentLength) {
		// Without a flush net/http would send nothing of what was written.
		s.err = nil
		s.flush()
	}
	reachable := s.err == nil
	s.done = true
	s.gate.unlock()
	if reachable {
		s.linger()
	}
	panic(http.ErrAbortHandler) //nolint:forbidigo // net/http's own way to cut a response
}

// replace sends an error's response in the place of one that never began. The
// caller holds the mutex.
func (s *stream) replace(err error) {
	response := ErrorResponse(err)
	clear(s.w.Header())
	if err := s.setHead(response.Status, response.Headers); err != nil {
		s.exchange.log(slog.LevelError, "the response was refused", slog.Any("error", err))
		return
	}
	s.exchange.body.settle(s.w.Header())
	for chunk := range response.Body {
		s.writeHead()
		n, err := s.w.Write(chunk)
		s.sent += int64(n)
		if err != nil {
			s.fail(err)
			return
		}
	}
}

// linger gives what was sent the time to arrive.
func (s *stream) linger() {
	scope := s.exchange.request.Scope
	timer := time.NewTimer(abortDelay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-scope.Context().Done():
	}
	if !scope.ProtoAtLeast(1, 1) {
		s.reset()
	}
}

// reset breaks an HTTP/1.0 connection, whose close alone would mean the end of
// the body.
func (s *stream) reset() {
	conn, _, err := s.control.Hijack()
	if err != nil {
		return // a writer that cannot be hijacked cannot do better
	}
	if lingerer, ok := rawConn(conn).(interface{ SetLinger(sec int) error }); ok {
		if err := lingerer.SetLinger(0); err != nil {
			s.exchange.log(slog.LevelDebug, "a connection could not be reset", slog.Any("error", err))
		}
	}
	if err := conn.Close(); err != nil {
		s.exchange.log(slog.LevelDebug, "a connection could not be closed", slog.Any("error", err))
	}
}
