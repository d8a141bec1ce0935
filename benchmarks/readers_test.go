//go:build unix

package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"
)

// meet returns a connection to a contender whose service has been set up.
func meet(t *testing.T, c contender, s *service, next string) net.Conn {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", listening(t, c, s))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if !s.secure {
		return conn
	}
	secure := tls.Client(conn, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{next}})
	if err := secure.HandshakeContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	return secure
}

func TestEveryContenderWithSlowReadersSpeaksAllProtocols(t *testing.T) {
	for _, name := range []string{raw, ours} {
		c, err := contenderNamed(name)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(name+" HTTP/1.1 over TLS", func(t *testing.T) {
			conn := meet(t, c, &service{secure: true}, "http/1.1")
			hello := &client{conn: conn, request: []byte("GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n")}
			if _, _, err := hello.first(helloText); err != nil {
				t.Error(err)
			}
		})
		for _, s := range []*service{{secure: true}, {h2c: true}} {
			t.Run(name+" HTTP/2", func(t *testing.T) {
				h2, err := askHTTP2(meet(t, c, s, "h2"), "/hello", h2Settings{window: 1 << 10})
				if err != nil {
					t.Fatal(err)
				}
				if h2.text.String() != helloText || !h2.whole || h2.body != int64(len(helloText)) {
					t.Errorf("%d bytes came, %q, to their end: %v", h2.body, h2.text.String(), h2.whole)
				}
			})
		}
	}
}

func TestAClientWithoutAWindowIsCutByBareAlone(t *testing.T) {
	t.Parallel()
	for name, isCut := range map[string]bool{raw: false, ours: true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := contenderNamed(name)
			if err != nil {
				t.Fatal(err)
			}
			conn := meet(t, c, &service{h2c: true, stall: 200 * time.Millisecond}, "")
			if err := conn.SetDeadline(time.Now().Add(2 * time.Second)); err != nil {
				t.Fatal(err)
			}
			o, err := readHTTP2(conn, "/hello", h2Settings{})
			if err != nil || o.bytes != 0 || o.clean || o.ended > 0 != isCut {
				t.Errorf("%+v: %v", o, err)
			}
		})
	}
}

func TestAReaderOfEachKindIsServedOrCut(t *testing.T) {
	c, err := contenderNamed(ours)
	if err != nil {
		t.Fatal(err)
	}
	service := &service{h2c: true, stall: 500 * time.Millisecond}
	addr := listening(t, c, service)
	questions, answers := plumbing(t, service)
	to := &server{name: ours, addr: addr, program: questions, answers: answers}
	readers := allReaders(to, to, to, int64(fullStall/service.stall))
	for i := range readers {
		readers[i].secure = false // there is one server
		if readers[i].path == "/hello" {
			readers[i].name += " again"
		}
	}
	outcomes, err := readAtOnce(t.Context(), readers, 3*service.stall)
	if err != nil {
		t.Fatal(err)
	}
	for i, o := range outcomes {
		r := readers[i]
		if r.want == served && (o.ended > 0 || o.bytes < r.enough(3*service.stall)) || r.want == cut && (o.ended == 0 || o.clean) {
			t.Errorf("%s: %v, after %d bytes", r.name, o, o.bytes)
		}
	}
}

func TestASlowConnectionKeepsToItsRate(t *testing.T) {
	near, far := net.Pipe()
	go func() {
		_, _ = near.Write(make([]byte, 1<<20)) // until the test closes the other end
	}()
	until := time.Now().Add(time.Second)
	if err := far.SetDeadline(until); err != nil {
		t.Fatal(err)
	}
	slow := &slowConn{Conn: far, until: until}
	slow.limit(1000, false)
	n, err := io.Copy(io.Discard, slow)
	if n < 800 || n > 1200 || !os.IsTimeout(err) {
		t.Errorf("%d bytes came: %v", n, err)
	}
	slow.limit(0, false)
	if n, err := slow.Read(make([]byte, 1)); n != 0 || !os.IsTimeout(err) {
		t.Errorf("%d bytes came: %v", n, err)
	}
	if err := far.Close(); err != nil {
		t.Error(err)
	}
}

func TestACrowdCountsItsCleanEnds(t *testing.T) {
	c, err := contenderNamed(ours)
	if err != nil {
		t.Fatal(err)
	}
	addr := listening(t, c, new(service))
	clients, err := openMany(t.Context(), new(net.Dialer), addr, 2)
	if err != nil {
		t.Fatal(err)
	}
	if err := clients[0].conn.Close(); err != nil { // its stream has no clean end
		t.Error(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if clean, ok := cleanEnds(clients, ctx.Done()); clean != 0 || ok {
		t.Errorf("%d clean ends of streams that are open: %v", clean, ok)
	}
}

// plumbing answers the questions of a server that is in this process.
func plumbing(t *testing.T, s *service) (*program, *bufio.Reader) {
	t.Helper()
	asked, questions := io.Pipe()
	answered, answers := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- answer(s, asked, answers) }()
	t.Cleanup(func() {
		if err := errors.Join(questions.Close(), <-done); err != nil {
			t.Error(err)
		}
	})
	return &program{input: questions, output: answered}, bufio.NewReader(answered)
}
