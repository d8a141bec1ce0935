//go:build unix

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// connections is how many clients load a server at once.
const connections = 50

// load asks for path over connections for the time d, each request after the
// last one's answer, and returns how many were answered. The first answer is
// parsed; of the others the length and the end are compared, as parsing costs more
// than some of the servers do.
func load(ctx context.Context, addr, path, want string, d time.Duration) (count int64, err error) {
	var (
		clients sync.WaitGroup
		stopped atomic.Bool
		total   atomic.Int64
		faults  = make(chan error, connections)
	)
	ready := make(chan struct{})
	for range connections {
		c, err := dial(ctx, addr, path)
		if err != nil {
			return 0, err
		}
		clients.Go(func() {
			defer c.conn.Close()
			size, err := c.lengthOf(want)
			<-ready
			if err == nil {
				err = c.repeat(size, want, &stopped, &total)
			}
			if err != nil {
				faults <- err
			}
		})
	}
	timer := time.AfterFunc(d, func() { stopped.Store(true) })
	defer timer.Stop()
	close(ready)
	clients.Wait()
	select {
	case err = <-faults:
	default:
	}
	return total.Load(), err
}

// A client is one raw connection.
type client struct {
	conn    net.Conn
	request []byte
}

func dial(ctx context.Context, addr, path string) (*client, error) {
	return dialFrom(ctx, new(net.Dialer), addr, path)
}

func dialFrom(ctx context.Context, dialer *net.Dialer, addr, path string) (*client, error) {
	conn, err := dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return &client{conn: conn, request: []byte("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n")}, nil
}

// first sends the request and returns the length of the whole answer.
func (c *client) first(want string) (size int, chunked bool, err error) {
	if _, err := c.conn.Write(c.request); err != nil {
		return 0, false, err
	}
	var whole bytes.Buffer
	response, err := http.ReadResponse(bufio.NewReader(io.TeeReader(c.conn, &whole)), nil) //nolint:bodyclose // the connection is closed, and nothing else is held
	if err != nil {
		return 0, false, err
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, false, err
	}
	if string(body) != want || response.StatusCode != http.StatusOK || response.Header.Get("Content-Type") != plainText {
		return 0, false, fmt.Errorf("the answer is %d %q %q, want %q",
			response.StatusCode, response.Header.Get("Content-Type"), body, want)
	}
	return whole.Len(), response.ContentLength < 0, nil
}

// lengthOf asks until an answer has a Content-Length, and returns the length of
// the whole of it. Where it is counted by the server, an answer that takes longer
// than a millisecond, on a busy machine, may be chunked.
func (c *client) lengthOf(want string) (int, error) {
	for range 100 {
		size, chunked, err := c.first(want)
		if err != nil || !chunked {
			return size, err
		}
	}
	return 0, errors.New("no answer has a Content-Length")
}

func (c *client) repeat(size int, want string, stopped *atomic.Bool, total *atomic.Int64) error {
	answer, end, count := make([]byte, size), []byte(want), int64(0)
	for !stopped.Load() {
		if _, err := c.conn.Write(c.request); err != nil {
			return err
		}
		if _, err := io.ReadFull(c.conn, answer); err != nil {
			return err
		}
		if !bytes.HasSuffix(answer, end) {
			if err := c.readChunked(answer, want); err != nil {
				return err
			}
		}
		count++
	}
	total.Add(count)
	return nil
}

// readChunked reads the rest of an answer that is chunked, and so longer.
func (c *client) readChunked(answer []byte, want string) error {
	whole := bytes.Clone(answer)
	one := make([]byte, 1)
	for !bytes.HasSuffix(whole, []byte("\r\n0\r\n\r\n")) {
		if len(whole) > 2*len(answer) {
			return fmt.Errorf("an answer is %q", whole)
		}
		if _, err := io.ReadFull(c.conn, one); err != nil {
			return err
		}
		whole = append(whole, one[0])
	}
	if !bytes.Contains(whole, []byte("\r\n"+want+"\r\n")) {
		return fmt.Errorf("a chunked answer is %q", whole)
	}
	return nil
}

// An opened response is one whose head has come.
type opened struct {
	*client

	response *http.Response
	lines    *bufio.Reader
}

// open sends the request and reads the head of its answer.
func open(ctx context.Context, addr, path string) (*opened, error) {
	c, err := dial(ctx, addr, path)
	if err != nil {
		return nil, err
	}
	return c.open(64 << 10)
}

// open sends the request, and reads through a buffer of a size.
func (c *client) open(size int) (*opened, error) {
	if _, err := c.conn.Write(c.request); err != nil {
		return nil, errors.Join(err, c.conn.Close())
	}
	response, err := http.ReadResponse(bufio.NewReaderSize(c.conn, size), nil) //nolint:bodyclose // the connection is closed, and nothing else is held
	if err != nil {
		return nil, errors.Join(err, c.conn.Close())
	}
	if response.StatusCode != http.StatusOK {
		return nil, errors.Join(fmt.Errorf("the status is %d", response.StatusCode), c.conn.Close())
	}
	return &opened{client: c, response: response, lines: bufio.NewReaderSize(response.Body, 512)}, nil
}

// openStream opens a stream and waits for its first event or record.
func (c *client) openStream(want string) (*opened, error) {
	o, err := c.open(4 << 10)
	if err != nil {
		return nil, err
	}
	first := make([]byte, len(want))
	if _, err := io.ReadFull(o.lines, first); err != nil || string(first) != want {
		return nil, errors.Join(fmt.Errorf("the stream begins with %q", first), err, o.conn.Close())
	}
	return o, nil
}
