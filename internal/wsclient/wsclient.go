// Package wsclient is the client's side of a WebSocket (RFC 6455), frame by frame, for
// tests: it sends whatever it is told to, right or wrong. It shares no code with the
// library that the server uses.
package wsclient

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
)

// The opcodes of frames (RFC 6455, section 5.2).
const (
	Continuation byte = 0x0
	Text         byte = 0x1
	Binary       byte = 0x2
	Close        byte = 0x8
	Ping         byte = 0x9
	Pong         byte = 0xA
)

// The key of the example in RFC 6455, section 1.3, and what the server makes of it.
const (
	Key    = "dGhlIHNhbXBsZSBub25jZQ=="
	Accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
)

// maxFrame bounds the frames that are read.
const maxFrame = 256 << 20

// A Frame is what goes over the wire. The zero value is not final, masked, and empty.
type Frame struct {
	Final    bool
	Reserved byte // the three reserved bits
	Opcode   byte
	Payload  []byte
	Unmasked bool // sent without a mask, which a client must not do
	Longer   int  // how many bytes more the frame declares than it has
}

// A Client is a connection after its handshake. One goroutine may write while another
// reads.
type Client struct {
	net.Conn

	// Response is what the handshake was answered with: 101, or something else.
	Response *http.Response

	reader *bufio.Reader
}

// Headers returns those of a handshake.
func Headers() http.Header {
	return http.Header{
		"Upgrade":               {"websocket"},
		"Connection":            {"Upgrade"},
		"Sec-Websocket-Version": {"13"},
		"Sec-Websocket-Key":     {Key},
	}
}

// Open sends a handshake, with headers that take the place of its own, and reads the
// answer. It fails when none comes.
func Open(conn net.Conn, host, path string, headers http.Header) (*Client, error) {
	request, err := http.NewRequest(http.MethodGet, "http://"+host+path, http.NoBody) //nolint:noctx // it is only written
	if err != nil {
		return nil, err
	}
	maps.Copy(request.Header, Headers())
	maps.Copy(request.Header, headers)
	if err := request.Write(conn); err != nil {
		return nil, err
	}
	reader := bufio.NewReader(conn)
	response, err := http.ReadResponse(reader, request) //nolint:bodyclose // it is the caller's
	if err != nil {
		return nil, err
	}
	return &Client{Response: response, Conn: conn, reader: reader}, nil
}

// Read returns what comes, frames and all.
func (c *Client) Read(buffer []byte) (int, error) { return c.reader.Read(buffer) }

// Send sends a frame.
func (c *Client) Send(frame Frame) error {
	_, err := c.Write(frame.Encode())
	return err
}

// SendClose sends a close frame. The code 0 means none.
func (c *Client) SendClose(code int, reason string) error {
	return c.Send(Frame{Final: true, Opcode: Close, Payload: ClosePayload(code, reason)})
}

// ClosePayload is what a close frame carries. The code 0 means nothing.
func ClosePayload(code int, reason string) []byte {
	if code == 0 {
		return nil
	}
	return append(binary.BigEndian.AppendUint16(nil, uint16(code)), reason...) //nolint:gosec // a test says what is sent
}

// CloseCode is the code that a close frame carries, 1005 if it has none.
func CloseCode(payload []byte) (code int, reason string) {
	if len(payload) < 2 {
		return 1005, ""
	}
	return int(binary.BigEndian.Uint16(payload)), string(payload[2:])
}

// Encode is the frame as bytes. The mask is always the same: it hides nothing here.
func (f Frame) Encode() []byte {
	first := f.Opcode | f.Reserved<<4
	if f.Final {
		first |= 0x80
	}
	masked := byte(0x80)
	if f.Unmasked {
		masked = 0
	}
	encoded := []byte{first}
	switch length := len(f.Payload) + f.Longer; {
	case length <= 125:
		encoded = append(encoded, masked|byte(length)) //nolint:gosec // it fits
	case length <= 0xFFFF:
		encoded = binary.BigEndian.AppendUint16(append(encoded, masked|126), uint16(length))
	default:
		encoded = binary.BigEndian.AppendUint64(append(encoded, masked|127), uint64(length))
	}
	if f.Unmasked {
		return append(encoded, f.Payload...)
	}
	mask := [4]byte{0x37, 0xfa, 0x21, 0x3d}
	encoded = append(encoded, mask[:]...)
	start := len(encoded)
	encoded = append(encoded, f.Payload...)
	for i := range f.Payload {
		encoded[start+i] ^= mask[i%4]
	}
	return encoded
}

var errFrame = errors.New("wsclient: a server's frame that is none")

// Receive reads a frame.
func (c *Client) Receive() (Frame, error) {
	var head [2]byte
	if _, err := io.ReadFull(c.reader, head[:]); err != nil {
		return Frame{}, err
	}
	frame := Frame{Final: head[0]&0x80 != 0, Reserved: head[0] >> 4 & 7, Opcode: head[0] & 0xF, Unmasked: head[1]&0x80 == 0}
	if !frame.Unmasked {
		return frame, fmt.Errorf("%w: it is masked", errFrame)
	}
	length, err := c.length(head[1] & 0x7F)
	if err != nil {
		return frame, err
	}
	frame.Payload = make([]byte, length)
	_, err = io.ReadFull(c.reader, frame.Payload)
	return frame, err
}

func (c *Client) length(short byte) (uint64, error) {
	var long [8]byte
	switch short {
	case 126:
		_, err := io.ReadFull(c.reader, long[6:])
		return binary.BigEndian.Uint64(long[:]), err
	case 127:
		if _, err := io.ReadFull(c.reader, long[:]); err != nil {
			return 0, err
		}
		length := binary.BigEndian.Uint64(long[:])
		if length > maxFrame {
			return 0, fmt.Errorf("%w: it has %d bytes", errFrame, length)
		}
		return length, nil
	default:
		return uint64(short), nil
	}
}
