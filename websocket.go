package bare

import (
	"errors"
	"fmt"
	"iter"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"
	"unsafe"

	"github.com/coder/websocket"
)

// The codes with which a WebSocket is closed (RFC 6455, section 7.4.1). An application
// may also use those from 3000 to 4999.
const (
	CloseNormal          = 1000
	CloseGoingAway       = 1001 // the server stops, or the page is left
	CloseProtocolError   = 1002
	CloseUnsupportedData = 1003
	CloseNoStatus        = 1005 // never sent: the client gave no code
	CloseAbnormal        = 1006 // never sent: the connection ended without a close frame
	CloseInvalidData     = 1007 // text that is not UTF-8
	ClosePolicyViolation = 1008
	CloseMessageTooBig   = 1009
	CloseInternalError   = 1011
	CloseServiceRestart  = 1012 // the server stops, and the client may come back
	CloseTryAgainLater   = 1013
)

// maxCloseReason is how many bytes a close frame has for a reason (RFC 6455, section
// 5.5, less the code).
const maxCloseReason = 123

// A WebSocketMessage is what a client has sent, whole, in however many fragments it
// came. It may be empty.
type WebSocketMessage struct {
	// Binary says that the message is bytes, and not text.
	Binary bool
	// Text is a text message, in valid UTF-8.
	Text string
	// Bytes is a binary message. It belongs to whoever has received it.
	Bytes []byte
}

// A WebSocketCloseError says that a WebSocket was closed with a close frame, by the
// client or by this side.
type WebSocketCloseError struct {
	Code   int
	Reason string
}

func (e *WebSocketCloseError) Error() string {
	return fmt.Sprintf("bare: the WebSocket was closed with %d %q", e.Code, e.Reason)
}

// A WebSocket is a connection for messages in both directions (RFC 6455). Nothing but
// Offers, Refuse and Close works before Accept. All of its methods are safe for
// concurrent use, and none takes a context: they return when the WebSocket ends.
//
// The connection is read up to the beginning of the next message, whatever the handler
// does. So pings are answered and a client that closes is seen, also while one message
// waits to be received. What a client sends after the beginning of a second one is read
// when the first was received.
type WebSocket struct {
	request *HttpRequest
	options WebSocketOptions

	decided  atomic.Bool   // accepted or refused
	answers  chan answer   // one
	returned chan struct{} // closed when the handler has
	opened   chan struct{} // closed when the connection is the WebSocket's
	ended    chan struct{} // closed when err is set
	over     chan struct{} // closed when nothing is left of it
	done     func()        // closes over, once

	// Of the session, from opened on.
	conn     *websocket.Conn
	wire     *wire
	messages chan WebSocketMessage  // one
	room     chan struct{}          // full from the reading of a message until it is received
	gate     gate                   // one goroutine writes
	pong     atomic.Pointer[[]byte] // the latest ping that is to be answered

	// For the goroutine that reads.
	usual     int                  // how long messages are
	spare     []byte               // for the next message
	violation *WebSocketCloseError // what a client that has broken a rule is told

	mutex   sync.Mutex // for what follows
	err     error      // how the WebSocket has ended
	code    int
	lost    error         // why the close frame could not be sent
	wanted  func()        // closes the WebSocket when it is open
	closing chan struct{} // closed when the close handshake is over; nil without one
	pings   *time.Timer
}

// An answer is how a handshake was decided: a response, or the handler's panic.
type answer struct {
	response HttpResponse
	failure  error
}

// The errors of a handshake that leads to nothing.
var (
	errNotAccepted = errors.New("bare: the WebSocket has not been accepted")
	errDecided     = errors.New("bare: the WebSocket has been accepted or refused already")
	errRefused     = errors.New("bare: the handshake was refused")
	errNotOffered  = errors.New("bare: the client has not offered the subprotocol")
	errPanicked    = errors.New("bare: the WebSocket's handler panicked")
	errOver        = errors.New("bare: the WebSocket has ended")
	errNoUTF8      = errors.New("bare: a text message must be UTF-8")
	errCloseFrame  = errors.New("bare: a close frame has a code from 1000 to 4999 that may be sent, and a reason of 123 bytes of UTF-8")
)

func newWebSocket(request *HttpRequest, options WebSocketOptions) *WebSocket {
	s := &WebSocket{
		request:  request,
		options:  options,
		answers:  make(chan answer, 1),
		returned: make(chan struct{}),
		opened:   make(chan struct{}),
		ended:    make(chan struct{}),
		over:     make(chan struct{}),
		messages: make(chan WebSocketMessage, 1),
		room:     make(chan struct{}, 1),
		usual:    leastMessage,
	}
	s.done = sync.OnceFunc(func() { close(s.over) })
	return s
}

// Offers returns the first of the subprotocols that the client offers as well, "" if
// there is none (RFC 6455, section 1.9). It is for Accept.
func (s *WebSocket) Offers(subprotocols ...string) string {
	for _, subprotocol := range subprotocols {
		for offer := range listItems(s.request.Scope.Header["Sec-Websocket-Protocol"]) {
			if offer == subprotocol {
				return subprotocol
			}
		}
	}
	return ""
}

// Accept opens the WebSocket: it answers the handshake with 101, the subprotocol, which
// must be one that the client offers or "", and the headers, which may be nil. It
// returns when the 101 is on its way, and fails when a middleware has answered with
// something else, the client has left, the server is stopping, or the handshake was
// answered before. The handler then returns.
func (s *WebSocket) Accept(subprotocol string, headers http.Header) error {
	response := HttpResponse{Status: http.StatusSwitchingProtocols, Headers: canonicalHeaders(headers), upgrade: s}
	response.Headers.Set("Upgrade", "websocket")
	response.Headers.Set("Connection", "Upgrade")
	response.Headers.Set("Sec-WebSocket-Accept", webSocketAccept(s.request.Scope.Header.Get("Sec-WebSocket-Key")))
	response.Headers.Del("Sec-WebSocket-Protocol")
	response.Headers.Del("Sec-WebSocket-Extensions") // see [taking]
	if subprotocol != "" {
		if s.Offers(subprotocol) == "" {
			s.decide(answer{response: ErrorResponse(errNotOffered)})
			return errNotOffered
		}
		response.Headers.Set("Sec-WebSocket-Protocol", subprotocol)
	}
	if !s.decide(answer{response: response}) {
		return errDecided
	}
	select {
	case <-s.opened:
		return nil
	case <-s.ended:
		return s.Err()
	}
}

// Refuse answers the handshake with another response than 101, such as an
// [ErrorResponse]. It does nothing when the handshake was answered before.
func (s *WebSocket) Refuse(response HttpResponse) {
	response.upgrade = nil
	s.decide(answer{response: response})
}

// decide answers the handshake, and reports whether it could.
func (s *WebSocket) decide(a answer) bool {
	if s.decided.Swap(true) {
		return false
	}
	s.answers <- a
	return true
}

// Receive waits for the next message. After the end of the WebSocket, and the message that
// may have come before it, Receive fails: with a
// [WebSocketCloseError] when it was closed by either side, [ErrClientGone] when the
// connection was lost, [ErrStalled], [ErrShutdown], or the reason of a
// [HttpRequest.Cut].
func (s *WebSocket) Receive() (WebSocketMessage, error) {
	if !s.isOpen() {
		return WebSocketMessage{}, errNotAccepted
	}
	select {
	case message := <-s.messages:
		<-s.room
		return message, nil
	case <-s.ended:
	}
	select {
	case message := <-s.messages: // it came before the end
		<-s.room
		return message, nil
	default:
		return WebSocketMessage{}, s.Err()
	}
}

// Messages yields what [WebSocket.Receive] returns, until that fails. Err and Code then
// tell why.
func (s *WebSocket) Messages() iter.Seq[WebSocketMessage] {
	return func(yield func(WebSocketMessage) bool) {
		for {
			message, err := s.Receive()
			if err != nil || !yield(message) {
				return
			}
		}
	}
}

// SendText sends a text message, which must be valid UTF-8. It returns when the kernel
// has taken the message, and so waits for a client that is slow. A client that takes
// nothing for [Application.StallTimeout] is cut off. The errors are those of
// [WebSocket.Receive]; a message that was written is no error, whatever came after it.
func (s *WebSocket) SendText(text string) error {
	if !utf8.ValidString(text) {
		return errNoUTF8
	}
	//nolint:gosec // a copy less: nobody writes to what is sent, as only clients mask
	return s.send(websocket.MessageText, unsafe.Slice(unsafe.StringData(text), len(text)))
}

// SendBytes sends a binary message. See [WebSocket.SendText].
func (s *WebSocket) SendBytes(content []byte) error {
	return s.send(websocket.MessageBinary, content)
}

// Close closes the WebSocket with a code and a reason of at most 123 bytes (RFC 6455,
// section 7.1.2). What was sent before arrives before: Close waits for a client that is
// slow as SendText does, and then up to five seconds for the client's answer. Before
// Accept it refuses the handshake with 403. While the 101 is on its way out it returns at
// once, and the WebSocket is closed when it is open. It fails only when the code must not
// be sent or the reason is too long, and does nothing when the WebSocket has ended. A
// close frame that cannot be sent is told by Code and [End].Err: [ErrClientGone] or
// [ErrStalled].
func (s *WebSocket) Close(code int, reason string) error {
	if !isCloseCode(code) || len(reason) > maxCloseReason || !utf8.ValidString(reason) {
		return errCloseFrame
	}
	if !s.isOpen() {
		if s.decide(answer{response: forbidden()}) {
			return nil
		}
	}
	s.whenOpen(func() { s.shut(&WebSocketCloseError{Code: code, Reason: reason}, code, reason) })
	return nil
}

// Code returns the code with which the WebSocket was closed: the one of the first close
// frame that was sent or received, [CloseNoStatus] if the client's had none, and
// [CloseAbnormal] if the connection ended without. It is 0 before.
func (s *WebSocket) Code() int {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.code
}

// Err returns why the WebSocket has ended, as Receive does; nil as long as it has not.
func (s *WebSocket) Err() error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.err
}

// isOpen reports whether the connection is, or was, the WebSocket's.
func (s *WebSocket) isOpen() bool {
	select {
	case <-s.opened:
		return true
	default:
		return false
	}
}

// isCloseCode reports whether a close frame may have the code (RFC 6455, section 7.4,
// and the registry that it makes).
func isCloseCode(code int) bool {
	switch code {
	case 1004, CloseNoStatus, CloseAbnormal:
		return false
	}
	return code >= 1000 && code <= 1014 || code >= 3000 && code <= 4999
}

// forbidden is the answer to a handshake that the handler does not accept.
func forbidden() HttpResponse {
	return ErrorResponse(&HttpError{Status: http.StatusForbidden})
}
