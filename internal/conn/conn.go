// Package conn is what bare knows about connections: which of them are in use,
// whether the peer of one is still there, and when to give one up.
//
// A stall is a time in which the peer's kernel acknowledges nothing of what waits
// for it. It is found by asking the kernel now and then, and not by deadlines on
// writes: a blocked write is only woken when about a third of a send buffer of up
// to 4 MB is free, and that can take a slow reader minutes. It says nothing of
// bytes that the kernel has taken, either.
package conn

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// pieceSize is how many bytes are written at a time to a connection that does not
// tell what its peer acknowledged: the end of each piece is seen as progress.
const pieceSize = 32 << 10

// A Conn is a connection that a [Listener] has accepted. It cuts itself off when
// its peer stalls, beneath TLS and HTTP/2, and sets read deadlines only when a
// read waits.
type Conn struct {
	net.Conn

	listener *Listener
	peer     acknowledger // nil when the connection inside cannot tell

	serving atomic.Int64 // requests that are being served
	used    atomic.Bool  // a request has come
	stalled atomic.Bool  // the sweep has cut the connection off
	closed  sync.Once

	deadlines deadlines
	progress  progress

	pieces sync.Mutex // keeps a Write in pieces whole
}

// An acknowledger is a connection that knows how many bytes its peer has
// acknowledged so far, and whether others wait for that.
type acknowledger interface {
	Unacknowledged() (acknowledged uint64, waiting bool)
}

// A leaver is a connection that knows whether a FIN or a RST of its peer has
// arrived.
type leaver interface{ Departed() bool }

func newConn(inner net.Conn, listener *Listener) *Conn {
	c := &Conn{Conn: inner, listener: listener, peer: socketOf(inner)}
	if c.peer == nil {
		c.peer, _ = inner.(acknowledger)
	}
	return c
}

// Write writes the buffer. It fails with an [os.ErrDeadlineExceeded] when the
// connection is cut off.
func (c *Conn) Write(buffer []byte) (int, error) {
	if !c.listener.sweeper.enabled() {
		return c.Conn.Write(buffer)
	}
	c.begin()
	defer c.end()
	return c.write(buffer)
}

func (c *Conn) write(buffer []byte) (int, error) {
	if c.peer != nil {
		return c.Conn.Write(buffer)
	}
	c.pieces.Lock()
	defer c.pieces.Unlock()
	written := 0
	for {
		n, err := c.Conn.Write(buffer[written:min(len(buffer), written+pieceSize)])
		written += n
		c.progress.written.Add(uint64(max(n, 0)))
		if err != nil || written >= len(buffer) {
			return written, err
		}
	}
}

// ReadFrom lets the kernel send a file, or what comes from another connection. It
// may wait for its source as long as it likes.
func (c *Conn) ReadFrom(source io.Reader) (int64, error) {
	target, ok := c.Conn.(io.ReaderFrom)
	if !ok || c.peer == nil {
		return io.Copy(writerOnly{c}, source)
	}
	if !c.listener.sweeper.enabled() {
		return target.ReadFrom(source)
	}
	c.begin()
	defer c.end()
	return target.ReadFrom(source)
}

// begin has the sweeper watch a write, and then what the write leaves behind. The
// order matters: see look.
func (c *Conn) begin() {
	c.progress.begun.Add(1)
	c.listener.sweeper.watch(c)
}

func (c *Conn) end() { c.progress.ended.Add(1) }

// writerOnly hides ReadFrom from [io.Copy].
type writerOnly struct{ io.Writer }

// BeginRequest notes that a request has come; EndRequest follows when it has been
// served. Both may be called on a nil Conn.
func (c *Conn) BeginRequest() {
	if c == nil {
		return
	}
	c.serving.Add(1)
	if !c.used.Load() {
		c.used.Store(true)
	}
}

// EndRequest notes that a request has been served.
func (c *Conn) EndRequest() {
	if c != nil {
		c.serving.Add(-1)
	}
}

// Departed reports whether a FIN or a RST of the peer has arrived, even behind
// bytes that nobody has read. A FIN means that the peer sends no more; it may still
// read. Departed asks the kernel, and is false where that cannot tell.
func (c *Conn) Departed() bool {
	if peer, ok := c.peer.(leaver); ok {
		return peer.Departed()
	}
	peer, ok := c.Conn.(leaver)
	return ok && peer.Departed()
}

// Stalled reports whether the connection was cut off because its peer had
// acknowledged nothing for the stall time.
func (c *Conn) Stalled() bool { return c.stalled.Load() }

// Waited returns when a write was last seen to wait for the peer: now, if one
// waits, and the zero time if none ever has. A wait is seen when it lasts for two
// sweeps, a quarter of the stall time at most.
func (c *Conn) Waited() time.Time { return c.progress.waited(c.listener.sweeper.base) }

// CloseWrite says that nothing more is sent: net/http does so to have a client
// read the response to a request that it has not sent whole.
func (c *Conn) CloseWrite() error {
	if closer, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return closer.CloseWrite()
	}
	return errors.ErrUnsupported
}

// NetConn returns the connection inside.
func (c *Conn) NetConn() net.Conn { return c.Conn }

// Close closes the connection; it may be called more than once.
func (c *Conn) Close() error {
	err := net.ErrClosed
	c.closed.Do(func() {
		c.listener.forget(c)
		err = c.Conn.Close()
	})
	return err
}
