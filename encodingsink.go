package bare

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// A finisher is a sink that has something to add to the body.
type finisher interface {
	// finish ends a body that is complete. Before it writes anything that tells the
	// client so, it calls conclude: if that is false, the response was cut.
	finish(conclude func() bool) error
	// close is called when nothing is written any more, complete or not.
	close()
}

// finish has the sink end a body that is complete. The caller holds the gate.
func (s *stream) finish(f finisher) {
	if s.err != nil {
		return
	}
	s.pending = true
	s.writing.begin()
	err := f.finish(s.lifetime.conclude)
	inTime := s.writing.end()
	switch {
	case errors.Is(err, ErrCut):
		s.shut() // what comes to that takes the gate after us
	case !inTime:
		s.fail(ErrStalled)
	case err != nil:
		s.fail(err)
	}
}

// The states of an encodingSink.
type encodingState uint8

const (
	encodingOpen  encodingState = iota // the head has not come
	encodingHeld                       // head and body are held: they may be too short
	encodingOn                         // the body is encoded
	encodingPlain                      // the body is sent as it is
)

// An encodingSink is a sink around another one, which it gives the encoded body. What
// to do is decided with the head, or when enough of the body has come, or at the first
// flush.
type encodingSink struct {
	sink // around which it is

	compressor *compressor
	scope      *http.Request
	head       http.Header // of the sink inside, until sendHead
	status     int

	state    encodingState
	least    int64 // bytes that are worth an encoder
	held     []byte
	encoding *pooledEncoding
	stream   bool           // by nature
	encoder  ContentEncoder // nil before the first byte
	dirty    bool           // the encoder has something to flush
	broken   bool           // the encoder has failed or panicked
	failure  error          // of the sink inside
}

// around puts an encodingSink around a sink, if there is compression.
func (c *compressor) around(inner sink, scope *http.Request) sink {
	if c == nil {
		return inner
	}
	return &encodingSink{sink: inner, compressor: c, scope: scope}
}

func (s *encodingSink) setHead(headers http.Header) (http.Header, error) {
	head, err := s.sink.setHead(headers)
	s.head = head
	return head, err
}

// sendHead sends the head as well, unless what it says depends on the body.
func (s *encodingSink) sendHead(status int) {
	s.status = status
	if s.state = s.decide(); s.state != encodingHeld {
		s.sink.sendHead(status)
	}
}

// decide changes the head for what is to be done.
func (s *encodingSink) decide() encodingState {
	if s.status == http.StatusNotModified {
		s.weakenNotModified()
	}
	if s.compressor.stands(s.status, s.head) {
		addVary(s.head, "Accept-Encoding")
	}
	if !s.compressor.suits(s.status, s.head) {
		return encodingPlain
	}
	length, _ := declaredLength(s.head) // it has been checked
	encoding, must := s.compressor.choose(s.scope.Header["Accept-Encoding"], isStream(s.head))
	s.least = s.compressor.least
	if must {
		s.least = 1
	}
	s.encoding, s.stream = encoding, isStream(s.head)
	known := length >= 0 || s.stream
	switch {
	case length == 0:
		return encodingPlain // and so it is for every client
	case length > 0 && length < s.least && !s.stream: // but not for one that refuses it so
		addVary(s.head, "Accept-Encoding")
		return encodingPlain
	case encoding == nil, s.isHead() && !known:
		addVary(s.head, "Accept-Encoding")
		return encodingPlain
	case s.isHead():
		s.announce()
		return encodingPlain
	case !known:
		return encodingHeld
	}
	return s.begin()
}

func (s *encodingSink) isHead() bool { return s.scope.Method == http.MethodHead }

// begin changes the head for a body that will be encoded, unless there are too many.
func (s *encodingSink) begin() encodingState {
	if !s.compressor.acquire(s.encoding.memory(s.stream)) {
		addVary(s.head, "Accept-Encoding")
		return encodingPlain
	}
	s.announce()
	return encodingOn
}

// announce sets the headers of an encoded response. The encoded bytes are another
// representation, which is not the same each time: its ETag is weak (RFC 9110, section
// 8.8.1), and it has no ranges.
func (s *encodingSink) announce() {
	s.head["Content-Encoding"] = []string{s.encoding.Name}
	delete(s.head, "Content-Length")
	delete(s.head, "Accept-Ranges")
	addVary(s.head, "Accept-Encoding")
	if tags := s.head["Etag"]; len(tags) == 1 && strings.HasPrefix(tags[0], `"`) {
		s.head["Etag"] = []string{"W/" + tags[0]}
	}
}

// weakenNotModified gives a 304 the ETag that the client's own response has had: a
// cache looks for it (RFC 9111, section 4.3.4).
func (s *encodingSink) weakenNotModified() {
	tags := s.head["Etag"]
	if len(tags) != 1 || !strings.HasPrefix(tags[0], `"`) {
		return
	}
	weak := "W/" + tags[0]
	for _, value := range s.scope.Header["If-None-Match"] {
		if strings.Contains(value, weak) {
			s.head["Etag"] = []string{weak}
			return
		}
	}
}

// settle ends the state in which the body is held, and sends what is held.
func (s *encodingSink) settle(state encodingState) error {
	s.state = state
	s.sink.sendHead(s.status)
	held := s.held
	s.held = nil
	if len(held) == 0 {
		return nil
	}
	_, err := s.write(held)
	return err
}

func (s *encodingSink) write(piece []byte) (int, error) {
	switch {
	case s.state == encodingHeld && int64(len(s.held)+len(piece)) < s.least:
		s.held = append(s.held, piece...)
		return len(piece), nil
	case s.state == encodingHeld:
		if err := s.settle(s.begin()); err != nil {
			return 0, err
		}
		return s.write(piece)
	case s.state == encodingOn:
		return s.encode(piece)
	}
	return s.sink.write(piece)
}

// encode gives a piece to the encoder, which is made for the first one.
func (s *encodingSink) encode(piece []byte) (int, error) {
	s.open()
	s.dirty = true
	err := s.use(func() error {
		_, err := s.encoder.Write(piece)
		return err
	})
	if err != nil {
		return 0, err
	}
	return len(piece), nil
}

// use calls a method of the encoder. One that has failed or panicked is not used again,
// neither for this response nor for another one.
func (s *encodingSink) use(method func() error) error {
	s.broken = true
	err := method()
	if err != nil {
		err = s.explain(err)
	}
	s.broken = isEncoderError(err)
	return err
}

func (s *encodingSink) open() {
	if s.encoder == nil {
		s.encoder, _ = s.encoding.pool(s.stream).Get().(ContentEncoder)
		s.encoder.Reset(encoded{s})
	}
}

// flush puts all that was written on the wire, in a form that a decoder can decode.
func (s *encodingSink) flush() error {
	if s.state == encodingHeld {
		if err := s.settle(s.begin()); err != nil {
			return err
		}
	}
	if s.dirty && !s.broken {
		s.dirty = false
		if err := s.use(s.encoder.Flush); err != nil {
			return err
		}
	}
	return s.sink.flush()
}

// finish ends the encoded body. A body that is short is sent as it is, and its length
// is known.
func (s *encodingSink) finish(conclude func() bool) error {
	switch s.state {
	case encodingHeld:
		addVary(s.head, "Accept-Encoding")
		s.head["Content-Length"] = []string{strconv.Itoa(len(s.held))}
		return s.settle(encodingPlain)
	case encodingOn:
		if !conclude() {
			return ErrCut
		}
		s.open() // an encoded body is never empty
		s.dirty = false
		if err := s.use(s.encoder.Close); err != nil {
			return err
		}
		s.close()
	case encodingOpen, encodingPlain:
	}
	return nil
}

// close keeps the encoder for another response. It is not closed: that would make a
// response that was cut look complete. One that has failed or panicked is not kept.
func (s *encodingSink) close() {
	if s.state != encodingOn {
		return
	}
	s.state = encodingPlain
	s.compressor.release(s.encoding.memory(s.stream))
	if s.encoder != nil && !s.broken {
		s.encoder.Reset(io.Discard) // or the pool would keep the response
		s.encoding.pool(s.stream).Put(s.encoder)
	}
	s.encoder = nil
}

// encoded is where an encoder writes to.
type encoded struct{ *encodingSink }

// Write hides the sink's own errors from an encoder that would change them.
func (e encoded) Write(piece []byte) (int, error) {
	n, err := e.sink.write(piece)
	if err != nil {
		e.failure = err
	}
	return n, err
}

// explain returns the error of the sink inside, or that of the encoder itself.
func (s *encodingSink) explain(err error) error {
	if s.failure != nil {
		return s.failure
	}
	return &encoderError{fmt.Errorf("bare: the encoder for %s: %w", s.encoding.Name, err)}
}

// An encoderError is the fault of an encoder, and not of the client.
type encoderError struct{ err error }

func (e *encoderError) Error() string { return e.err.Error() }
func (e *encoderError) Unwrap() error { return e.err }

func isEncoderError(err error) bool {
	_, ok := errors.AsType[*encoderError](err)
	return ok
}
