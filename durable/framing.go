package durable

import (
	"bytes"
	"encoding/json"
	"mime"
	"strings"
	"unicode/utf8"

	"github.com/bare-go/bare/eventlog"
)

// A framing is how appends of a content type become records, and records what is
// read (section 9).
//
// A record of JSON is the messages of one append with commas between them, so that
// an append is one record, which readers get whole or not at all, and a page is
// joined without looking into it.
type framing int

const (
	framingBytes framing = iota // any bytes; base64 in an event stream
	framingText                 // bytes that an event stream can hold as they are
	framingJSON                 // messages
)

// mediaType is a content type without its parameters, in lower case.
func mediaType(contentType string) string {
	name, _, _ := strings.Cut(contentType, ";")
	return strings.ToLower(strings.TrimSpace(name))
}

// maxType is how many bytes a content type may have: it is kept with the stream.
const maxType = 256

// checkType looks at the content type of a new stream.
func checkType(contentType string) error {
	if _, _, err := mime.ParseMediaType(contentType); err != nil || len(contentType) > maxType || !strings.Contains(mediaType(contentType), "/") {
		return invalid("Content-Type")
	}
	return nil
}

func framingOf(contentType string) framing {
	switch name := mediaType(contentType); {
	case name == "application/json":
		return framingJSON
	case strings.HasPrefix(name, "text/"):
		return framingText
	}
	return framingBytes
}

// record makes the data of a record of a request's body.
func (f framing) record(body []byte) ([]byte, error) {
	if f != framingJSON {
		return body, nil
	}
	// What is not UTF-8 is no JSON (RFC 8259, section 8.1), and would make events that
	// cannot be read. encoding/json would let it pass.
	if !utf8.Valid(body) || !json.Valid(body) {
		return nil, errNotJSON
	}
	body = bytes.TrimSpace(body)
	if body[0] != '[' {
		return body, nil
	}
	// One level of an array is taken off: what is between its brackets are the
	// messages, with commas between them already (section 9.1.2).
	messages := bytes.TrimSpace(body[1 : len(body)-1])
	if len(messages) == 0 {
		return nil, errEmptyArray
	}
	return messages, nil
}

// part returns the first n messages or bytes of a record, and false if it has fewer.
func (f framing) part(data []byte, n int) ([]byte, bool) {
	if f != framingJSON {
		if n > len(data) {
			return nil, false
		}
		return data[:n], true
	}
	var messages []json.RawMessage
	if json.Unmarshal(wrap(data), &messages) != nil || n > len(messages) {
		return nil, false
	}
	raw := make([][]byte, n)
	for i := range raw {
		raw[i] = messages[i]
	}
	return bytes.Join(raw, []byte(",")), true
}

func wrap(messages []byte) []byte {
	whole := make([]byte, 0, len(messages)+2)
	whole = append(whole, '[')
	whole = append(whole, messages...)
	return append(whole, ']')
}

// length is how many bytes the records are as one body.
func (f framing) length(records []eventlog.Record) int {
	length := 0
	for i := range records {
		length += len(records[i].Data)
	}
	if f == framingJSON {
		length += 2 + max(0, len(records)-1)
	}
	return length
}

// body yields the records as one body, without copying them.
func (f framing) body(records []eventlog.Record) func(yield func([]byte) bool) {
	if f != framingJSON {
		return func(yield func([]byte) bool) {
			for i := range records {
				if !yield(records[i].Data) {
					return
				}
			}
		}
	}
	return func(yield func([]byte) bool) {
		before := []byte("[")
		for i := range records {
			if !yield(before) || !yield(records[i].Data) {
				return
			}
			before = []byte(",")
		}
		if len(records) == 0 && !yield(before) {
			return
		}
		yield([]byte("]"))
	}
}

// join is body in one piece.
func (f framing) join(records []eventlog.Record) []byte {
	if f != framingJSON && len(records) == 1 {
		return records[0].Data
	}
	whole := make([]byte, 0, f.length(records))
	f.body(records)(func(chunk []byte) bool {
		whole = append(whole, chunk...)
		return true
	})
	return whole
}
