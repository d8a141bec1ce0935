package bare

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// What happens to a request's body that its handler leaves unread. net/http
// would read it before it lets the response's head go, and so hold the response
// back for as long as the client likes.
const (
	// drainLimit is how much of it is read and thrown away, in bytes.
	drainLimit = 256 << 10
	// drainTime is how long the connection waits for the rest of it, once the
	// response is complete.
	drainTime = 2 * time.Second
)

// The states of a request's body.
const (
	bodyFresh    int32 = iota // nobody has asked for it
	bodyClaimed               // somebody is reading it
	bodyDraining              // nobody wanted it: it is being thrown away
	bodyEnded                 // read to its end
)

// requestBody reads what the client sends after its head.
type requestBody struct {
	exchange *exchange
	source   io.ReadCloser
	state    atomic.Int32
	limit    int64         // in bytes; 0 or less means none
	count    int64         // of the bytes read
	duplex   bool          // the response's body reads it: leave it alone
	drained  chan struct{} // closed when the drain is over; nil without one

	reading  sync.Mutex // held by a Read of the source
	released bool       // it is net/http's again; under reading
}

// chunks is the iterator behind [HttpRequest.Body].
func (b *requestBody) chunks(yield func([]byte, error) bool) {
	if !b.state.CompareAndSwap(bodyFresh, bodyClaimed) {
		yield(nil, ErrBodyConsumed)
		return
	}
	b.exchange.app.clock.watch(b.exchange)
	readChunks(b.source, b.exchange.request.Scope.ContentLength, b.read, yield)
}

// read is one Read of the source, with a watch on it and the error explained.
func (b *requestBody) read(buffer []byte) (int, error) {
	b.reading.Lock()
	defer b.reading.Unlock()
	if b.released {
		return 0, ErrBodyConsumed
	}
	b.exchange.reading.begin()
	n, err := b.source.Read(buffer)
	b.exchange.reading.end()
	b.count += int64(n)
	if b.limit > 0 && b.count > b.limit {
		return 0, errTooLarge()
	}
	switch {
	case err == nil:
		return n, nil
	case errors.Is(err, io.EOF):
		b.state.Store(bodyEnded)
		return n, io.EOF
	default:
		return n, b.explain(err)
	}
}

// explain says what a failed read of the body means.
func (b *requestBody) explain(err error) error {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return errTooLarge()
	case b.exchange.reading.stalled.Load(), errors.Is(err, os.ErrDeadlineExceeded):
		return &HttpError{Status: http.StatusRequestTimeout, Err: ErrStalled}
	case b.isGone(err):
		b.exchange.lifetime.end(context.Canceled)
		return ErrClientGone
	default:
		return &HttpError{Status: http.StatusBadRequest, Message: "The request body is malformed.", Err: err}
	}
}

// isGone reports whether a failed read says that the client left. Over HTTP/2
// every failure of its own is one.
func (b *requestBody) isGone(err error) bool {
	var network *net.OpError
	scope := b.exchange.request.Scope
	return scope.ProtoMajor != 1 || scope.Context().Err() != nil ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.ErrClosedPipe) || errors.As(err, &network)
}

// settle makes sure, before the head of a response over HTTP/1.x goes out, that
// net/http will not wait for the rest of the request. A body that nobody wants
// and that is here already is read to its end, which keeps the connection;
// otherwise the connection is given up.
func (b *requestBody) settle(headers http.Header) {
	scope := b.exchange.request.Scope
	if b.state.Load() == bodyEnded || scope.ProtoMajor != 1 {
		return
	}
	if b.duplex {
		headers.Set("Connection", "close")
		return
	}
	// With "Expect: 100-continue" and no answer to it, the client waits.
	expected := scope.Header.Get("Expect") != ""
	if !expected && b.state.CompareAndSwap(bodyFresh, bodyDraining) {
		b.drained = make(chan struct{})
		go b.drain()
		if scope.ContentLength <= drainLimit && b.drainedWithin(flushDelay) {
			return
		}
	}
	headers.Set("Connection", "close")
}

// drain throws the body away. It also is the only way to see that the client
// leaves: until the body's end, net/http does not look.
func (b *requestBody) drain() {
	b.reading.Lock()
	defer b.reading.Unlock()
	defer close(b.drained)
	n, err := io.CopyN(io.Discard, b.source, drainLimit)
	switch {
	case errors.Is(err, io.EOF):
		b.state.Store(bodyEnded)
	case err != nil && n < drainLimit && !errors.Is(err, os.ErrDeadlineExceeded):
		b.exchange.lifetime.end(context.Canceled)
	}
}

func (b *requestBody) drainedWithin(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-b.drained:
		return b.state.Load() == bodyEnded
	case <-timer.C:
		return false
	}
}

// release gives an unread body back to net/http, which reads on when the response
// is complete, and bounds the time that this may take. A Read that is under way,
// of the drain or of a goroutine that the handler has left behind, is ended
// first: net/http would end it, too, and lift the bound.
func (b *requestBody) release() {
	if b.state.Load() == bodyEnded || b.exchange.request.Scope.ProtoMajor != 1 {
		return
	}
	control := &b.exchange.stream.control
	if err := control.SetReadDeadline(longAgo()); err != nil {
		return // a writer that knows no deadlines belongs to a server that has its own
	}
	b.reading.Lock()
	b.released = true
	b.reading.Unlock()
	_ = control.SetReadDeadline(time.Now().Add(drainTime)) // it has just worked
}

// longAgo is a deadline that ends what is under way.
func longAgo() time.Time { return time.Unix(1, 0) }

func errTooLarge() error {
	return &HttpError{Status: http.StatusRequestEntityTooLarge, Err: ErrBodyTooLarge}
}
