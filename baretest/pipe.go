package baretest

import (
	"context"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// pipeBuffer is how many bytes one direction of a connection holds: as a kernel
// does, so that a writer need not wait for the reader's next read.
const pipeBuffer = 64 << 10

// address is the one place in the in-memory network.
type address struct{}

func (address) Network() string { return "memory" }
func (address) String() string  { return "in.memory:80" }

// listener accepts the in-memory connections that dial makes.
type listener struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func newListener() *listener {
	return &listener{conns: make(chan net.Conn), done: make(chan struct{})}
}

func (l *listener) dial(ctx context.Context) (net.Conn, error) {
	client, server := newPipe()
	select {
	case l.conns <- server:
		return client, nil
	case <-l.done:
		return nil, syscall.ECONNREFUSED
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *listener) Addr() net.Addr { return address{} }

// half is one direction of a connection.
type half struct {
	mutex  sync.Mutex
	change *sync.Cond
	buffer []byte

	taken   uint64 // bytes that the buffer has taken so far
	waiting int    // writes that wait for room

	ended   bool // the writer will write no more
	refused bool // the reader will read no more
	reset   bool // the writer broke the connection
	readBy  limit
	writeBy limit
}

func newHalf() *half {
	h := new(half)
	h.change = sync.NewCond(&h.mutex)
	return h
}

// limit is a deadline that wakes who waits.
type limit struct {
	at    time.Time
	timer *time.Timer
}

func (l *limit) passed() bool { return !l.at.IsZero() && !time.Now().Before(l.at) }

func (h *half) setLimit(l *limit, at time.Time) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
	l.at = at
	if wait := time.Until(at); !at.IsZero() && wait > 0 {
		l.timer = time.AfterFunc(wait, func() {
			h.mutex.Lock()
			defer h.mutex.Unlock()
			h.change.Broadcast()
		})
	}
	h.change.Broadcast()
}

func (h *half) read(buffer []byte) (int, error) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	for {
		switch {
		case h.refused:
			return 0, net.ErrClosed
		case h.reset:
			return 0, syscall.ECONNRESET
		case h.readBy.passed():
			return 0, os.ErrDeadlineExceeded
		case len(h.buffer) > 0:
			n := copy(buffer, h.buffer)
			h.buffer = h.buffer[n:]
			h.change.Broadcast()
			return n, nil
		case h.ended:
			return 0, io.EOF
		}
		h.change.Wait()
	}
}

func (h *half) write(buffer []byte) (int, error) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	written := 0
	for {
		switch {
		case h.ended:
			return written, net.ErrClosed
		case h.refused:
			return written, syscall.EPIPE
		case h.writeBy.passed():
			return written, os.ErrDeadlineExceeded
		}
		n := min(len(buffer)-written, pipeBuffer-len(h.buffer))
		h.buffer = append(h.buffer, buffer[written:written+n]...)
		h.taken += uint64(max(n, 0))
		written += n
		h.change.Broadcast()
		if written == len(buffer) {
			return written, nil
		}
		h.waiting++
		h.change.Wait()
		h.waiting--
	}
}

func (h *half) set(change func()) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	change()
	h.change.Broadcast()
}

// pipe is one end of an in-memory connection that behaves as TCP does.
type pipe struct {
	in, out *half
	once    sync.Once
	abrupt  atomic.Bool
}

func newPipe() (client, server *pipe) {
	a, b := newHalf(), newHalf()
	return &pipe{in: a, out: b}, &pipe{in: b, out: a}
}

func (p *pipe) Read(buffer []byte) (int, error)  { return p.in.read(buffer) }
func (p *pipe) Write(buffer []byte) (int, error) { return p.out.write(buffer) }

func (p *pipe) CloseWrite() error {
	p.out.set(func() { p.out.ended = true })
	return nil
}

// SetLinger with 0 makes Close a reset, as it does on TCP.
func (p *pipe) SetLinger(seconds int) error {
	p.abrupt.Store(seconds == 0)
	return nil
}

func (p *pipe) Close() error {
	p.once.Do(func() {
		p.out.set(func() {
			p.out.ended = true
			p.out.reset = p.abrupt.Load()
		})
		p.in.set(func() { p.in.refused = true })
		p.in.setLimit(&p.in.readBy, time.Time{})
		p.out.setLimit(&p.out.writeBy, time.Time{})
	})
	return nil
}

// Unacknowledged is the server's view of its client, as a kernel has it: the buffer
// is the one at the client's end, and what has come there is acknowledged, whether
// or not somebody reads it.
func (p *pipe) Unacknowledged() (acknowledged uint64, waiting bool) {
	p.out.mutex.Lock()
	defer p.out.mutex.Unlock()
	return p.out.taken, p.out.waiting > 0
}

// Departed reports whether the other end has been closed, or sends no more.
func (p *pipe) Departed() bool {
	p.in.mutex.Lock()
	defer p.in.mutex.Unlock()
	return p.in.ended
}

func (p *pipe) LocalAddr() net.Addr  { return address{} }
func (p *pipe) RemoteAddr() net.Addr { return address{} }

func (p *pipe) SetDeadline(t time.Time) error {
	p.in.setLimit(&p.in.readBy, t)
	p.out.setLimit(&p.out.writeBy, t)
	return nil
}

func (p *pipe) SetReadDeadline(t time.Time) error {
	p.in.setLimit(&p.in.readBy, t)
	return nil
}

func (p *pipe) SetWriteDeadline(t time.Time) error {
	p.out.setLimit(&p.out.writeBy, t)
	return nil
}
