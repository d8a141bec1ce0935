package bare

import (
	"bufio"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"github.com/bare-go/bare/internal/conn"
)

// upgrade sends the head of a response that opens a WebSocket, and hands the connection
// over to it until it ends. The stream is not used for what follows. It reports false,
// and does nothing, when the server is stopping.
func (x *exchange) upgrade(s *WebSocket) bool {
	x.app.sockets.add(s)
	defer x.app.sockets.remove(s)
	if x.app.stopping() { // after add: a stop that comes later finds it
		return false
	}
	if c := x.sink.conn(); c != nil {
		c.StayWatched()
	}
	take := &taking{exchange: x, header: make(http.Header)}
	connection, err := websocket.Accept(take, s.request.Scope, s.acceptOptions()) // as it was checked: a middleware may have changed the handshake
	if err != nil {
		x.log.write(slog.LevelError, "a connection could not be taken over", slog.Any("error", err))
		x.ended, x.err = true, err
		panic(http.ErrAbortHandler) //nolint:forbidigo // net/http's own way to drop a connection
	}
	x.flow("websocket")
	s.serve(connection, take.wire)
	x.ended, x.err = true, s.outcome()
	x.stream.taken(take.wire.written.Load(), time.Duration(take.wire.first.Load()))
	return true
}

// taken notes what went over a connection that was taken over: nothing of it is the
// stream's to flush any more.
func (s *stream) taken(sent int64, first time.Duration) {
	s.gate.lock()
	defer s.gate.unlock()
	s.done.Store(true)
	s.stopped, s.err = true, http.ErrHijacked
	s.sent, s.firstByte = sent, first
	s.chunks = s.counted().chunks.Load()
}

// acceptOptions are what the library is to do. The handshake has been checked.
func (s *WebSocket) acceptOptions() *websocket.AcceptOptions {
	options := &websocket.AcceptOptions{InsecureSkipVerify: true, OnPingReceived: s.pinged}
	if s.options.Compression {
		options.CompressionMode = websocket.CompressionNoContextTakeover
	}
	return options
}

// taking is the ResponseWriter that the library takes a connection over from. The head
// is the exchange's own; of the library's it has the extensions.
type taking struct {
	exchange *exchange
	header   http.Header
	wire     *wire
}

func (t *taking) Header() http.Header { return t.header }

func (t *taking) Write(content []byte) (int, error) { return len(content), nil }

func (t *taking) WriteHeader(status int) {
	if status != http.StatusSwitchingProtocols {
		return // the library could not do it
	}
	x := t.exchange
	if extensions := t.header["Sec-Websocket-Extensions"]; extensions != nil {
		x.sink.w.Header()["Sec-Websocket-Extensions"] = extensions
	}
	x.stream.gate.lock()
	defer x.stream.gate.unlock()
	x.stream.sendHead()
}

// Hijack takes the connection from the server, which sends the head before that.
func (t *taking) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	x := t.exchange
	inner, buffers, err := x.sink.control().Hijack()
	if err != nil {
		return nil, nil, err
	}
	t.wire = &wire{Conn: inner, conn: x.sink.conn(), clock: &x.app.clock, started: x.stream.started, stall: x.app.watch.stall, stream: &x.stream}
	buffers.Writer.Reset(t.wire)
	return t.wire, buffers, nil
}

// A wire is a connection that was taken over. It counts, and under a server that is not
// ours it ends a write that stalls.
type wire struct {
	net.Conn

	conn    *conn.Conn // nil under a foreign server
	clock   *clock
	started time.Duration
	stall   time.Duration

	stream *stream // what others see of it

	written atomic.Int64
	first   atomic.Int64 // when the first byte was written
	ended   atomic.Bool  // a read has failed
	failed  atomic.Bool  // a write has
	closed  atomic.Bool  // the library has closed the connection
	message atomic.Bool  // a message is being written, unless the library is faster with a close frame
	last    atomic.Bool  // a close frame was written
	late    atomic.Bool  // as it has stalled
}

// Read reads what the client sends. An error comes alone, so that one is seen only by
// who needs more than has come.
func (w *wire) Read(buffer []byte) (int, error) {
	n, err := w.Conn.Read(buffer)
	if n > 0 {
		return n, nil
	}
	if err != nil {
		w.ended.Store(true)
	}
	return n, err
}

// Write sends bytes. One close frame is enough: the library, which writes one of its own,
// and the session do not know of each other's.
func (w *wire) Write(buffer []byte) (int, error) {
	if buffer[0] == finalClose && !w.message.Load() && w.last.Swap(true) {
		return len(buffer), nil
	}
	if w.written.Load() == 0 {
		w.first.Store(int64(w.clock.now() - w.started))
	}
	w.stream.waits(w.clock.now())
	n, err := w.write(buffer)
	w.written.Add(int64(n))
	w.stream.wrote(n, w.clock.now())
	if err != nil {
		w.failed.Store(true)
	}
	return n, err
}

// write has a deadline for each piece where no sweep finds a stall.
func (w *wire) write(buffer []byte) (int, error) {
	if w.conn != nil || w.stall <= 0 {
		return w.Conn.Write(buffer)
	}
	written := 0
	for {
		if err := w.SetWriteDeadline(time.Now().Add(w.stall)); err != nil {
			return written, err
		}
		n, err := w.Conn.Write(buffer[written:min(len(buffer), written+pieceSize)])
		written += n
		if err != nil {
			w.late.Store(errors.Is(err, os.ErrDeadlineExceeded))
			return written, err
		}
		if written >= len(buffer) {
			return written, nil
		}
	}
}

// Close is the library's. What closes the connection from elsewhere is abort.
func (w *wire) Close() error {
	w.closed.Store(true)
	return w.Conn.Close()
}

// broken reports whether a read or a write has failed.
func (w *wire) broken() bool { return w.ended.Load() || w.failed.Load() }

// stalled reports whether the connection ended as the client took nothing.
func (w *wire) stalled() bool { return w.late.Load() || w.conn != nil && w.conn.Stalled() }

// abort closes the connection without a word: the library waits for a close that is
// under way, and so does TLS. It may be called more than once.
func (w *wire) abort() {
	if w.conn != nil {
		_ = w.conn.Close() // beneath TLS
		return
	}
	_ = w.Conn.Close() // nobody is there who could do more about it
}

// upgrades reports whether the response opens a WebSocket. A middleware that gives it
// another status has refused that.
func (r HttpResponse) upgrades() bool {
	return r.upgrade != nil && r.Status == http.StatusSwitchingProtocols
}

// takeOver opens the response's WebSocket, and returns when that has ended. It returns
// false when there is to be none, and gives the response that is sent instead. It is not
// inlined, as its variables would take their place on the stack of each body.
//
//go:noinline
func (x *exchange) takeOver(response *HttpResponse) bool {
	if x.upgrade(response.upgrade) {
		return true
	}
	*response = x.unavailable()
	return false
}

// unavailable is the answer to a handshake that comes while the server is stopping.
func (x *exchange) unavailable() HttpResponse {
	err := &HttpError{Status: http.StatusServiceUnavailable, Err: ErrShutdown}
	response := x.render(&x.request, ErrorResponse(err))
	if err := x.stream.setHead(&response); err != nil {
		return x.refuse(err)
	}
	return response
}
