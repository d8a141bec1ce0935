package bare

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"time"
	"unicode/utf8"
	"unsafe"

	"github.com/coder/websocket"
)

// The opcodes of the control frames that are written here (RFC 6455, section 5.5). The
// library writes its own with a limit of five seconds, after which it closes the
// connection: a client may take longer to read what comes before.
const (
	finalPing = 0x80 | 0x9
	finalPong = 0x80 | 0xA
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
	switch {
	case !s.isOpen():
	case aborted:
		s.end(http.ErrAbortHandler, CloseAbnormal)
		s.wire.abort()
	case failure != nil:
		s.shut(errPanicked, CloseInternalError, "")
	default:
		s.shut(&WebSocketCloseError{Code: CloseNormal}, CloseNormal, "")
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
	close(s.opened)
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
		message, err := s.readMessage()
		if err != nil {
			s.readFailed(err)
			return
		}
		if !utf8.ValidString(message.Text) {
			s.violate(CloseInvalidData, "invalid UTF-8") // RFC 6455, section 8.1
			return
		}
		select {
		case s.messages <- message:
		case <-s.ended:
			return // whoever closes waits for the client's answer
		}
	}
}

// readMessage reads a whole message.
func (s *WebSocket) readMessage() (WebSocketMessage, error) {
	kind, reader, err := s.conn.Reader(context.Background())
	if err != nil {
		return WebSocketMessage{}, err
	}
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

// readAll is [io.ReadAll], which begins with room for a message like the last one.
func (s *WebSocket) readAll(reader io.Reader) ([]byte, error) {
	content := make([]byte, 0, s.usual)
	for {
		n, err := reader.Read(content[len(content):cap(content)])
		content = content[:len(content)+n]
		switch {
		case err == io.EOF:
			s.usual = min(max(leastMessage, len(content)+1, s.usual/2), mostMessage)
			return content, nil
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
	err := ErrClientGone
	if s.wire.stalled() {
		err = ErrStalled
	}
	if s.end(err, CloseAbnormal) { // otherwise somebody closes it already
		s.wire.abort()
	}
}

// shut ends the WebSocket with a close frame, and waits until the connection is closed.
// It does nothing when there is an end already.
func (s *WebSocket) shut(err error, code int, reason string) {
	closing := make(chan struct{})
	if s.endWith(err, code, closing) {
		_ = s.conn.Close(websocket.StatusCode(code), reason) // the connection is closed in any case
		close(closing)
	}
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

// contextEnded is called when the context of the request ends, which is of interest for
// a Cut only. What was sent has the time to arrive that any cut response has. Then a
// connection of ours is broken off; see [exchange.breakOff].
func (s *WebSocket) contextEnded() {
	reason := s.request.exchange.lifetime.severedBy()
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
	err := s.Err()
	if closed, ok := errors.AsType[*WebSocketCloseError](err); ok && closed != s.violation {
		return nil
	}
	return err
}

func (s *WebSocket) send(kind websocket.MessageType, content []byte) error {
	if !s.isOpen() {
		return errNotAccepted
	}
	s.gate.lock()
	var err error
	if s.Err() == nil {
		err = s.conn.Write(context.Background(), kind, content)
	}
	s.unlock()
	if err != nil {
		s.lose()
	}
	return s.Err()
}

// unlock lets others write, when the latest ping was answered that has come meanwhile
// (RFC 6455, section 5.5.3).
func (s *WebSocket) unlock() {
	s.writePong()
	s.gate.unlock()
	if s.pong.Load() != nil && s.gate.tryLock() { // it came in between
		s.unlock()
	}
}

// pinged is called by the library, in the goroutine that reads, which must not wait for
// a client that does not read. It returns false, as the answer is ours.
func (s *WebSocket) pinged(_ context.Context, payload []byte) bool {
	pong := append([]byte{finalPong, byte(len(payload))}, payload...) //nolint:gosec // a control frame has 125 bytes at most
	s.pong.Store(&pong)
	if s.gate.tryLock() {
		s.unlock()
	}
	return false
}

func (s *WebSocket) writePong() {
	if pong := s.pong.Swap(nil); pong != nil && s.Err() == nil {
		_, _ = s.wire.Write(*pong) // a read or the next message fails as well
	}
}

// keepAlive sends a ping, unless a message is being written, and again after a while.
func (s *WebSocket) keepAlive() {
	if s.gate.tryLock() {
		if s.Err() == nil {
			_, _ = s.wire.Write([]byte{finalPing, 0}) // as above
		}
		s.unlock()
	}
	s.schedulePing()
}

func (s *WebSocket) schedulePing() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.options.PingInterval > 0 && s.err == nil {
		s.pings = time.AfterFunc(s.options.PingInterval, s.keepAlive)
	}
}
