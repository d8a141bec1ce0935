package sse

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"strconv"
	"time"
)

// ErrTooLarge is wrapped by the error of a stream with a line or an event that is over
// the [Limits]. [Read] yields it.
var ErrTooLarge = errors.New("sse: the event stream is over a limit")

// The limits that a zero [Limits] stands for, in bytes.
const (
	DefaultLineLimit  = 1 << 20
	DefaultEventLimit = 4 << 20
)

// Limits bound the memory that a stream can take. The zero value has the defaults.
type Limits struct {
	// Line is how many bytes a line may have, without its line break; 0 or less
	// means [DefaultLineLimit]. Comments are lines, too.
	Line int
	// Event is how many bytes the data of an event may have; 0 or less means
	// [DefaultEventLimit].
	Event int
}

// Read yields the events of a stream as they come, by the specification's parser
// (WHATWG HTML, section 9.2.6). It is single use, reads when the loop asks for the next
// event, and is not safe for concurrent use. It does not close r.
//
// An event is yielded when the empty line that ends it has come, and only if it has
// data: what a browser does not dispatch is not yielded. What comes after the last
// empty line is dropped. Each event is the caller's own, with these fields:
//
//   - ID is the id of this event, or else of the one before: the place to resume at
//     after this event. It is empty when there has been none, or an empty one.
//   - Type is empty if the stream has named none, which means "message".
//   - Data is never nil.
//   - Retry is the time that the stream has set since the event before, in this event
//     or between the two; zero if it has not.
//   - Comment is empty.
//
// The end of r ends the loop. Any other error of r is yielded last, and so is one that
// wraps [ErrTooLarge]. Bytes that are not UTF-8 are left as they are, where a browser
// would put U+FFFD.
func Read(r io.Reader, limits Limits) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		p := newParser(r, limits)
		for {
			event, err := p.next()
			if errors.Is(err, io.EOF) {
				return
			}
			if !yield(event, err) || err != nil {
				return
			}
		}
	}
}

// A parser makes events of lines.
type parser struct {
	lines lineReader
	limit int // bytes of an event's data

	lastID string        // the last event id
	retry  time.Duration // the last one, since an event was returned

	reconnect time.Duration // the last one of all; negative if there has been none

	// The buffers of the event that is being read.
	id        string
	eventType string
	data      []byte // each line has an LF at its end
}

func newParser(r io.Reader, limits Limits) *parser {
	return &parser{
		lines: lineReader{source: r, limit: positive(limits.Line, DefaultLineLimit)},
		limit: positive(limits.Event, DefaultEventLimit),

		reconnect: -1,
	}
}

// next returns the next event that is to be dispatched. At the end of the stream the
// error is [io.EOF].
func (p *parser) next() (Event, error) {
	for {
		line, err := p.lines.next()
		if err != nil {
			return Event{}, err
		}
		if len(line) > 0 {
			if err := p.field(line); err != nil {
				return Event{}, err
			}
			continue
		}
		if event, ok := p.dispatch(); ok {
			return event, nil
		}
	}
}

// dispatch ends an event at its empty line, and reports whether there is anything to
// dispatch. The id counts in any case.
func (p *parser) dispatch() (Event, bool) {
	p.lastID = p.id
	event := Event{ID: p.id, Type: p.eventType, Retry: p.retry}
	p.eventType = ""
	if len(p.data) == 0 {
		return Event{}, false
	}
	event.Data = p.data[: len(p.data)-1 : len(p.data)-1]
	p.data = nil // it is the caller's
	p.retry = 0
	return event, true
}

// field takes a line that is not empty.
func (p *parser) field(line []byte) error {
	name, value, _ := bytes.Cut(line, []byte(":"))
	value = bytes.TrimPrefix(value, []byte(" "))
	switch string(name) {
	case "data":
		if len(p.data)+len(value) > p.limit {
			return fmt.Errorf("%w: the data of an event has more than %d bytes", ErrTooLarge, p.limit)
		}
		p.data = append(append(p.data, value...), '\n')
	case "event":
		p.eventType = string(value)
	case "id":
		if bytes.IndexByte(value, 0) < 0 {
			p.id = string(value)
		}
	case "retry":
		p.setRetry(string(value))
	}
	return nil // a comment has an empty name, and other names are ignored
}

// setRetry takes a number of milliseconds. What is not all digits is ignored.
func (p *parser) setRetry(digits string) {
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			return
		}
	}
	const most = math.MaxInt64 / int64(time.Millisecond)
	milliseconds, err := strconv.ParseInt(digits, 10, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return
	}
	p.retry = time.Duration(min(milliseconds, most)) * time.Millisecond
	p.reconnect = p.retry
}
