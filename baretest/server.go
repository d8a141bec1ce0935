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
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/internal/faketime"
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
	// FlushDelay has a chunk wait a millisecond of fake time for the next one to share
	// its write with, as it does in production. Without it a chunk in a bubble of
	// [testing/synctest] waits until all goroutines wait, which takes a nanosecond.
	FlushDelay bool
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
	tls       *tls.Config // of the server; nil without TLS

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
	s, ctx := c.newServer(tb)
	server := c.Server
	server.Listener = s.listener
	server.Addr = ""
	server.H2C = server.H2C || c.Protocol == H2C
	if s.tls != nil {
		server.TLSConfig = s.tls
	}
	s.run(func(listening func(net.Addr)) error {
		server.OnListen = listening
		return server.Run(ctx, app)
	}, c.Server.OnListen)
	return s
}

// newServer returns a server that nobody runs yet, and the context to run it with.
func (c Config) newServer(tb testing.TB) (*Server, context.Context) {
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
	switch c.Protocol {
	case HTTP1:
		s.transport.Protocols.SetHTTP1(true)
	case H2C:
		s.transport.Protocols.SetUnencryptedHTTP2(true)
	case HTTP2:
		certificate, pool := newCertificate(tb)
		s.tls = &tls.Config{Certificates: []tls.Certificate{certificate}}
		s.transport.TLSClientConfig = &tls.Config{RootCAs: pool}
		s.transport.Protocols.SetHTTP2(true)
		s.URL = "https://" + host
	}
	if inBubble() && !c.FlushDelay {
		ctx = faketime.Context(ctx)
	}
	return s, ctx
}

// inBubble reports whether time is that of a bubble of testing/synctest, which
// begins with the year 2000.
func inBubble() bool { return time.Now().Year() < 2010 }

// run calls serve, which serves until the test ends, and returns when it listens.
func (s *Server) run(serve func(listening func(net.Addr)) error, told func(net.Addr)) {
	s.tb.Helper()
	listening := make(chan struct{})
	go func() {
		s.err = serve(func(addr net.Addr) {
			if told != nil {
				told(addr)
			}
			close(listening)
		})
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
	return s.Do(s.request(http.MethodGet, path, http.NoBody))
}

// Post sends a body to a path, and returns the response when its head has come. An
// empty content type is none, and so is a nil body. It fails the test when no
// response comes.
func (s *Server) Post(path, contentType string, body io.Reader) *Stream {
	s.tb.Helper()
	request := s.request(http.MethodPost, path, body)
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	return s.Do(request)
}

func (s *Server) request(method, path string, body io.Reader) *http.Request {
	s.tb.Helper()
	request, err := http.NewRequestWithContext(context.Background(), method, s.URL+path, body)
	if err != nil {
		s.tb.Fatalf("baretest: %v", err)
	}
	return request
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
