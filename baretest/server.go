package baretest

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/bare-go/bare"
)

// host is the name of the in-memory server.
const host = "in.memory"

// A Protocol is what the client and the server of a test speak.
type Protocol int

// The protocols. The zero value is HTTP/1.1.
const (
	HTTP1 Protocol = iota // HTTP/1.1 without TLS
	H2C                   // HTTP/2 without TLS
	HTTP2                 // HTTP/2 with TLS
)

// Protocols lists them all, for a test that is to hold over each.
func Protocols() []Protocol { return []Protocol{HTTP1, H2C, HTTP2} }

func (p Protocol) String() string {
	switch p {
	case HTTP1:
		return "HTTP/1.1"
	case H2C:
		return "h2c"
	case HTTP2:
		return "HTTP/2"
	default:
		return fmt.Sprintf("Protocol(%d)", int(p))
	}
}

// Config says what kind of server a test needs. The zero value is HTTP/1.1 with
// the defaults of [bare.Server].
type Config struct {
	// Protocol is what the client and the server speak.
	Protocol Protocol
	// Server has the timeouts and limits; its address, listener and TLS are set by
	// NewServer.
	Server bare.Server
}

// A Server runs an application over an in-memory network. It is safe for
// concurrent use.
type Server struct {
	// URL is the server's address, without a slash at its end.
	URL string

	tb        testing.TB
	listener  *listener
	transport *http.Transport
	client    *http.Client

	cancel  context.CancelFunc
	ended   chan struct{} // closed when the server has stopped
	err     error         // what it returned
	claimed atomic.Bool   // somebody has called Stop, and so has the error
}

// NewServer runs an application over HTTP/1.1 until the test ends; see
// [Config.NewServer].
func NewServer(tb testing.TB, app *bare.Application) *Server {
	tb.Helper()
	return Config{}.NewServer(tb, app)
}

// NewServer runs an application until the test ends, and fails the test if it
// does not start or does not stop cleanly.
func (c Config) NewServer(tb testing.TB, app *bare.Application) *Server {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	s := &Server{
		URL:      "http://" + host,
		tb:       tb,
		listener: newListener(),
		cancel:   cancel,
		ended:    make(chan struct{}),
	}
	s.transport = &http.Transport{
		DialContext:        func(ctx context.Context, _, _ string) (net.Conn, error) { return s.listener.dial(ctx) },
		DisableCompression: true,
		Protocols:          new(http.Protocols),
	}
	s.client = &http.Client{Transport: s.transport}
	server := c.Server
	server.Listener = s.listener
	server.Addr = ""
	switch c.Protocol {
	case HTTP1:
		s.transport.Protocols.SetHTTP1(true)
	case H2C:
		server.H2C = true
		s.transport.Protocols.SetUnencryptedHTTP2(true)
	case HTTP2:
		certificate, pool := newCertificate(tb)
		server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate}}
		s.transport.TLSClientConfig = &tls.Config{RootCAs: pool}
		s.transport.Protocols.SetHTTP2(true)
		s.URL = "https://" + host
	}
	s.run(ctx, server, app)
	return s
}

func (s *Server) run(ctx context.Context, server bare.Server, app *bare.Application) {
	s.tb.Helper()
	listening := make(chan struct{})
	told := server.OnListen
	server.OnListen = func(addr net.Addr) {
		if told != nil {
			told(addr)
		}
		close(listening)
	}
	go func() {
		s.err = server.Run(ctx, app)
		close(s.ended)
	}()
	select {
	case <-listening:
	case <-s.ended:
		s.cancel()
		s.tb.Fatalf("baretest: the server did not start: %v", s.err)
	}
	s.tb.Cleanup(func() {
		s.transport.CloseIdleConnections()
		if err := s.Stop(); err != nil {
			s.tb.Errorf("baretest: the server did not stop cleanly: %v", err)
		}
	})
}

// Stop stops the server as a signal does, waits, and returns what
// [bare.Server.Run] returned. A test whose server is meant to fail calls it, so
// that the test's end does not report the failure: further calls return nil.
func (s *Server) Stop() error {
	s.cancel()
	<-s.ended
	s.transport.CloseIdleConnections()
	if s.claimed.Swap(true) {
		return nil
	}
	return s.err
}

// Client returns a client whose every connection leads to the server.
func (s *Server) Client() *http.Client { return s.client }

// Dial opens a connection to the server, for a test that speaks the protocol
// itself; over HTTP2 it is the one beneath TLS. It fails the test when the server
// has stopped.
func (s *Server) Dial() net.Conn {
	s.tb.Helper()
	conn, err := s.listener.dial(context.Background())
	if err != nil {
		s.tb.Fatalf("baretest: %v", err)
	}
	return conn
}

// Get asks for a path, and returns the response when its head has come. It fails
// the test when none comes.
func (s *Server) Get(path string) *Stream {
	s.tb.Helper()
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, s.URL+path, http.NoBody)
	if err != nil {
		s.tb.Fatalf("baretest: %v", err)
	}
	return s.Do(request)
}

// Do sends a request, and returns the response when its head has come. It fails
// the test when none comes.
func (s *Server) Do(request *http.Request) *Stream {
	s.tb.Helper()
	ctx, cancel := context.WithCancel(request.Context())
	response, err := s.client.Do(request.WithContext(ctx)) //nolint:bodyclose // by Stream.Close
	if err != nil {
		cancel()
		s.tb.Fatalf("baretest: %v", err)
	}
	stream := &Stream{Response: response, cancel: cancel, buffer: make([]byte, pipeBuffer)}
	s.tb.Cleanup(stream.Close)
	return stream
}

// A Stream is a response whose body is read as it comes. It is not safe for
// concurrent use, but for Close.
type Stream struct {
	// Response has the status and the headers. Its body belongs to the stream.
	Response *http.Response

	cancel context.CancelFunc
	buffer []byte
	err    error
}

// Next waits for more of the body and returns what has come since the last call.
// At the end, and from then on, it returns an empty string, and Err says which
// end it was.
func (s *Stream) Next() string {
	for s.err == nil {
		n, err := s.Response.Body.Read(s.buffer)
		s.err = err
		if n > 0 {
			return string(s.buffer[:n])
		}
	}
	return ""
}

// Rest waits for the end of the body and returns what is left of it.
func (s *Stream) Rest() string {
	var rest []byte
	for s.err == nil {
		rest = append(rest, s.Next()...)
	}
	return string(rest)
}

// Err returns nil as long as the body has not ended, and when it was complete; or
// why it was cut.
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
