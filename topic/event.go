package topic

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/bare-go/bare/eventlog"
	"github.com/bare-go/bare/sse"
)

// An Event is what is published. It has no id: the log mints one, which is what
// [Topic.Publish] returns.
type Event struct {
	// Type is the name that a client listens to. Empty means none, which browsers
	// call "message". It must not contain CR, LF or NUL, and some names are taken: see
	// [ErrType].
	Type string

	// Key is what the event tells the latest of, in a topic that conflates: the symbol
	// of a price, the id of a document. It is not sent. Empty means none.
	Key string

	// Data is the event's text, in UTF-8, which is not checked.
	Data []byte

	// JSON says that Data is a JSON value. Event streams do not care. In NDJSON and long
	// polls, the member "data" of an event is then that value, and otherwise a string.
	JSON bool
}

// JSON returns an event whose data is a value in JSON, with HTML not escaped. Its
// errors are those of [json.Marshal].
func JSON(kind, key string, v any) (Event, error) {
	data, err := sse.JSON(v)
	return Event{Type: kind, Key: key, Data: data, JSON: true}, err
}

// An Offset is a position in a topic's log: the id of an event, or the beginning.
type Offset = eventlog.Offset

var (
	// ErrClosed is returned by [Topic.Publish], [Topic.Close] and [Topic.Fail] when the topic
	// has ended. It is [eventlog.ErrClosed].
	ErrClosed = eventlog.ErrClosed
	// ErrType is returned by [Topic.Publish] for a type that has a line break or a NUL,
	// or that is taken: "gap", "done", "failed" and "end" are the topic's own, and "error"
	// and "open" are events of a browser's EventSource itself, whose listeners could
	// not tell them apart.
	ErrType = errors.New("topic: an event cannot have this type")
	// ErrJSON is returned by [Topic.Publish] for an event whose data is meant to be JSON
	// and is not.
	ErrJSON = errors.New("topic: the event's data is not JSON")
)

// The types of what a topic says itself.
const (
	typeGap    = "gap"
	typeEnd    = "end"
	typeDone   = sse.Done
	typeFailed = sse.Failed
)

func (e *Event) check() error {
	switch e.Type {
	case typeGap, typeEnd, typeDone, typeFailed, "error", "open":
		return fmt.Errorf("%w: %q is taken", ErrType, e.Type)
	}
	for i := range len(e.Type) {
		switch e.Type[i] {
		case '\r', '\n', 0:
			return fmt.Errorf("%w: %.64q has a line break or a NUL", ErrType, e.Type)
		}
	}
	if e.JSON && !json.Valid(e.Data) {
		return ErrJSON
	}
	return nil
}

// The first byte of a record's Meta says what its data is; the event's type follows.
const (
	metaText = 't'
	metaJSON = 'j'
)

func (e *Event) appendMeta(dst []byte) []byte {
	kind := byte(metaText)
	if e.JSON {
		kind = metaJSON
	}
	return append(append(dst, kind), e.Type...)
}

// eventOf is the event that a record keeps. One that somebody else has appended to
// the log, with a Meta of another kind, is a text without a type.
func eventOf(record *eventlog.Record) Event {
	event := Event{Key: record.Key, Data: record.Data}
	if len(record.Meta) > 0 && (record.Meta[0] == metaText || record.Meta[0] == metaJSON) {
		event.Type, event.JSON = string(record.Meta[1:]), record.Meta[0] == metaJSON
	}
	return event
}
