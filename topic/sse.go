package topic

import (
	"time"

	"github.com/bare-go/bare/eventlog"
	"github.com/bare-go/bare/sse"
)

// eventStream is the grammar of server-sent events (WHATWG HTML, section 9.2).
type eventStream struct{ retryAfter time.Duration }

func (eventStream) name() string        { return "sse" }
func (eventStream) contentType() string { return sse.ContentType }

func (g eventStream) open(dst []byte, at string) []byte {
	if at == "" && g.retryAfter == 0 {
		return append(dst, ":\n\n"...)
	}
	return appendSSE(dst, sse.Event{ID: at, Retry: g.retryAfter})
}

func (eventStream) keepAlive(dst []byte) []byte { return append(dst, ":\n\n"...) }

func (eventStream) retry(dst []byte, after time.Duration) []byte {
	return appendSSE(dst, sse.Event{Retry: after})
}

func (eventStream) event(dst []byte, event Event, id eventlog.Offset) []byte {
	data := event.Data
	if data == nil {
		data = []byte{} // an event without a text is an event, too
	}
	return appendSSE(dst, sse.Event{ID: id.String(), Type: event.Type, Data: data})
}

func (eventStream) gap(dst []byte, from string, to eventlog.Offset) []byte {
	return appendSSE(dst, sse.Event{ID: to.String(), Type: typeGap, Data: gapData(from, to)})
}

func (eventStream) done(dst []byte, at eventlog.Offset) []byte {
	return appendSSE(dst, sse.Event{ID: at.String(), Type: typeDone})
}

// failed has an id of its own, so that an EventSource, which comes back after the cut,
// can be told that there is nothing more.
func (eventStream) failed(dst []byte, message string, at eventlog.Offset) []byte {
	event := sse.Event{Type: typeFailed, Data: []byte(message)}
	if !at.IsZero() {
		event.ID = at.String() + failedSuffix
	}
	return appendSSE(dst, event)
}

// appendSSE appends an event. Its type may have come from a log that somebody else
// writes to: one that cannot be encoded is left out.
func appendSSE(dst []byte, event sse.Event) []byte {
	encoded, err := event.AppendText(dst)
	if err != nil {
		event.Type = ""
		encoded, _ = event.AppendText(dst) // an id is an offset, and a retry is positive
	}
	return encoded
}
