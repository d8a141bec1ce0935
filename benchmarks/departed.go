//go:build unix

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

const (
	departures = 100
	// unreadSize is the size of a body that nobody reads, in bytes: more than
	// net/http reads by itself.
	unreadSize = 300 << 10
	// departedLimit is how long the departure of a client may go unnoticed.
	departedLimit = 5 * time.Second
)

// A departure is a way to leave behind bytes that nobody reads.
type departure struct {
	body  bool // a body, in place of a stray byte
	reset bool // a RST, in place of a FIN
}

// departed measures how long a server takes to find the clients of silent streams
// that have left behind bytes that it does not read.
func (b *bench) departed(ctx context.Context) (err error) {
	var flags []string
	if b.quick {
		flags = []string{"-stall", quickStall.String()}
	}
	s := section{
		title: "Clients that leave behind bytes that nobody reads",
		text: fmt.Sprintf("%d clients of streams that are silent, over HTTP/1.1. After the request, each sends a byte that does not belong to it, "+
			"or it sends %d KB of a body that the handler does not read. All close their connections at once: half of them with a FIN, the others with a reset. "+
			"Counted are the streams that the server has seen end, %s later at the latest.", departures, unreadSize>>10, seconds(departedLimit)),
		head: []string{"", "found", "the last one"},
	}
	for _, name := range []string{raw, ours} {
		server, err := b.start(ctx, name, flags...)
		if err != nil {
			return err
		}
		found, took, err := leaveBehind(ctx, server)
		if err := errors.Join(err, server.stop()); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		count := fmt.Sprintf("%d of %d", found, departures)
		last := seconds(took)
		if found < departures {
			last = "not in time"
		}
		s.rows = append(s.rows, []string{name, count, last})
		if name == ours {
			b.reach("HTTP/1.1 clients that left behind unread bytes", "found within "+seconds(departedLimit),
				count+", the last one "+last, found == departures)
		}
	}
	b.sections = append(b.sections, s)
	return nil
}

// leaveBehind has all clients come and leave, and waits for the server to find out.
func leaveBehind(ctx context.Context, s *server) (found int, took time.Duration, err error) {
	var conns []net.Conn
	defer func() {
		for _, c := range conns {
			_ = c.Close() // those that an error has left open
		}
	}()
	for i := range departures {
		c, err := stay(ctx, s.addr, i, departure{body: i%2 == 1, reset: i%4 >= 2})
		if err != nil {
			return 0, 0, err
		}
		conns = append(conns, c)
	}
	counts, err := s.ask(askEnds)
	if err == nil && (counts[0] != departures || counts[1] != 0) {
		err = fmt.Errorf("%d streams have begun, and %d have ended, before a client left", counts[0], counts[1])
	}
	if err != nil {
		return 0, 0, err
	}
	for _, c := range conns {
		err = errors.Join(err, c.Close())
	}
	if err != nil {
		return 0, 0, err
	}
	return awaitEnds(s, departures)
}

// stay opens a silent stream whose client has sent too much.
func stay(ctx context.Context, addr string, i int, d departure) (net.Conn, error) {
	c, err := dial(ctx, addr, "")
	if err != nil {
		return nil, err
	}
	request := fmt.Sprintf("GET /silent?id=%d HTTP/1.1\r\nHost: localhost\r\n\r\nX", i)
	if d.body {
		request = fmt.Sprintf("POST /silent?id=%d HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s",
			i, unreadSize, strings.Repeat("x", unreadSize))
	}
	_, err = c.conn.Write([]byte(request))
	if err == nil {
		err = readHead(c.conn)
	}
	if tcp, ok := c.conn.(*net.TCPConn); ok && d.reset && err == nil {
		err = tcp.SetLinger(0)
	}
	if err != nil {
		return nil, errors.Join(err, c.conn.Close())
	}
	return c.conn, nil
}

// readHead reads the head of a response. With it unread, a close would be a reset.
func readHead(conn net.Conn) error {
	lines := bufio.NewReader(conn)
	for {
		line, err := lines.ReadString('\n')
		if err != nil || line == "\r\n" {
			return err
		}
	}
}

// awaitEnds asks the server until so many streams have ended, or have had the time
// for it.
func awaitEnds(s *server, want int64) (int, time.Duration, error) {
	started := time.Now()
	for {
		counts, err := s.ask(askEnds)
		took := time.Since(started)
		if err != nil || counts[1] >= want || took > departedLimit {
			return int(counts[1]), took, err
		}
		time.Sleep(20 * time.Millisecond) //nolint:forbidigo // another process is asked again: there is nothing to wait on
	}
}
