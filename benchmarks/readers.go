//go:build unix

package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

const (
	// fullStall is bare's StallTimeout by default; a quick run has a shorter one,
	// with rates that are higher in proportion.
	fullStall  = 30 * time.Second
	quickStall = 4 * time.Second

	slowRate   = 5 << 10  // bytes per second
	afterRate  = 64 << 10 // the same, after a fast start
	fastSize   = 64 << 20 // bytes of a fast start
	fastTime   = 3 * time.Second
	leastShare = 0.8 // of the bytes that a rate comes to
	// drainSize bounds what a client that took nothing reads in the end.
	drainSize = 32 << 20
)

// A reader is a client that is slow, or takes nothing. It stays for two stall
// times.
type reader struct {
	name   string
	to     *server
	secure bool
	path   string
	fast   bool  // it starts at full speed
	rate   int64 // bytes per second that its socket takes; 0 means none
	http2  *h2Settings
	want   fate
}

// A fate is what should become of a reader.
type fate int

const (
	whatever fate = iota
	served
	cut
)

// An outcome is what has become of a reader.
type outcome struct {
	bytes int64         // taken by the client
	ended time.Duration // from the request to the end of the response, 0 if there was none
	clean bool          // it could be taken for complete
}

// slowReaders has all kinds of slow clients at once.
func (b *bench) slowReaders(ctx context.Context) (err error) {
	stall := fullStall
	if b.quick {
		stall = quickStall
	}
	var servers []*server
	defer func() {
		for _, s := range servers {
			err = errors.Join(err, s.stop())
		}
	}()
	for _, c := range []struct{ name, flag string }{{ours, "-h2c"}, {ours, "-tls"}, {raw, "-h2c"}} {
		s, err := b.start(ctx, c.name, "-stall", stall.String(), c.flag)
		if err != nil {
			return err
		}
		servers = append(servers, s)
	}
	readers := allReaders(servers[0], servers[1], servers[2], int64(fullStall/stall))
	outcomes, err := readAtOnce(ctx, readers, 2*stall)
	if err == nil {
		b.reportReaders(readers, outcomes, stall)
	}
	return err
}

// allReaders are the clients of a server without TLS, of one with it, and of raw
// net/http. Their rates are so many times as high as in a full run.
func allReaders(plain, secure, other *server, times int64) []reader {
	slow, after := slowRate*times, afterRate*times
	moving, large := &h2Settings{window: 64 << 10, credit: slow}, &h2Settings{window: 6 << 20}
	return []reader{
		{name: "HTTP/1.1, 5 KB/s", to: plain, path: "/endless", rate: slow, want: served},
		{name: "HTTP/1.1 over TLS, 5 KB/s", to: secure, secure: true, path: "/endless", rate: slow, want: served},
		{name: "HTTP/2, windows of 64 KB that move on at 5 KB/s", to: plain, path: "/endless", rate: unlimited, http2: moving, want: served},
		{name: "HTTP/2, windows of 6 MB, a socket that takes 5 KB/s", to: plain, path: "/endless", rate: slow, http2: large, want: served},
		{name: "HTTP/1.1, 64 KB/s after a fast start", to: plain, path: "/endless", fast: true, rate: after},
		{name: "HTTP/1.1, takes nothing", to: plain, path: "/endless", want: cut},
		{name: "HTTP/1.1 over TLS, takes nothing", to: secure, secure: true, path: "/endless", want: cut},
		{name: "HTTP/2, windows of 6 MB, a socket that takes nothing", to: plain, path: "/endless", http2: large, want: cut},
		{name: "HTTP/2, no window", to: plain, path: "/endless", rate: unlimited, http2: new(h2Settings), want: cut},
		{name: "HTTP/2, no window, hello world", to: plain, path: "/hello", rate: unlimited, http2: new(h2Settings), want: cut},
		{name: "HTTP/2 over TLS, no window, hello world", to: secure, secure: true, path: "/hello", rate: unlimited, http2: new(h2Settings), want: cut},
		{name: "HTTP/1.1, 5 KB/s", to: other, path: "/endless", rate: slow},
		{name: "HTTP/2, windows of 6 MB, a socket that takes 5 KB/s", to: other, path: "/endless", rate: slow, http2: large},
		{name: "HTTP/1.1, takes nothing", to: other, path: "/endless"},
		{name: "HTTP/2, no window, hello world", to: other, path: "/hello", rate: unlimited, http2: new(h2Settings)},
	}
}

// readAtOnce runs all readers for the time d.
func readAtOnce(ctx context.Context, readers []reader, d time.Duration) ([]outcome, error) {
	outcomes, faults := make([]outcome, len(readers)), make([]error, len(readers))
	var group sync.WaitGroup
	for i := range readers {
		group.Go(func() {
			if outcomes[i], faults[i] = readers[i].run(ctx, fmt.Sprint(i), d); faults[i] != nil {
				faults[i] = fmt.Errorf("%s, of %s: %w", readers[i].name, readers[i].to.name, faults[i])
			}
		})
	}
	group.Wait()
	return outcomes, errors.Join(faults...)
}

// run is the reader's time with a server.
func (r *reader) run(ctx context.Context, id string, d time.Duration) (o outcome, err error) {
	inner, err := new(net.Dialer).DialContext(ctx, "tcp", r.to.addr)
	if err != nil {
		return o, err
	}
	until := time.Now().Add(d)
	if err := inner.SetDeadline(until); err != nil {
		return o, errors.Join(err, inner.Close())
	}
	socket := &slowConn{Conn: inner, until: until}
	conn, err := r.handshake(ctx, socket)
	if err != nil {
		return o, errors.Join(err, inner.Close())
	}
	socket.limit(r.rate, r.fast)
	if r.http2 != nil {
		o, err = readHTTP2(conn, r.path+"?id="+id, *r.http2)
	} else {
		_, err = fmt.Fprintf(conn, "GET %s?id=%s HTTP/1.1\r\nHost: localhost\r\n\r\n", r.path, id)
		if err == nil {
			_, _ = io.Copy(io.Discard, conn) // the server tells how it ended
		}
	}
	if err == nil {
		err = r.askEnd(id, socket, &o)
	}
	if r.http2 == nil && o.ended > 0 && err == nil {
		o.clean = endsCleanly(conn, socket)
	}
	return o, errors.Join(err, inner.Close())
}

func (r *reader) handshake(ctx context.Context, socket net.Conn) (net.Conn, error) {
	if !r.secure {
		return socket, nil
	}
	next := "http/1.1"
	if r.http2 != nil {
		next = "h2"
	}
	conn := tls.Client(socket, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{next}}) //nolint:gosec // the certificate is this program's own
	err := conn.HandshakeContext(ctx)
	return conn, err
}

// askEnd has the server tell when it saw the end of a response that has a name.
func (r *reader) askEnd(id string, socket *slowConn, o *outcome) error {
	if r.path != "/endless" {
		return nil // the client has seen it
	}
	o.bytes = socket.taken
	answer, err := r.to.ask(askEnd + " " + id)
	o.ended = time.Duration(answer[0])
	return err
}

// endsCleanly reads what is left of a response over HTTP/1.1, and reports whether
// it has an end as if it were complete.
func endsCleanly(conn net.Conn, socket *slowConn) bool {
	socket.limit(unlimited, false)
	if socket.taken > 0 || conn.SetDeadline(time.Now().Add(2*time.Second)) != nil {
		return false // it is in the midst of a body, or has been closed
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil) //nolint:bodyclose // the connection is closed, and nothing else is held
	if err != nil {
		return false
	}
	n, err := io.CopyN(io.Discard, response.Body, drainSize)
	return n < drainSize && errors.Is(err, io.EOF)
}

// reportReaders makes the table and the goals.
func (b *bench) reportReaders(readers []reader, outcomes []outcome, stall time.Duration) {
	s := section{
		title: "Clients that are slow, and clients that take nothing",
		text: fmt.Sprintf("All at once, for %s, with the kernel's default buffers; bare has a StallTimeout of %s, and net/http no WriteTimeout. They ask for a "+
			"stream without an end, or for hello world. The server tells when a stream has ended, as the client's kernel hides it.",
			seconds(2*stall), seconds(stall)),
		head: []string{"client", "server", "what became of it", "bytes taken"},
	}
	if times := int64(fullStall / stall); times > 1 {
		s.text += fmt.Sprintf(" In this quick run the rates are %d times as high.", times)
	}
	for i, r := range readers {
		s.rows = append(s.rows, []string{r.name, r.to.name, outcomes[i].String(), fmt.Sprintf("%d KB", outcomes[i].bytes>>10)})
	}
	b.sections = append(b.sections, s)
	b.reachServed(readers, outcomes, 2*stall)
	b.reachCut(readers, outcomes, stall)
}

func (b *bench) reachServed(readers []reader, outcomes []outcome, d time.Duration) {
	all, good := 0, 0
	for i, o := range outcomes {
		if readers[i].want != served {
			continue
		}
		all++
		if o.ended == 0 && o.bytes >= readers[i].enough(d) {
			good++
		}
	}
	b.reach("clients at 5 KB/s, over HTTP/1.1, TLS and HTTP/2", "served for "+seconds(d),
		fmt.Sprintf("%d of %d", good, all), good == all)
}

func (b *bench) reachCut(readers []reader, outcomes []outcome, stall time.Duration) {
	earliest, latest := stall, stall*35/30
	var times []time.Duration
	all, good := 0, 0
	for i, o := range outcomes {
		if readers[i].want != cut {
			continue
		}
		all++
		if o.ended >= earliest && o.ended <= latest && !o.clean {
			good++
		}
		if o.ended > 0 {
			times = append(times, o.ended)
		}
	}
	found := fmt.Sprintf("%d of %d", good, all)
	if len(times) > 0 {
		found += fmt.Sprintf(", in %s to %s", seconds(slices.Min(times)), seconds(slices.Max(times)))
	}
	b.reach("clients that take nothing, over HTTP/1.1, TLS and HTTP/2",
		fmt.Sprintf("cut in %s to %s", seconds(earliest), seconds(latest)), found, good == all)
}

// enough is how many bytes a reader must have taken in a time to have been served.
func (r *reader) enough(d time.Duration) int64 {
	rate := r.rate
	if r.http2 != nil && r.http2.credit > 0 {
		rate = r.http2.credit
	}
	return int64(leastShare * float64(rate) * d.Seconds())
}

func (o outcome) String() string {
	switch {
	case o.ended == 0:
		return "still open at the end"
	case o.clean:
		return fmt.Sprintf("seems complete after %s", seconds(o.ended))
	default:
		return fmt.Sprintf("cut after %s", seconds(o.ended))
	}
}
