package topic

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
	"unsafe"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/sse"
)

const (
	// droppedBytes is how long a message may be that nobody listens to, and droppedPause
	// the time until the next one is read: a client that floods takes no processor.
	droppedBytes = 4 << 10
	droppedPause = 10 * time.Millisecond
	// partingTime is how long a WebSocket has to be closed with a close frame when
	// somebody else than its client ends it. Then it is cut.
	partingTime = time.Second
)

// messages is the grammar of a WebSocket: the lines of NDJSON, each of which is sent as a
// message. What is no event has no "data". In the place of an event stream's fields there
// are the members "id", the position, and "retry", in milliseconds.
type messages struct {
	ndjson

	retryAfter time.Duration
}

func (messages) name() string                { return "websocket" }
func (messages) keepAlive(dst []byte) []byte { return append(dst, "{}\n"...) }

func (g messages) open(dst []byte, at string) []byte {
	dst = append(dst, '{')
	if at != "" {
		dst = append(append(append(dst, `"id":"`...), at...), '"')
	}
	if g.retryAfter > 0 {
		if at != "" {
			dst = append(dst, ',')
		}
		dst = appendRetry(dst, g.retryAfter)
	}
	return append(dst, "}\n"...)
}

func (messages) retry(dst []byte, after time.Duration) []byte {
	return append(appendRetry(append(dst, '{'), after), "}\n"...)
}

func appendRetry(dst []byte, after time.Duration) []byte {
	return strconv.AppendInt(append(dst, `"retry":`...), after.Milliseconds(), 10)
}

// open answers with a WebSocket. What it needs is not on the stack of other transports.
//
//go:noinline
func (t *Topic) open(request *bare.HttpRequest, lease *Lease, response *bare.HttpResponse) {
	var s *subscriber // from the time on at which it is accepted
	options := bare.WebSocketOptions{OnStop: func(*bare.WebSocket) { s.order(orderShutdown) }}
	if t.options.KeepAlive > 0 {
		options.PingInterval = -1 // the wheel keeps it alive
	}
	if lease.OnMessage == nil {
		options.ReadLimit = droppedBytes
	}
	*response = request.WebSocket(func(request *bare.WebSocketRequest) {
		if s = t.enter(request, *lease); s != nil && request.WebSocket.Accept("", nil) == nil {
			s.talk()
		}
	}, options)
	if response.Status != http.StatusSwitchingProtocols {
		label(response)
	}
}

// enter makes the subscriber of a WebSocket, before that is accepted, or refuses it. A
// client that resumes at the end of a topic that was closed is not refused, as a page is
// not shown the status: it is told of the end.
func (t *Topic) enter(request *bare.WebSocketRequest, lease Lease) *subscriber {
	var refusal bare.HttpResponse
	state, err := t.state(request.HttpRequest)
	switch {
	case err != nil:
		failure(&refusal, err)
	case !t.acquire(lease.Key, request.HttpRequest):
		tooMany(&refusal)
	default:
		s := newSubscriber(t, t.records, request.HttpRequest, t.locate(sse.LastEventID(request.HttpRequest), state))
		s.lease, s.socket = lease, request.WebSocket
		t.expect(s)
		request.OnEnd(s.ended)
		request.Describe(s.describe)
		return s
	}
	request.WebSocket.Refuse(refusal)
	return nil
}

// talk is the session of a WebSocket. Its stream is that of any subscriber; how it has
// ended decides how the WebSocket is closed.
func (s *subscriber) talk() {
	heard := make(chan any, 1)
	go s.listen(heard)
	s.parted = s.stream(s.send)
	// A context that has ended means that the WebSocket has, or is about to be cut.
	if !errors.Is(s.parted, errListener) && s.request.Context().Err() == nil {
		code, reason := farewell(s.parted)
		_ = s.socket.Close(code, reason) // the code and the reason may be sent
	}
	if crash := <-heard; crash != nil {
		panic(crash) //nolint:forbidigo // it is that of OnMessage
	}
}

// The errors that end the stream of a client, and its handler, when OnMessage fails.
var (
	errListener = errors.New("topic: OnMessage has panicked")
	errGoexit   = errors.New("topic: OnMessage has ended its goroutine")
)

// listen reads what the client sends. Without it a close frame would not be seen.
func (s *subscriber) listen(heard chan<- any) {
	returned := false
	defer func() {
		if returned {
			heard <- nil
			return
		}
		heard <- crashOf(recover())
		s.dismiss(errListener)
	}()
	for message := range s.socket.Messages() {
		if s.lease.OnMessage != nil {
			s.lease.OnMessage(message)
		} else {
			s.request.Sleep(droppedPause)
		}
	}
	returned = true
}

// crashOf is what the handler panics with when OnMessage has. The log is to show where
// that was.
func crashOf(value any) any {
	switch value {
	case nil:
		return errGoexit
	case http.ErrAbortHandler: // which says that nothing is logged
		return value
	}
	return fmt.Sprintf("%v, in OnMessage:\n%s", value, debug.Stack())
}

// send sends the lines of a chunk, each as a message.
func (s *subscriber) send(chunk []byte) bool {
	for line := range bytes.Lines(chunk) {
		line = bytes.TrimSuffix(line, []byte("\n"))
		//nolint:gosec // a copy less: what is yielded never changes
		text := unsafe.String(unsafe.SliceData(line), len(line))
		if !utf8.ValidString(text) { // a JSON value that was published so
			text = strings.ToValidUTF8(text, "\uFFFD")
		}
		if s.socket.SendText(text) != nil {
			return false
		}
	}
	return true
}

// dismiss ends a stream from another goroutine. The client of a WebSocket is told why,
// if it takes that in a second.
func (s *subscriber) dismiss(why error) {
	if s.socket == nil {
		s.request.Cut(why)
		return
	}
	if s.ending.CompareAndSwap(nil, &why) {
		s.order(orderEnd)
		time.AfterFunc(partingTime, func() { s.request.Cut(why) }) // which does nothing after the end
	}
}

// farewell is what a WebSocket is closed with (RFC 6455, section 7.4, and the registry).
func farewell(err error) (code int, reason string) {
	switch {
	case err == nil:
		return bare.CloseNormal, ""
	case errors.Is(err, ErrDrained), errors.Is(err, bare.ErrShutdown):
		return bare.CloseServiceRestart, ""
	case errors.Is(err, ErrSlow):
		return bare.ClosePolicyViolation, "slow"
	case errors.Is(err, ErrKicked):
		return bare.ClosePolicyViolation, "kicked"
	case errors.Is(err, ErrExpired):
		return bare.ClosePolicyViolation, "expired"
	}
	return bare.CloseInternalError, ""
}
