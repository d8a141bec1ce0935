package bare

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"slices"
	"time"
	"unicode/utf8"
	"unsafe"

	"github.com/coder/websocket"
)

// answer runs the handler until it has accepted or refused the handshake, and returns
// the response.
func (s *WebSocket) answer(handler WebSocketHandler) HttpResponse {
	hooks := s.request.exchange.addHooks()
	hooks.cleanUp(s.dismiss)
	hooks.begin(func() { s.run(handler) })
	a := <-s.answers
	if a.failure != nil {
		panic(a.failure) //nolint:forbidigo // a handler's panic, where any other handler has it
	}
	hooks.prompt = !a.response.upgrades()
	return a.response
}

// run is the goroutine of the handler.
func (s *WebSocket) run(handler WebSocketHandler) {
	returned := false
	defer func() {
		var failure error
		if !returned {
			failure = caught(recover())
		}
		s.handlerEnded(failure)
	}()
	handler(&WebSocketRequest{HttpRequest: s.request, WebSocket: s})
	returned = true
}

// handlerEnded closes what the handler has left open.
func (s *WebSocket) handlerEnded(failure error) {
	defer close(s.returned)
	if s.decide(answer{forbidden(), failure}) {
		return
	}
	aborted := errors.Is(failure, http.ErrAbortHandler)
	if failure != nil && !aborted {
		s.request.exchange.logPanic("the WebSocket's handler panicked", failure)
	}
	s.whenOpen(func() {
		switch {
		case aborted:
			s.end(http.ErrAbortHandler, CloseAbnormal)
			s.wire.abort()
		case failure != nil:
			s.shut(errPanicked, CloseInternalError, "")
		default:
			s.shut(&WebSocketCloseError{Code: CloseNormal}, CloseNormal, "")
		}
	})
}

// whenOpen closes the WebSocket, or leaves that to serve while the 101 is on its way out
// through the middlewares. The first close counts.
func (s *WebSocket) whenOpen(closeIt func()) {
	s.mutex.Lock()
	open := s.isOpen()
	if !open && s.wanted == nil {
		s.wanted = closeIt
	}
	s.mutex.Unlock()
	if open {
		closeIt()
	}
}

// open lets the methods work, and closes what was to be closed already.
func (s *WebSocket) open() {
	s.mutex.Lock()
	close(s.opened)
	wanted := s.wanted
	s.mutex.Unlock()
	if wanted != nil {
		go wanted() // it waits for the client's answer, which is read here
	}
}

// dismiss tells a handler that its 101 was not sent. It is called at the end of the
// exchange in any case.
func (s *WebSocket) dismiss() {
	s.end(errRefused, 0)
	s.done()
}

// serve is the session, in the goroutine of the request: it reads, and returns when the
// handler has returned and the connection is closed.
func (s *WebSocket) serve(conn *websocket.Conn, w *wire) {
	defer s.done()
	s.conn, s.wire = conn, w
	conn.SetReadLimit(max(s.options.ReadLimit, -1))
	stop := context.AfterFunc(s.request.exchange.context(), s.contextEnded)
	defer stop()
	s.schedulePing()
	s.open()
	s.read()
	<-s.returned
	s.awaitClose()
	_ = conn.CloseNow() // frees what the library has
}

// awaitClose waits for a close handshake that is under way: the handler may have
// returned before it.
func (s *WebSocket) awaitClose() {
	s.mutex.Lock()
	closing := s.closing
	s.mutex.Unlock()
	if closing != nil {
		<-closing
	}
}

// read hands the client's messages over until the WebSocket ends.
func (s *WebSocket) read() {
	for {
		message, err := s.nextMessage()
		switch {
		case errors.Is(err, errOver):
			return // whoever closes waits for the client's answer
		case err != nil:
			s.readFailed(err)
			return
		case !utf8.ValidString(message.Text):
			s.violate(CloseInvalidData, "invalid UTF-8") // RFC 6455, section 8.1
			return
		}
		s.messages <- message // there is room
	}
}

// nextMessage waits for the beginning of a message, while the one before may wait to be
// received: so pings are answered, and a close is seen. It reads the rest when that one
// was received.
func (s *WebSocket) nextMessage() (WebSocketMessage, error) {
	kind, reader, err := s.conn.Reader(context.Background())
	if err != nil {
		return WebSocketMessage{}, err
	}
	select {
	case s.room <- struct{}{}:
		return s.readMessage(kind, reader)
	case <-s.ended:
		return WebSocketMessage{}, errOver
	}
}

// readMessage reads a whole message.
func (s *WebSocket) readMessage(kind websocket.MessageType, reader io.Reader) (WebSocketMessage, error) {
	content, err := s.readAll(reader)
	switch {
	case err != nil:
		return WebSocketMessage{}, err
	case s.wire.ended.Load():
		return WebSocketMessage{}, io.ErrUnexpectedEOF // between two fragments: the library takes it for the end
	case kind == websocket.MessageBinary:
		return WebSocketMessage{Binary: true, Bytes: content}, nil
	}
	//nolint:gosec // a copy less: nobody else has the bytes
	return WebSocketMessage{Text: unsafe.String(unsafe.SliceData(content), len(content))}, nil
}

// The bounds of what is allocated for a message before its length is known.
const (
	leastMessage = 512
	mostMessage  = 64 << 10
)

// readAll is [io.ReadAll], which begins with room for a message like the last one. A
// message that needs less than half of it is a copy of its own size, as it may be kept.
func (s *WebSocket) readAll(reader io.Reader) ([]byte, error) {
	content := s.spare
	if s.spare = nil; cap(content) != s.usual {
		content = make([]byte, 0, s.usual)
	}
	for {
		n, err := reader.Read(content[len(content):cap(content)])
		content = content[:len(content)+n]
		switch {
		case err == io.EOF:
			s.usual = min(max(leastMessage, len(content)+1, s.usual/2), mostMessage)
			if cap(content) <= 2*len(content) {
				return content, nil
			}
			s.spare = content[:0] // for the next one, if that begins with as much
			return bytes.Clone(content), nil
		case err != nil:
			return nil, err
		case len(content) == cap(content):
			content = slices.Grow(content, len(content))
		}
	}
}

// readFailed ends the WebSocket. After an end from this side it does nothing.
func (s *WebSocket) readFailed(err error) {
	if closed, ok := errors.AsType[websocket.CloseError](err); ok { // it has been answered
		s.end(&WebSocketCloseError{Code: int(closed.Code), Reason: closed.Reason}, int(closed.Code))
		return
	}
	switch {
	case errors.Is(err, websocket.ErrMessageTooBig):
		s.violate(CloseMessageTooBig, "")
	case s.wire.broken():
		s.lose()
	default:
		s.violate(CloseProtocolError, "")
	}
}

// violate closes the WebSocket as the client has broken a rule. What the client still
// sends is read for a while: a connection that is closed with bytes unread is reset, and
// the reset may overtake the close frame.
func (s *WebSocket) violate(code int, reason string) {
	violation := &WebSocketCloseError{Code: code, Reason: reason}
	s.violation = violation
	s.shut(violation, code, reason)
}

// lose ends the WebSocket as the connection is of no use any more.
func (s *WebSocket) lose() {
	if s.end(s.loss(), CloseAbnormal) { // otherwise somebody closes it already
		s.wire.abort()
	}
}

// loss is why the connection is of no use. If the client has left before a cut, nobody has
// told of the cut: the context had ended.
func (s *WebSocket) loss() error {
	if reason := s.request.exchange.lifetime.severedBy(); reason != nil {
		return reason
	}
	if s.wire.stalled() {
		return ErrStalled
	}
	return ErrClientGone
}

// shut ends the WebSocket with a close frame, and waits until the connection is closed.
// It does nothing when there is an end already.
func (s *WebSocket) shut(err error, code int, reason string) {
	closing := make(chan struct{})
	if !s.endWith(err, code, closing) {
		return
	}
	defer close(closing)
	s.writeClose(code, reason)
	_ = s.conn.Close(websocket.StatusCode(code), reason) // it waits for the answer, as the frame is out
}

// writeClose writes the close frame, after the message that is being written. As with a
// message, only a stall or the end of a stop's grace ends the wait for the client.
func (s *WebSocket) writeClose(code int, reason string) {
	frame := binary.BigEndian.AppendUint16([]byte{finalClose, byte(2 + len(reason))}, uint16(code)) //nolint:gosec // both were checked
	s.gate.lock()
	_, err := s.wire.Write(append(frame, reason...))
	s.gate.unlock()
	if err == nil || s.wire.closed.Load() { // the library closes when the client has
		return
	}
	s.mutex.Lock()
	s.lost, s.code = s.loss(), CloseAbnormal
	s.mutex.Unlock()
	s.wire.abort()
}

// end notes how the WebSocket has ended, and tells everybody. It reports false if there
// is an end already.
func (s *WebSocket) end(err error, code int) bool { return s.endWith(err, code, nil) }

// endWith is end, with a close handshake that the session waits for.
func (s *WebSocket) endWith(err error, code int, closing chan struct{}) bool {
	s.mutex.Lock()
	first := s.err == nil
	if first {
		s.err, s.code, s.closing = err, code, closing
		close(s.ended)
		if s.pings != nil {
			s.pings.Stop()
		}
	}
	s.mutex.Unlock()
	if first {
		cause := context.Canceled
		if errors.Is(err, ErrShutdown) {
			cause = ErrShutdown
		}
		s.request.exchange.lifetime.end(cause)
	}
	return first
}

// stop is called when the server stops.
func (s *WebSocket) stop() {
	if s.options.OnStop != nil {
		s.options.OnStop(s)
		return
	}
	s.shut(ErrShutdown, CloseGoingAway, "")
}

// contextEnded is called when the context of the request ends, which is of interest when
// the client has stalled, and for a Cut. What was sent before a cut has the time to arrive
// that any cut response has. Then a connection of ours is broken off; see
// [exchange.breakOff].
func (s *WebSocket) contextEnded() {
	reason := s.request.exchange.lifetime.severedBy()
	if reason == nil && s.wire.stalled() {
		s.lose()
		return
	}
	if reason == nil || !s.end(reason, CloseAbnormal) || s.wire.conn != nil {
		return
	}
	timer := time.NewTimer(abortDelay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.over:
	}
	s.wire.abort()
}

// outcome is what [HttpRequest.OnEnd] is told of the end. It is called by the goroutine
// that has read.
func (s *WebSocket) outcome() error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if closed, ok := errors.AsType[*WebSocketCloseError](s.err); ok && closed != s.violation {
		return s.lost
	}
	return s.err
}

// send sends a message. A message that was written is sent, even if the WebSocket has
// ended meanwhile.
func (s *WebSocket) send(kind websocket.MessageType, content []byte) error {
	if !s.isOpen() {
		return errNotAccepted
	}
	s.gate.lock()
	err := s.Err()
	if err == nil {
		s.wire.message.Store(true)
		err = s.conn.Write(context.Background(), kind, content)
		s.wire.message.Store(false)
		if err != nil {
			s.writeFailed()
			err = s.Err()
		}
	}
	s.unlock()
	return err
}

// writeFailed ends the WebSocket after a write that has failed. If the library refuses to
// write, or has closed the connection, the reason is something that the client has sent:
// the goroutine that reads is about to tell which end that is.
func (s *WebSocket) writeFailed() {
	if s.wire.failed.Load() && !s.wire.closed.Load() {
		s.lose()
		return
	}
	<-s.ended
}
