package durable

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/eventlog"
	"github.com/bare-go/bare/internal/longpoll"
)

// liveBytes is how much one event of an event stream has, unless one append has more.
const liveBytes = 64 << 10

// follow answers with an event stream (section 5.8).
func (h *Handler) follow(r *reading) bare.HttpResponse {
	headers := bare.Headers("content-type", "text/event-stream", "cache-control", "no-cache")
	if framingOf(r.config.Type) == framingBytes {
		headers.Set(dataEncoding, "base64")
	}
	source := chain{h, r.view}
	// What cannot be read is an error's response, as long as there is no head.
	first, err := r.ask(source, r.after, 1)
	if err == nil && first.Gap {
		err = errTrimmed
	}
	if err != nil {
		return fail(err)
	}
	return bare.HttpResponse{Headers: headers, Body: bare.StreamWriter(func(yield func([]byte) bool) error {
		return h.stream(r, source, yield)
	})}
}

// stream sends what there is, and then what comes. It ends cleanly at the end of the
// stream, when its time is over and when the server stops: the client then asks for
// what follows the last event that it has had. Anything else cuts it.
func (h *Handler) stream(r *reading, source chain, yield func([]byte) bool) error {
	defer r.attend()()
	ctx := r.request.Context()
	changed, stop := longpoll.Watch(source) // before the first read, so that nothing falls in between
	defer stop()
	over := time.NewTimer(h.options.MaxSSE)
	defer over.Stop()
	silence := time.NewTimer(h.options.KeepAlive)
	defer silence.Stop()
	for after, begun := r.after, false; ; {
		e, err := h.next(r, source, after)
		if err != nil {
			return ending(ctx, err)
		}
		if e.hasData || !begun || e.closed {
			if !yield(e.bytes) {
				return nil
			}
			silence.Reset(h.options.KeepAlive)
		}
		if after, begun = e.next, true; e.closed {
			return nil
		}
		if !e.upToDate {
			if r.isDue(over) {
				return nil
			}
			continue
		}
		select {
		case <-changed:
		case <-silence.C:
			begun = false // it says again where it is
		case <-over.C:
			return nil
		case <-ctx.Done():
			return ending(ctx, ctx.Err())
		}
	}
}

// isDue reports whether an event stream ends though there is more to send at once: a
// reader that is always behind ends with its time as well, and when the server stops.
func (r *reading) isDue(over *time.Timer) bool {
	select {
	case <-over.C:
		return true
	default:
		return errors.Is(context.Cause(r.request.Context()), bare.ErrShutdown)
	}
}

// ending is what a body returns for an error. After a clean end the client asks for
// what follows, and that answer tells it what has become of the stream.
func ending(ctx context.Context, err error) error {
	deleted := errors.Is(err, eventlog.ErrDeleted) || errors.Is(err, errTrimmed)
	if deleted || errors.Is(context.Cause(ctx), bare.ErrShutdown) {
		return nil
	}
	return err
}

// An encoded page is what one or more event streams are sent.
type encoded struct {
	after, next eventlog.Offset
	upToDate    bool
	closed      bool
	hasData     bool
	cursor      string
	bytes       []byte // a data event, if there is data, and a control event
}

// next reads a page, and encodes it, unless another reader has just had the same:
// those at the tail all are sent the same bytes.
func (h *Handler) next(r *reading, source chain, after eventlog.Offset) (*encoded, error) {
	page, err := r.ask(source, after, liveBytes)
	if err != nil {
		return nil, err
	}
	if page.Gap {
		return nil, errTrimmed
	}
	state, err := longpoll.Ask(r.request.Context(), r.log.State)
	if err != nil {
		return nil, err
	}
	e := &encoded{
		after: after, next: page.Next, upToDate: page.Next == state.Tail,
		closed: page.Closed, hasData: len(page.Records) > 0,
	}
	if !e.closed { // who has had the end does not come back
		e.cursor = longpoll.NextCursor(r.cursor, time.Now())
	}
	if shared := r.latest.Load(); shared != nil && shared.same(e) {
		return shared, nil
	}
	e.encode(framingOf(r.config.Type), page.Records)
	if e.upToDate {
		r.latest.Store(e)
	}
	return e, nil
}

// same reports whether two pages of a stream are sent alike.
func (e *encoded) same(other *encoded) bool {
	return e.after == other.after && e.next == other.next && e.upToDate == other.upToDate &&
		e.closed == other.closed && e.cursor == other.cursor
}

// encode makes the events. All records of a page are one data event, with a control
// event behind it: a client that is cut in between has had neither.
func (e *encoded) encode(framing framing, records []eventlog.Record) {
	if e.hasData {
		data := framing.join(records)
		if framing == framingBytes {
			text := make([]byte, base64.StdEncoding.EncodedLen(len(data)))
			base64.StdEncoding.Encode(text, data)
			data = text
		}
		e.bytes = appendEvent(make([]byte, 0, len(data)+256), "data", data)
	}
	e.bytes = appendEvent(e.bytes, "control", e.control())
}

// control is the data of a control event (section 5.8): JSON, whose texts have nothing
// to escape.
func (e *encoded) control() []byte {
	text := append(make([]byte, 0, 128), `{"streamNextOffset":"`...)
	text = append(e.next.Append(text), '"')
	if e.cursor != "" {
		text = append(append(append(text, `,"streamCursor":"`...), e.cursor...), '"')
	}
	if e.upToDate {
		text = append(text, `,"upToDate":true`...)
	}
	if e.closed {
		text = append(text, `,"streamClosed":true`...)
	}
	return append(text, '}')
}

// appendEvent appends an event. Each line of its data has a field of its own, be it
// ended by CR, LF or both: so no data can begin another event. The spaces are those of
// the protocol's reference server, which its conformance tests look for; so the event
// is not one of package sse, whose data has a space before each line. Here it has one
// if the line itself begins with a space, as a reader takes the first one away.
func appendEvent(dst []byte, name string, data []byte) []byte {
	dst = append(append(append(dst, "event: "...), name...), '\n')
	for more := true; more; {
		end := bytes.IndexAny(data, "\r\n")
		line, rest := data, []byte(nil)
		if more = end >= 0; more {
			line, rest = data[:end], data[end+1:]
			if data[end] == '\r' && len(rest) > 0 && rest[0] == '\n' {
				rest = rest[1:]
			}
		}
		dst = append(dst, "data:"...)
		if len(line) > 0 && line[0] == ' ' {
			dst = append(dst, ' ')
		}
		dst = append(append(dst, line...), '\n')
		data = rest
	}
	return append(dst, '\n')
}
