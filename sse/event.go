package sse

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ContentType is the media type of an event stream. It has no parameters: the
// encoding is always UTF-8.
const ContentType = "text/event-stream"

// An Event is one record of an event stream. A field with its zero value is not
// written, and the zero Event is encoded as nothing.
//
// A browser dispatches a record only if it has data. See Data for what that means for
// records without any.
type Event struct {
	// ID is the place in the stream that a client names when it comes back: see
	// [LastEventID]. It must not contain CR, LF or NUL. Empty means none: a browser
	// keeps the one that it had. (An empty id on the wire would make it forget that one.
	// [Read] understands it, and an Event cannot express it.)
	ID string

	// Type is the name that a listener listens to. It must not contain CR, LF or NUL.
	// Empty and "message" both reach a browser's listeners for "message".
	// Avoid "error" and "open", which are events of the EventSource itself.
	Type string

	// Data is the text, in UTF-8, which is not checked. It may have several lines. They
	// end at CR, LF or CRLF, and a client joins them with LF: each line break arrives as
	// LF.
	//
	// Data that is empty but not nil is dispatched with an empty text. nil is no data:
	// the record is then not dispatched, but its ID and Retry count. So an Event with
	// nothing but an ID moves the place to resume at. With a Type, nil is the same as
	// empty data, as a listener is meant to be called.
	Data []byte

	// Retry is how long a client waits before it reconnects, from now on. It is sent in
	// milliseconds, rounded up. Zero means that it is not sent; a negative Retry is an
	// error.
	Retry time.Duration

	// Comment is text that no listener sees. It may have several lines. It keeps a silent
	// connection alive, or tells something to whoever reads the bytes.
	Comment string
}

// A FieldError says that an event has a field that cannot be encoded. [Event.AppendText]
// returns it.
type FieldError struct {
	// Field is the name of the field of [Event]: ID, Type or Retry.
	Field string
	// Value is what it contains.
	Value string
}

// Error names the field, and shows the beginning of what it contains.
func (e *FieldError) Error() string {
	const shown = 64
	if e.Field == "Retry" {
		return fmt.Sprintf("sse: the event's Retry is negative: %s", e.Value)
	}
	value := e.Value
	if len(value) > shown {
		value = value[:shown]
	}
	return fmt.Sprintf("sse: the event's %s has a line break or a NUL: %q", e.Field, value)
}

// AppendText appends the event as it goes over the wire, with the empty line that ends
// it, and returns the extended slice. It allocates only if dst has no room. The error
// is a [FieldError], and dst is then returned as it was. AppendText implements
// [encoding.TextAppender] (WHATWG HTML, section 9.2.5).
func (e Event) AppendText(dst []byte) ([]byte, error) {
	if err := e.check(); err != nil {
		return dst, err
	}
	before := len(dst)
	if e.Comment != "" {
		dst = appendComment(dst, e.Comment)
	}
	if e.Type != "" {
		dst = appendField(dst, "event: ", e.Type)
	}
	if e.ID != "" {
		dst = appendField(dst, "id: ", e.ID)
	}
	if e.Retry > 0 {
		dst = appendRetry(dst, e.Retry)
	}
	if e.Data != nil || e.Type != "" {
		dst = appendData(dst, e.Data)
	}
	if len(dst) > before {
		dst = append(dst, '\n')
	}
	return dst, nil
}

// JSON encodes a value as the Data of an event: one line of JSON, in which HTML is not
// escaped. Its errors are those of [json.Marshal].
func JSON(v any) ([]byte, error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, fmt.Errorf("sse: JSON: %w", err)
	}
	return bytes.TrimSuffix(buffer.Bytes(), []byte("\n")), nil
}

// check returns an error that names the first field that cannot be encoded.
func (e Event) check() error {
	switch {
	case breaks(e.ID):
		return &FieldError{Field: "ID", Value: e.ID}
	case breaks(e.Type):
		return &FieldError{Field: "Type", Value: e.Type}
	case e.Retry < 0:
		return &FieldError{Field: "Retry", Value: e.Retry.String()}
	}
	return nil
}

// breaks reports whether a field's value would end its line, or have a client ignore
// it.
func breaks(value string) bool {
	for i := range len(value) {
		switch value[i] {
		case '\r', '\n', 0:
			return true
		}
	}
	return false
}

func appendField(dst []byte, name, value string) []byte {
	dst = append(dst, name...)
	dst = append(dst, value...)
	return append(dst, '\n')
}

func appendRetry(dst []byte, retry time.Duration) []byte {
	milliseconds := int64(retry / time.Millisecond)
	if retry%time.Millisecond != 0 {
		milliseconds++
	}
	dst = append(dst, "retry: "...)
	dst = strconv.AppendInt(dst, milliseconds, 10)
	return append(dst, '\n')
}

// appendData appends a line for each line of data. Each byte is looked at once for
// either line break, whatever the mixture: data may come from a client.
func appendData(dst, data []byte) []byte {
	cr, lf := find(data, 0, '\r'), find(data, 0, '\n')
	for start := 0; ; {
		end := min(cr, lf)
		dst = append(dst, "data:"...)
		if start < end {
			dst = append(dst, ' ') // a client drops one space, which may be the text's own
			dst = append(dst, data[start:end]...)
		}
		dst = append(dst, '\n')
		if end == len(data) {
			return dst
		}
		start = end + 1
		if end == cr {
			cr = find(data, start, '\r')
			if lf == start && start < len(data) {
				start++ // CRLF is one line break
			}
		}
		if lf < start {
			lf = find(data, start, '\n')
		}
	}
}

// find returns where c is next in data, its length if nowhere.
func find(data []byte, from int, c byte) int {
	if i := bytes.IndexByte(data[from:], c); i >= 0 {
		return from + i
	}
	return len(data)
}

// appendComment appends a line for each line of a comment.
func appendComment(dst []byte, comment string) []byte {
	for {
		end := strings.IndexAny(comment, "\r\n")
		line := comment
		if end >= 0 {
			line = comment[:end]
		}
		dst = append(dst, ':')
		if line != "" {
			dst = append(dst, ' ')
			dst = append(dst, line...)
		}
		dst = append(dst, '\n')
		if end < 0 {
			return dst
		}
		if strings.HasPrefix(comment[end:], "\r\n") {
			end++
		}
		comment = comment[end+1:]
	}
}
