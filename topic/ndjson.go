package topic

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/bare-go/bare/eventlog"
	"github.com/bare-go/bare/sse"
)

// ndjson is the grammar of lines of JSON: records {"id", "type", "data"}, empty lines
// to keep a connection alive, and a last record of the type "end" or "failed".
type ndjson struct{}

func (ndjson) name() string                { return "ndjson" }
func (ndjson) contentType() string         { return "application/x-ndjson" }
func (ndjson) keepAlive(dst []byte) []byte { return append(dst, '\n') }

// open says nothing: the position is in a header.
func (ndjson) open(dst []byte, _ string) []byte { return append(dst, '\n') }

// retry says nothing: a client that does not know a record which says it would take it
// for an event. So each waits as long as it likes.
func (ndjson) retry(dst []byte, _ time.Duration) []byte { return dst }

func (ndjson) event(dst []byte, event Event, id eventlog.Offset) []byte {
	return append(appendRecord(dst, event, id), '\n')
}

func (ndjson) gap(dst []byte, from string, to eventlog.Offset) []byte {
	return append(appendGap(dst, from, to), '\n')
}

func (ndjson) done(dst []byte, at eventlog.Offset) []byte {
	return append(appendDone(dst, at), '\n')
}

func (ndjson) failed(dst []byte, message string, _ eventlog.Offset) []byte {
	return append(appendFailed(dst, message), '\n')
}

func appendDone(dst []byte, at eventlog.Offset) []byte {
	return appendRecord(dst, Event{Type: typeEnd, Data: []byte("null"), JSON: true}, at)
}

func appendFailed(dst []byte, message string) []byte {
	dst = append(dst, `{"type":"`+typeFailed+`","data":`...)
	return append(appendString(dst, message), '}')
}

// appendRecord appends an event as a JSON object in one line, without a line break
// behind it.
func appendRecord(dst []byte, event Event, id eventlog.Offset) []byte {
	dst = append(dst, `{"id":"`...)
	dst = id.Append(dst)
	dst = append(dst, '"')
	if event.Type != "" {
		dst = append(dst, `,"type":`...)
		dst = appendString(dst, event.Type)
	}
	dst = append(dst, `,"data":`...)
	if event.JSON {
		dst = appendOneLine(dst, event.Data)
	} else {
		dst = appendString(dst, string(event.Data))
	}
	return append(dst, '}')
}

func appendGap(dst []byte, from string, to eventlog.Offset) []byte {
	return appendRecord(dst, Event{Type: typeGap, Data: gapData(from, to), JSON: true}, to)
}

// gapData is the data of a gap event, in JSON.
func gapData(from string, to eventlog.Offset) []byte {
	data := appendString([]byte(`{"from":`), from)
	data = append(data, `,"to":"`...)
	return append(to.Append(data), `"}`...)
}

// appendOneLine appends a JSON value without its line breaks, which can only be
// between its parts.
func appendOneLine(dst, value []byte) []byte {
	if bytes.IndexByte(value, '\n') < 0 && bytes.IndexByte(value, '\r') < 0 {
		return append(dst, value...)
	}
	var line bytes.Buffer
	if json.Compact(&line, value) != nil {
		return appendString(dst, string(value)) // Publish has refused it
	}
	return append(dst, line.Bytes()...)
}

func appendString(dst []byte, text string) []byte {
	quoted, err := sse.JSON(text)
	if err != nil {
		return append(dst, `""`...) // a string can always be encoded
	}
	return append(dst, quoted...)
}
