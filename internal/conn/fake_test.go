package conn_test

import (
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bare-go/bare/internal/conn"
)

// feed is a listener that is given its connections.
type feed struct {
	conns  chan net.Conn
	closed chan struct{}
	closes int
}

func newFeed() *feed { return &feed{conns: make(chan net.Conn, 10), closed: make(chan struct{})} }

func (f *feed) Accept() (net.Conn, error) {
	select {
	case c := <-f.conns:
		if c == nil {
			return nil, os.ErrInvalid
		}
		return c, nil
	case <-f.closed:
		return nil, net.ErrClosed
	}
}

func (f *feed) Close() error {
	if f.closes++; f.closes == 1 {
		close(f.closed)
	}
	return nil
}

func (*feed) Addr() net.Addr { return new(net.UnixAddr) }

// wrap returns the connection as a listener's Accept does.
func wrap(t *testing.T, inner net.Conn, options conn.Options) (*conn.Conn, *conn.Listener) {
	t.Helper()
	inside := newFeed()
	listener := conn.Listen(inside, options)
	inside.conns <- inner
	c, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	wrapped, ok := c.(*conn.Conn)
	if !ok {
		t.Fatalf("Accept returned a %T", c)
	}
	t.Cleanup(func() {
		_ = wrapped.Close()
		_ = listener.Close()
	})
	return wrapped, listener
}

// pipe returns both ends of a connection in memory, the server's with a count of
// the deadlines that it is given.
func pipe(t *testing.T, options conn.Options) (client net.Conn, server *conn.Conn, listener *conn.Listener, counts *counter) {
	t.Helper()
	client, inner := net.Pipe()
	t.Cleanup(func() { _ = client.Close() })
	counts = &counter{Conn: inner}
	server, listener = wrap(t, counts, options)
	return client, server, listener, counts
}

// counter counts the deadlines that are set on a connection.
type counter struct {
	net.Conn

	mutex         sync.Mutex
	reads, writes int
	waits         atomic.Int64 // calls of Read
}

func (c *counter) Read(buffer []byte) (int, error) {
	c.waits.Add(1)
	return c.Conn.Read(buffer)
}

func (c *counter) SetReadDeadline(deadline time.Time) error {
	c.mutex.Lock()
	c.reads++
	c.mutex.Unlock()
	return c.Conn.SetReadDeadline(deadline)
}

func (c *counter) SetWriteDeadline(deadline time.Time) error {
	c.mutex.Lock()
	c.writes++
	c.mutex.Unlock()
	return c.Conn.SetWriteDeadline(deadline)
}

func (c *counter) counts() (reads, writes int) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.reads, c.writes
}

// kernel is a connection that takes what is written, and says of its peer what it
// is told to.
type kernel struct {
	counter

	mutex        sync.Mutex
	acknowledged uint64
	waiting      bool
	asked        int // how often
	linger       int
	writing      time.Duration // how long a write takes; then its bytes wait
	look         func()        // called when it is asked
}

// newKernel returns one whose reads and writes obey deadlines.
func newKernel() *kernel {
	client, inner := net.Pipe()
	go func() { _, _ = io.Copy(io.Discard, client) }()
	k := &kernel{linger: -1}
	k.Conn = inner
	return k
}

func (k *kernel) Write(buffer []byte) (int, error) {
	if k.writing > 0 {
		time.Sleep(k.writing)
		k.set(0, true)
		return len(buffer), nil
	}
	return k.Conn.Write(buffer)
}

func (k *kernel) set(acknowledged uint64, waiting bool) {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	k.acknowledged, k.waiting = acknowledged, waiting
}

func (k *kernel) Unacknowledged() (acknowledged uint64, waiting bool) {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	k.asked++
	if k.look != nil {
		k.look()
	}
	return k.acknowledged, k.waiting
}

func (k *kernel) SetLinger(seconds int) error {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	k.linger = seconds
	return nil
}

func (k *kernel) asks() int {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	return k.asked
}

func (k *kernel) lingers() int {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	return k.linger
}
