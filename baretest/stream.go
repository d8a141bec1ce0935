package baretest

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
)

// A Stream is a response whose body is read as it comes: by what has come (Next), by
// lines, by events, or whole (Rest), in any order. It is not safe for concurrent use,
// except for Close.
type Stream struct {
	// Response has the status and the headers. Its body belongs to the stream.
	Response *http.Response

	cancel  context.CancelFunc
	buffer  []byte
	pending []byte // was read, and is to be returned
	err     error
}

// Next waits for more of the body and returns what has come since the last call.
// At the end, and from then on, it returns an empty string, and Err says which
// end it was.
func (s *Stream) Next() string {
	for len(s.pending) == 0 && s.fill() {
	}
	return s.take(len(s.pending))
}

// Line waits for the next line of the body and returns it with its newline, whatever
// the chunks in which it came. The last line may lack one. At the end Line returns an
// empty string, and Err says which end it was.
func (s *Stream) Line() string {
	if line := s.until(endOfLine); line != "" {
		return line
	}
	return s.Next() // what is left at the end
}

// Event waits for the next record of an event stream (HTML, section 9.2.5) and
// returns its lines with the empty line that ends it, whatever the chunks in which it
// came. Comments alone are a record, too, and further empty lines before it are
// skipped. At the end Event returns an empty string, and Err says which end it was;
// the beginning of a record, which a browser drops there, is left to Rest.
func (s *Stream) Event() string {
	return strings.TrimLeft(s.until(endOfEvent), "\r\n")
}

// Rest waits for the end of the body and returns what is left of it.
func (s *Stream) Rest() string {
	for s.fill() {
	}
	return s.Next()
}

// Err returns nil as long as the end of the body has not been seen, and when the body
// was complete; or why it was cut.
func (s *Stream) Err() error {
	if s.err == io.EOF { //nolint:errorlint // a reader returns io.EOF itself
		return nil
	}
	return s.err
}

// Close leaves, as a closed tab does: over HTTP/1.1 the connection is closed, over
// HTTP/2 the stream is reset.
func (s *Stream) Close() {
	s.cancel()
	_ = s.Response.Body.Close() // nobody is interested any more
}

// fill waits for more of the body. It returns false at its end.
func (s *Stream) fill() bool {
	if s.err != nil {
		return false
	}
	n, err := s.Response.Body.Read(s.buffer)
	s.pending = append(s.pending, s.buffer[:n]...)
	s.err = err
	return true
}

// take returns the first n bytes of what was read.
func (s *Stream) take(n int) string {
	text := string(s.pending[:n])
	s.pending = append(s.pending[:0], s.pending[n:]...)
	return text
}

// until returns what ends where end says, which is given what has come so far and
// returns 0 as long as that is too little. At the end of the body until returns an
// empty string, and keeps what is left.
func (s *Stream) until(end func(text []byte) int) string {
	for {
		if n := end(s.pending); n > 0 {
			return s.take(n)
		}
		if !s.fill() {
			return ""
		}
	}
}

// endOfLine is the length of the first line, 0 if it has not ended.
func endOfLine(text []byte) int { return bytes.IndexByte(text, '\n') + 1 }

// endOfEvent is the length of the first record, 0 if it has not ended. A line ends
// with LF, CR LF or CR. A CR that is all that has come ends it as well: a LF that
// follows is an empty line before the next record.
func endOfEvent(text []byte) int {
	begun := false
	for start := 0; ; {
		length := bytes.IndexAny(text[start:], "\r\n")
		if length < 0 {
			return 0
		}
		end := start + length + 1
		if bytes.HasPrefix(text[end-1:], []byte("\r\n")) {
			end++
		}
		if length == 0 && begun {
			return end
		}
		begun = begun || length > 0
		start = end
	}
}
