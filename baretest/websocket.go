package baretest

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"testing"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/internal/wsclient"
)

// A WebSocket is the client's end of one. It answers pings while it is read, and is
// used by one goroutine at a time.
type WebSocket struct {
	// Response is the answer to the handshake. Anything but 101 has refused it: then
	// its body can be read, and everything else fails the test.
	Response *http.Response

	tb     testing.TB
	client *wsclient.Client
	code   int // of the server's close frame, 0 before
	reason string
	closed bool // a close frame was sent
}

// WebSocket opens a WebSocket at a path; headers, which may be nil, go with the
// handshake and take the place of its own. It fails the test when the handshake is not
// answered. The connection is one of HTTP/1.1, with TLS over [HTTP2]. It is closed when
// the test ends.
func (s *Server) WebSocket(path string, headers http.Header) *WebSocket {
	s.tb.Helper()
	conn := s.dialHTTP1()
	client, err := wsclient.Open(conn, host, path, headers)
	if err != nil {
		s.tb.Fatalf("baretest: the handshake for %s: %v", path, err)
	}
	socket := &WebSocket{Response: client.Response, tb: s.tb, client: client}
	s.tb.Cleanup(socket.Leave)
	return socket
}

// dialHTTP1 opens a connection for HTTP/1.1.
func (s *Server) dialHTTP1() net.Conn {
	s.tb.Helper()
	inner := s.Dial()
	if s.tls == nil {
		return inner
	}
	secure := tls.Client(inner, &tls.Config{
		RootCAs:    s.transport.TLSClientConfig.RootCAs,
		ServerName: host,
		NextProtos: []string{"http/1.1"},
		MinVersion: tls.VersionTLS12,
	})
	if err := secure.HandshakeContext(context.Background()); err != nil {
		s.tb.Fatalf("baretest: %v", err)
	}
	return secure
}

// SendText sends a text message. It fails the test when it cannot.
func (w *WebSocket) SendText(text string) {
	w.tb.Helper()
	w.send(wsclient.Text, []byte(text))
}

// SendBytes sends a binary message. It fails the test when it cannot.
func (w *WebSocket) SendBytes(content []byte) {
	w.tb.Helper()
	w.send(wsclient.Binary, content)
}

func (w *WebSocket) send(opcode byte, content []byte) {
	w.tb.Helper()
	w.check()
	if err := w.client.Send(wsclient.Frame{Final: true, Opcode: opcode, Payload: content}); err != nil {
		w.tb.Fatalf("baretest: %v", err)
	}
}

// Receive waits for the next message. It returns false when the server has closed the
// WebSocket, or the connection has ended: see Code.
func (w *WebSocket) Receive() (message bare.WebSocketMessage, ok bool) {
	w.tb.Helper()
	w.check()
	var content []byte
	binary := false
	for w.code == 0 {
		frame, err := w.client.Receive()
		if err != nil {
			w.code = bare.CloseAbnormal
			break
		}
		switch frame.Opcode {
		case wsclient.Ping:
			_ = w.client.Send(wsclient.Frame{Final: true, Opcode: wsclient.Pong, Payload: frame.Payload}) // the next read fails
		case wsclient.Pong:
		case wsclient.Close:
			w.code, w.reason = wsclient.CloseCode(frame.Payload)
			w.sendClose(w.code, "")
		default:
			content = append(content, frame.Payload...)
			binary = binary || frame.Opcode == wsclient.Binary
			switch {
			case frame.Final && binary:
				return bare.WebSocketMessage{Binary: true, Bytes: content}, true
			case frame.Final:
				return bare.WebSocketMessage{Text: string(content)}, true
			}
		}
	}
	return bare.WebSocketMessage{}, false
}

// Text waits for the next message, and fails the test unless it is text.
func (w *WebSocket) Text() string {
	w.tb.Helper()
	message, ok := w.Receive()
	switch {
	case !ok:
		w.tb.Fatalf("baretest: the WebSocket was closed with %d %q", w.code, w.reason)
	case message.Binary:
		w.tb.Fatalf("baretest: a message is binary: %q", message.Bytes)
	}
	return message.Text
}

// Close closes the WebSocket, with a code or 0 for none, and waits for the server's
// answer. It returns the answer's code; see Code.
func (w *WebSocket) Close(code int, reason string) int {
	w.tb.Helper()
	w.check()
	w.sendClose(code, reason)
	return w.Code()
}

func (w *WebSocket) sendClose(code int, reason string) {
	if code == bare.CloseNoStatus {
		code = 0
	}
	if !w.closed {
		w.closed = true
		_ = w.client.SendClose(code, reason) // the next read fails
	}
}

// Code waits until the server closes the WebSocket, throws away what comes before, and
// returns the code: [bare.CloseNoStatus] if its close frame has none, and
// [bare.CloseAbnormal] if the connection ends without one.
func (w *WebSocket) Code() int {
	w.tb.Helper()
	for {
		if _, ok := w.Receive(); !ok {
			return w.code
		}
	}
}

// Reason returns the reason of the server's close frame, when Receive has returned
// false.
func (w *WebSocket) Reason() string { return w.reason }

// Leave closes the connection without a close frame, as a client that crashes does.
func (w *WebSocket) Leave() { _ = w.client.Close() } // it may be closed

// check fails the test if the handshake was refused.
func (w *WebSocket) check() {
	w.tb.Helper()
	if w.Response.StatusCode != http.StatusSwitchingProtocols {
		w.tb.Fatalf("baretest: the handshake was answered with %s", w.Response.Status)
	}
}
