package conn

import (
	"net"
	"sync"
	"time"
)

// Options are what a [Listener] demands of its connections. The zero value has no
// limits.
type Options struct {
	// Stall is how long a peer may acknowledge nothing of what waits for it; 0 or
	// less means no limit.
	Stall time.Duration

	// MaxConnections bounds the connections that are open at once: Accept waits
	// for one to be closed. 0 or less means no limit.
	MaxConnections int
}

// A Listener wraps each connection that it accepts in a [Conn], and knows those
// that are open. It is safe for concurrent use.
type Listener struct {
	net.Listener

	slots   chan struct{} // one for each connection; nil means no limit
	sweeper sweeper

	closing   chan struct{}
	closeOnce sync.Once
	closeErr  error

	mutex sync.Mutex
	conns map[*Conn]struct{}
	picky bool // connections are closed until a request has come
}

// Listen returns a listener that takes its connections from another one, and
// closes it.
func Listen(inner net.Listener, o Options) *Listener {
	l := &Listener{
		Listener: inner,
		sweeper:  newSweeper(o.Stall),
		closing:  make(chan struct{}),
		conns:    make(map[*Conn]struct{}),
	}
	if o.MaxConnections > 0 {
		l.slots = make(chan struct{}, o.MaxConnections)
	}
	return l
}

// Accept waits for a connection, and for there to be room for it.
func (l *Listener) Accept() (net.Conn, error) {
	for {
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
		c := newConn(inner, l)
		if l.remember(c) {
			return c, nil
		}
		_ = c.Close() // nothing was promised on it
	}
}

// Close stops accepting; it may be called more than once. Connections stay open.
func (l *Listener) Close() error {
	l.closeOnce.Do(func() {
		close(l.closing)
		l.closeErr = l.Listener.Close()
	})
	return l.closeErr
}

// Busy reports whether a request is being served on a connection that is open.
func (l *Listener) Busy() bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	for c := range l.conns {
		if c.serving.Load() > 0 {
			return true
		}
	}
	return false
}

// CloseUnused closes the connections on which no request has come, and those that
// are still accepted: browsers open some ahead of need, and a stop would wait for
// them.
func (l *Listener) CloseUnused() {
	l.mutex.Lock()
	l.picky = true
	var unused []*Conn
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

// remember reports whether the connection is wanted.
func (l *Listener) remember(c *Conn) bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.conns[c] = struct{}{}
	return !l.picky
}

func (l *Listener) forget(c *Conn) {
	l.mutex.Lock()
	delete(l.conns, c)
	l.mutex.Unlock()
	l.release()
}

func (l *Listener) release() {
	if l.slots != nil {
		<-l.slots
	}
}
