package bare

import (
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/bare-go/bare/internal/conn"
)

// A sink is where a response goes: the few verbs that it needs of a connection.
// Everything that knows connections is on its far side, and nothing behind it
// knows bodies. It is used by one goroutine at a time, except for expire.
type sink interface {
	// setHead gives the headers of the head, or reports the one that is refused.
	// It returns those that will be sent, which may be changed until sendHead.
	setHead(headers http.Header) (http.Header, error)
	// takeBack undoes all calls of setHead, also those that were refused.
	takeBack()
	// sendHead ends the head. It is on the wire at the latest with the next flush.
	sendHead(status int)
	// write sends a piece of the body.
	write(piece []byte) (int, error)
	// flush puts what was sent on the wire. A sink that cannot returns nil.
	flush() error
	// expire has the write or flush that is under way fail, and all further ones.
	expire() error
	// expireLater is expire in a while, for what is sent when the response is over.
	// It returns false if that may have to wait for other bytes than its own, which
	// a flush has to do instead. A limit of 0 or less is none.
	expireLater(d time.Duration) bool
	// cut breaks the response off, so that it cannot be taken for a complete one.
	// It does not return.
	cut()
	// reset is the part of cut that is needed when the goroutine is ending anyway.
	reset()
}

// abortDelay is how long what was sent is given to arrive before a response is
// cut: browsers throw away what comes just before a reset.
const abortDelay = 100 * time.Millisecond

// An httpSink is the sink of a request that net/http serves. It also has what a
// request's body needs of the connection.
type httpSink struct {
	w     http.ResponseWriter
	scope *http.Request
	log   *requestLog

	outer http.Header // what a wrapping [http.Handler] had set; nil for nothing
}

// control reaches what a writer has beyond its three methods, through wrappers.
func (s *httpSink) control() *http.ResponseController { return http.NewResponseController(s.w) }

// setHead copies the headers into what net/http will send. They take the place of
// what a wrapping [http.Handler] has set, except for the two that are lists by
// nature.
func (s *httpSink) setHead(headers http.Header) (http.Header, error) {
	target := s.w.Header()
	fresh := len(target) == 0
	if !fresh {
		if s.outer == nil {
			s.outer = maps.Clone(target)
		}
		headers = canonicalHeaders(headers)
		for name := range headers {
			if name != "Vary" && name != "Set-Cookie" {
				delete(target, name)
			}
		}
	}
	for name, values := range headers {
		if err := checkHeader(name, values); err != nil {
			return nil, err
		}
		canonical := canonicalName(name)
		fresh = fresh && canonical == name
		switch {
		case isFraming(canonical, s.scope.ProtoMajor >= 2):
		case fresh:
			target[name] = slices.Clip(values) // no other spelling came before
		default:
			addValues(target, canonical, values)
		}
	}
	// A nil value keeps net/http from guessing a type from the first bytes.
	if _, ok := target["Content-Type"]; !ok {
		target["Content-Type"] = nil
	}
	return target, nil
}

// takeBack leaves what was set around the application, such as the headers without
// which a browser hides an error from a page of another origin.
func (s *httpSink) takeBack() {
	target := s.w.Header()
	clear(target)
	maps.Copy(target, s.outer)
}

func (s *httpSink) sendHead(status int) { s.w.WriteHeader(status) }

func (s *httpSink) write(piece []byte) (int, error) { return s.w.Write(piece) }

func (s *httpSink) flush() error { return supported(s.control().Flush()) }

func (s *httpSink) expire() error { return s.control().SetWriteDeadline(longAgo()) }

// expireLater bounds the wait for a client of HTTP/2 that lets nothing through:
// net/http sends the end of a response after its handler has returned, and then
// only the stream's own deadline ends the wait. It must have one already, which
// the stream's close stops, or a deadline that crosses with the close would reset
// a stream that is there no more: see [Server.httpServer]. On a connection that is
// slow as a whole the wait is for the other streams' bytes, however long.
func (s *httpSink) expireLater(d time.Duration) bool {
	if d <= 0 || s.scope.ProtoMajor != 2 || s.conn() == nil {
		return true
	}
	if s.waitsForKernel(d) {
		return false
	}
	_ = s.control().SetWriteDeadline(time.Now().Add(d)) // it has a deadline, so it takes one
	return true
}

// stalled reports whether the connection was cut off because the client
// acknowledged nothing.
func (s *httpSink) stalled() bool {
	c := s.conn()
	return c != nil && c.Stalled()
}

// watchesWrites reports whether the watch is to end writes that take too long: not
// over HTTP/1.x, where the connection itself knows a slow client from a stalled
// one. A stream of HTTP/2 may stall alone.
func (s *httpSink) watchesWrites() bool { return s.scope.ProtoMajor != 1 || s.conn() == nil }

// waitsForKernel reports whether the connection has lately waited for the client's
// kernel: then that is what a write waits for, and not the stream's window.
func (s *httpSink) waitsForKernel(lately time.Duration) bool {
	c := s.conn()
	if c == nil {
		return false
	}
	waited := c.Waited()
	return !waited.IsZero() && time.Since(waited) < lately
}

// departed reports whether the client has left unnoticed. Over HTTP/1.x net/http
// does not see it behind bytes that nobody reads.
func (s *httpSink) departed() bool {
	if s.scope.ProtoMajor != 1 {
		return false
	}
	c := s.conn()
	return c != nil && c.Departed()
}

// unreachable reports whether it is certain that nobody reads any more. Over
// HTTP/1.x a context that has ended may mean no more than a FIN.
func (s *httpSink) unreachable() bool {
	return s.scope.ProtoMajor >= 2 && s.scope.Context().Err() != nil
}

func (s *httpSink) cut() {
	timer := time.NewTimer(abortDelay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.scope.Context().Done():
	}
	s.reset()
	panic(http.ErrAbortHandler) //nolint:forbidigo // net/http's own way to cut a response
}

// reset breaks an HTTP/1.0 connection, whose close alone would mean the end of
// the body.
func (s *httpSink) reset() {
	if s.scope.ProtoAtLeast(1, 1) {
		return
	}
	connection, _, err := s.control().Hijack()
	if err != nil {
		return // a writer that cannot be hijacked cannot do better
	}
	if err := conn.Reset(connection); err != nil {
		s.log.write(slog.LevelDebug, "a connection could not be reset", slog.Any("error", err))
	}
}

// setLength declares the length of a body that turns out to be known.
func (s *httpSink) setLength(length int) {
	s.w.Header()["Content-Length"] = []string{strconv.Itoa(length)}
}

// expireReads has the read of the request's body that is under way fail, and all
// further ones.
func (s *httpSink) expireReads() error { return s.control().SetReadDeadline(longAgo()) }

// readUntil bounds the time that net/http takes to read the rest of a request.
func (s *httpSink) readUntil(t time.Time) error { return s.control().SetReadDeadline(t) }

// conn is the connection, nil under a foreign server.
func (s *httpSink) conn() *conn.Conn { return conn.From(s.scope.Context()) }

// giveUpConnection has the connection closed after the response.
func (s *httpSink) giveUpConnection() { s.w.Header().Set("Connection", "close") }

// supported drops the error of a writer that does not know what it was asked for.
func supported(err error) error {
	if errors.Is(err, http.ErrNotSupported) {
		return nil
	}
	return err
}

// longAgo is a deadline that ends what is under way.
func longAgo() time.Time { return time.Unix(1, 0) }
