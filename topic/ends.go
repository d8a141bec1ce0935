package topic

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/eventlog"
)

// A Reason says why a stream has ended.
type Reason int

// The reasons.
const (
	ClientGone Reason = iota // the client has left
	Slow                     // the subscriber was too far behind: see [Disconnect]
	Stalled                  // the client took nothing of a write: see [bare.Application.StallTimeout]
	Vanished                 // the client's machine does not answer any more
	Shutdown                 // the server stops
	Drained                  // by [Topic.Drain]
	Expired                  // its [Lease] has ended
	Kicked                   // by [Topic.Kick]
	Finished                 // the topic was closed, and the client has been told
	Failed                   // the producer has failed, the log, or the program: see [End.Err]
	Cut                      // by the program, with [bare.HttpRequest.Cut]

	reasons = int(Cut) + 1
)

func (r Reason) String() string {
	names := [reasons]string{
		"client gone", "slow", "stalled", "vanished", "shutdown", "drained", "expired", "kicked", "finished", "failed", "cut",
	}
	if r < 0 || int(r) >= reasons {
		return "unknown"
	}
	return names[r]
}

// The errors that stand in [bare.End.Err] for a stream that a topic has cut.
var (
	ErrSlow    = errors.New("topic: the subscriber is too slow")
	ErrExpired = errors.New("topic: the lease of the stream has ended")
	ErrKicked  = errors.New("topic: the subscriber was disconnected")
	ErrDrained = errors.New("topic: the topic is drained")
	ErrFailed  = errors.New("topic: the producer has failed")
)

// deleted is what the clients of a log that was deleted are told.
const deleted = "This topic is no more."

// An End is how a stream has ended.
type End struct {
	Reason Reason
	// Err is what [Lease.Check], the log or the program has failed with, or the reason that
	// the program has given to Cut; else nil.
	Err error
	// Key is that of the [Lease].
	Key string
	// Transport is "sse", "ndjson" or "websocket".
	Transport string
	// Offset is the position that the stream had reached; zero if it has not got as far as
	// the gap with which an unknown id is answered.
	Offset eventlog.Offset
	// Bytes and Duration are those of the response.
	Bytes    int64
	Duration time.Duration
}

// ended is told by the server how the response has ended.
func (s *subscriber) ended(end bare.End) {
	t := s.topic
	t.release(s.lease.Key, s.request)
	defer t.concluded(s)
	if !s.reader {
		return // its body was not run: a HEAD, or a middleware has replaced it
	}
	reason := s.why(cmp.Or(end.Err, s.parted), end.Cut)
	e := End{
		Reason: reason, Err: s.err, Key: s.lease.Key, Transport: s.format.name(),
		Offset: s.cursor.Offset(), Bytes: end.Bytes, Duration: end.Duration,
	}
	if e.Offset == nowhere() {
		e.Offset = eventlog.Offset{}
	}
	t.mutex.Lock()
	t.ends[e.Reason]++
	t.mutex.Unlock()
	if l := t.options.Logger; l != nil {
		l.LogAttrs(context.Background(), slog.LevelDebug, "a stream of a topic has ended",
			slog.String("reason", e.Reason.String()), slog.String("key", e.Key), slog.String("transport", e.Transport),
			slog.String("offset", e.Offset.String()), slog.Int64("bytes", e.Bytes), slog.Duration("after", e.Duration),
			slog.Any("error", e.Err))
	}
	if t.options.OnEnd != nil {
		t.options.OnEnd(e)
	}
}

// why is the reason of an end. The server's own view comes first: a stream that was
// about to be drained may have been kicked. Cut says that somebody has cut the response:
// the context does not, if it had ended before, as for a client that has closed its side.
func (s *subscriber) why(err error, cut bool) Reason {
	switch {
	case errors.Is(err, ErrSlow):
		return Slow
	case errors.Is(err, ErrKicked):
		return Kicked
	case errors.Is(err, ErrExpired):
		return Expired
	case errors.Is(err, ErrDrained):
		return Drained
	case errors.Is(err, bare.ErrStalled):
		if s.refused {
			return Stalled
		}
		return Vanished // nothing was waiting to be written
	case s.reason != ClientGone && !s.refused:
		return s.reason
	case errors.Is(err, bare.ErrShutdown):
		return Shutdown
	case cut && !errors.Is(err, ErrFailed): // which is our own
		s.err = err
		return Cut
	case err == nil, errors.Is(err, bare.ErrClientGone), errors.Is(err, context.Canceled):
		return ClientGone
	}
	s.err = err
	if _, ok := errors.AsType[*bare.WebSocketCloseError](err); ok {
		return ClientGone // it has broken a rule
	}
	if errors.Is(err, context.Cause(s.request.Context())) {
		return Cut
	}
	return Failed
}
