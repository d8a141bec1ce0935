package sse

import (
	"bytes"
	"fmt"
	"io"
)

// A lineReader splits what it reads into lines, which CR, LF or CRLF end. It returns
// a line as soon as its end has come: a CR may be half of a CRLF, whose other half may
// never come, so the other half is skipped later.
type lineReader struct {
	source  io.Reader
	limit   int // bytes of a line
	buffer  []byte
	start   int  // of what has not been returned
	scanned int  // from start on, in which there is no line break
	began   bool // the first line has been returned
	skip    bool // an LF that comes first belongs to the line before
	last    byte // the line break that ended the last line
	err     error
}

const (
	firstBuffer = 4 << 10
	// maxEmptyReads is how often in a row a source may return neither bytes nor an error.
	maxEmptyReads = 100
)

// next returns the next line without its line break, valid until the next call. What
// comes after the last line break is no line.
func (l *lineReader) next() ([]byte, error) {
	for {
		if line, ok := l.cut(); ok {
			if len(line) > l.limit {
				return nil, l.tooLong()
			}
			if !l.began {
				l.began = true
				line = bytes.TrimPrefix(line, []byte("\xEF\xBB\xBF"))
			}
			return line, nil
		}
		if len(l.buffer)-l.start > l.limit {
			return nil, l.tooLong()
		}
		if l.err != nil {
			return nil, l.err
		}
		l.fill()
	}
}

func (l *lineReader) tooLong() error {
	return fmt.Errorf("%w: a line has more than %d bytes", ErrTooLarge, l.limit)
}

// cut takes a line off what has been read, if there is one.
func (l *lineReader) cut() ([]byte, bool) {
	if l.skip && l.start < len(l.buffer) {
		l.skip = false
		if l.buffer[l.start] == '\n' {
			l.start++
		}
	}
	rest := l.buffer[l.start:]
	length := l.findEnd(rest[l.scanned:])
	if length < 0 {
		l.scanned = len(rest)
		return nil, false
	}
	length += l.scanned
	l.last = rest[length]
	l.skip = l.last == '\r'
	l.start += length + 1
	l.scanned = 0
	return rest[:length], true
}

// findEnd returns where the first line break is. It looks first for the one that
// ended the line before, and for the other one only in front of it: otherwise each
// line of a stream that has but one of the two would search all that has been read.
func (l *lineReader) findEnd(text []byte) int {
	usual, other := byte('\n'), byte('\r')
	if l.last == '\r' {
		usual, other = other, usual
	}
	end := bytes.IndexByte(text, usual)
	if end >= 0 {
		text = text[:end]
	}
	if i := bytes.IndexByte(text, other); i >= 0 {
		return i
	}
	return end
}

// fill reads once, and makes room before if there is none.
func (l *lineReader) fill() {
	if l.start > 0 {
		l.buffer = l.buffer[:copy(l.buffer, l.buffer[l.start:])]
		l.start = 0
	}
	if len(l.buffer) == cap(l.buffer) {
		larger := make([]byte, len(l.buffer), max(firstBuffer, 2*cap(l.buffer)))
		copy(larger, l.buffer)
		l.buffer = larger
	}
	for range maxEmptyReads {
		n, err := l.source.Read(l.buffer[len(l.buffer):cap(l.buffer)])
		l.buffer = l.buffer[:len(l.buffer)+n]
		l.err = err
		if n > 0 || err != nil {
			return
		}
	}
	l.err = io.ErrNoProgress
}
