package bare

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// renewal is how old a write deadline may get before a write renews it: setting
// one costs more than looking at the time.
const renewal = time.Second

// A listener wraps each connection that it accepts, and knows those that are
// open.
type listener struct {
	net.Listener

	stall time.Duration
	slots chan struct{} // one for each connection; nil means no limit

	closing   chan struct{}
	closeOnce sync.Once
	closeErr  error

	mutex sync.Mutex
	conns map[*conn]struct{}
}

func newListener(inner net.Listener, stall time.Duration, maxConnections int) *listener {
	l := &listener{
		Listener: inner,
		stall:    stall,
		closing:  make(chan struct{}),
		conns:    make(map[*conn]struct{}),
	}
	if maxConnections > 0 {
		l.slots = make(chan struct{}, maxConnections)
	}
	return l
}

// Accept waits for a connection, and for there to be room for it.
func (l *listener) Accept() (net.Conn, error) {
	if l.slots != nil {
		select {
		case l.slots <- struct{}{}:
		case <-l.closing:
			return nil, net.ErrClosed
		}
	}
	inner, err := l.Listener.Accept()
	if err != nil {
		l.release()
		return nil, err
	}
	limitUnacknowledged(inner, l.stall)
	c := &conn{Conn: inner, listener: l}
	l.mutex.Lock()
	l.conns[c] = struct{}{}
	l.mutex.Unlock()
	return c, nil
}

// Close stops accepting; it may be called more than once.
func (l *listener) Close() error {
	l.closeOnce.Do(func() {
		close(l.closing)
		l.closeErr = l.Listener.Close()
	})
	return l.closeErr
}

func (l *listener) release() {
	if l.slots != nil {
		<-l.slots
	}
}

func (l *listener) forget(c *conn) {
	l.mutex.Lock()
	delete(l.conns, c)
	l.mutex.Unlock()
	l.release()
}

// closeUnused closes the connections on which no request has come: browsers open
// some ahead of need, and a shutdown would wait for them.
func (l *listener) closeUnused() {
	l.mutex.Lock()
	var unused []*conn
	for c := range l.conns {
		if !c.used.Load() {
			unused = append(unused, c)
		}
	}
	l.mutex.Unlock()
	for _, c := range unused {
		_ = c.Close() // nothing was promised on it
	}
}

// A conn does not let a client that has stopped reading hold a write for longer
// than the stall time. It does so by itself, beneath TLS, HTTP/2 and net/http's
// own last flush.
type conn struct {
	net.Conn

	listener *listener
	used     atomic.Bool // a request has come

	writing sync.Mutex // for what follows
	renewed time.Time
	err     error // of the first write that failed: it is final

	closed sync.Once
}

// Write sends a piece at a time, so that a client which reads slowly but steadily
// is not cut off in the middle of a large chunk.
func (c *conn) Write(buffer []byte) (int, error) {
	c.writing.Lock()
	defer c.writing.Unlock()
	written := 0
	for written < len(buffer) || len(buffer) == 0 {
		if err := c.renew(); err != nil {
			return written, err
		}
		n, err := c.Conn.Write(buffer[written:min(len(buffer), written+pieceSize)])
		written += n
		if err != nil {
			c.err = err
			return written, err
		}
		if len(buffer) == 0 {
			break
		}
	}
	return written, nil
}

// ReadFrom lets the kernel send a file, a piece at a time.
func (c *conn) ReadFrom(source io.Reader) (int64, error) {
	c.writing.Lock()
	defer c.writing.Unlock()
	// The kernel's way is only taken for a file behind a single limit.
	limited, ok := source.(*io.LimitedReader)
	if !ok {
		limited = &io.LimitedReader{R: source, N: 1<<63 - 1}
	}
	var total int64
	for limited.N > 0 {
		if err := c.renew(); err != nil {
			return total, err
		}
		piece := &io.LimitedReader{R: limited.R, N: min(limited.N, pieceSize)}
		n, err := io.Copy(c.Conn, piece)
		total += n
		limited.N -= n
		if err != nil {
			c.err = err
			return total, err
		}
		if n == 0 || piece.N > 0 {
			return total, nil
		}
	}
	return total, nil
}

// renew moves the write deadline ahead when the last one is old. The caller holds
// the mutex.
func (c *conn) renew() error {
	if c.err != nil || c.listener.stall <= 0 {
		return c.err
	}
	now := time.Now()
	if now.Sub(c.renewed) < min(renewal, c.listener.stall/2) {
		return nil
	}
	c.renewed = now
	return c.Conn.SetWriteDeadline(now.Add(c.listener.stall))
}

// SetWriteDeadline obeys an order to stop at once. A later deadline is net/http's
// notion of one, and is left to renew.
func (c *conn) SetWriteDeadline(t time.Time) error {
	if t.IsZero() || time.Until(t) > 0 {
		return nil
	}
	return c.Conn.SetWriteDeadline(t)
}

// SetDeadline is for both directions.
func (c *conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// CloseWrite says that nothing more is sent: net/http does so to have a client
// read the response to a request that it has not sent whole.
func (c *conn) CloseWrite() error {
	if closer, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return closer.CloseWrite()
	}
	return errors.ErrUnsupported
}

// NetConn returns the connection inside.
func (c *conn) NetConn() net.Conn { return c.Conn }

// Close closes the connection; it may be called more than once.
func (c *conn) Close() error {
	err := net.ErrClosed
	c.closed.Do(func() {
		c.listener.forget(c)
		err = c.Conn.Close()
	})
	return err
}

// rawConn returns the connection that others wrap.
func rawConn(conn net.Conn) net.Conn {
	for {
		wrapper, ok := conn.(interface{ NetConn() net.Conn })
		if !ok {
			return conn
		}
		conn = wrapper.NetConn()
	}
}
