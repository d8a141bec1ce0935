package bare

import (
	"errors"
	"net/http"
	"time"
)

// End is how a response ended.
type End struct {
	// Status is the status that was sent, 0 when nothing was.
	Status int
	// Bytes counts the bytes of the body that were handed to the connection, before
	// [Application.Compression] makes fewer of them.
	Bytes int64
	// Chunks counts the chunks that the body has yielded, not counting empty ones. For a
	// WebSocket it counts the writes to its connection.
	Chunks int64
	// FirstByte is the time from the request to the first byte that the body has
	// yielded; 0 when there was none.
	FirstByte time.Duration
	// Duration is the time from the request to the end.
	Duration time.Duration
	// Blocked is how long the writes of a stream have waited for the client, those
	// that took less than a millisecond not counted.
	Blocked time.Duration
	// Cut says that somebody has cut the response with [HttpRequest.Cut], and that Err is
	// the reason.
	Cut bool
	// Stream says that the head left before the body had ended: see
	// [Application.OnStream].
	Stream bool
	// Err is nil when the response is complete, and otherwise [ErrClientGone],
	// [ErrShutdown], [ErrStalled], the reason of a [HttpRequest.Cut],
	// [http.ErrAbortHandler] when the handler or the body panicked with it, or what
	// the body failed with. A stream that ended cleanly because the server is stopping
	// has ErrShutdown; one that did so after its client had closed its side of the
	// connection has ErrClientGone.
	Err error
}

// Reason is what Err means, in a few words that are always the same: for a label of a
// metric, or a count by reason. It is "complete", "client gone", "shutdown", "stalled",
// "cut" (by [HttpRequest.Cut]), "aborted" (by [http.ErrAbortHandler]), or "failed" for
// what the body failed with.
func (e End) Reason() string {
	switch {
	case e.Cut:
		return "cut"
	case e.Err == nil:
		return "complete"
	case errors.Is(e.Err, ErrClientGone):
		return "client gone"
	case errors.Is(e.Err, ErrShutdown):
		return "shutdown"
	case errors.Is(e.Err, ErrStalled):
		return "stalled"
	case errors.Is(e.Err, http.ErrAbortHandler):
		return "aborted"
	}
	return "failed"
}
