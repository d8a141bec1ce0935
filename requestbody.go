package bare

import (
	"errors"
	"io"
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
	// drainPiece is how much more is thrown away after each drainPause, as long as
	// the response lasts: a client's departure may be behind it.
	drainPiece = 64 << 10
	drainPause = time.Second
	// drainTime is how long the connection waits for the rest of it, once the
	// response is complete.
	drainTime = 2 * time.Second
)

// The states of a request's body.
const (
	bodyFresh    int32 = iota // nobody has asked for it
	bodyLooped                // a loop over HttpRequest.Body has it
	bodyOpened                // it is read as an io.Reader
	bodyDraining              // nobody wanted it: it is being thrown away
	bodyEnded                 // read to its end
)

// A requestBody is what the client sends after its head. It is the one door to it:
// the loop over [HttpRequest.Body], its Reader and the Body of its Scope all go
// through read. A nil one is empty.
type requestBody struct {
	source   io.ReadCloser
	lifetime *lifetime // over when the client has left; nil without a server
	begin    func()    // called before the first read; nil without a server
	clock    *clock    // nil without a server
	http1    bool      // over HTTP/1.x, where net/http waits for its end
	expected bool      // the client waits for a 100 Continue
	length   int64     // as declared, before it is decoded; -1 if unknown
	limit    int64     // in bytes; 0 or less means none; under the mutex
	pace     pace
	decoding *decoding // nil if the body is what is sent; under the mutex

	state   atomic.Int32
	opened  atomic.Bool   // it was read as an io.Reader
	count   int64         // of the bytes read
	failure error         // of the first read that failed: it is final; under the mutex
	duplex  atomic.Bool   // the response's body reads it: leave it alone
	drained chan struct{} // closed when the drain has come to its limit; nil without one
	over    chan struct{} // closed when the response is over; made with drained

	reading wait
	mutex   sync.Mutex // held by a read of the source
	halted  bool       // it is net/http's again; under the mutex
}

func newRequestBody(x *exchange, r *http.Request) *requestBody {
	b := &requestBody{
		source:   r.Body,
		lifetime: &x.lifetime,
		begin:    func() { x.app.watch.add(x) },
		clock:    &x.app.clock,
		http1:    r.ProtoMajor == 1,
		expected: r.Header.Get("Expect") != "",
		length:   r.ContentLength,
		limit:    x.app.BodyLimit,
		pace:     pace{least: x.app.minUploadRate(), window: x.app.watch.stall},
		decoding: x.app.compressor.decodingOf(r),
	}
	return b
}

// scope is the request with this body in the place of the server's, so that
// whoever reads it is bound to the same limits.
func (b *requestBody) scope(r *http.Request) *http.Request {
	scope := new(http.Request)
	*scope = *r
	scope.Body = b
	if b.decoding.decodes() {
		scope.Header = r.Header.Clone()
		scope.Header.Del("Content-Encoding")
		scope.Header.Del("Content-Length")
		scope.ContentLength = -1
	}
	return scope
}

// chunks is the iterator behind [HttpRequest.Body].
func (b *requestBody) chunks(yield func([]byte, error) bool) {
	if !b.state.CompareAndSwap(bodyFresh, bodyLooped) {
		yield(nil, ErrBodyConsumed)
		return
	}
	b.prepare()
	length := b.length
	if b.decoding.decodes() {
		length = -1
	}
	readChunks(length, b.read, yield)
}

// Read is for those who read the request's Scope, and for [HttpRequest.Reader].
func (b *requestBody) Read(buffer []byte) (int, error) {
	if b.state.CompareAndSwap(bodyFresh, bodyOpened) {
		b.opened.Store(true)
		b.prepare()
	}
	if !b.opened.Load() {
		return 0, ErrBodyConsumed
	}
	return b.read(buffer)
}

// Close does nothing: the server closes the body.
func (*requestBody) Close() error { return nil }

// setLimit has another limit hold from the next read on. A nil body has none.
func (b *requestBody) setLimit(limit int64) {
	if b == nil {
		return
	}
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.limit = limit
}

func (b *requestBody) prepare() {
	if b.begin != nil {
		b.begin()
	}
}

// read reads the content, with a watch on the client and within the limit. The first
// failure is final.
func (b *requestBody) read(buffer []byte) (int, error) {
	b.mutex.Lock()
	defer b.doneReading()
	if b.halted {
		return 0, ErrBodyConsumed
	}
	if b.exceeds(b.length) {
		b.failure = errTooLarge() // before a read that would ask the client to go on
	}
	if b.failure != nil {
		return 0, b.failure
	}
	n, err := b.readDecoded(buffer)
	b.count += int64(n)
	switch {
	case b.limit > 0 && b.count > b.limit:
		n, b.failure = 0, errTooLarge()
		b.decoding.drop()
	case errors.Is(err, io.EOF):
		return n, io.EOF
	case err != nil:
		b.failure = err
	}
	return n, b.failure
}

// exceeds reports whether so many bytes, as they are sent, are more than the limit.
func (b *requestBody) exceeds(length int64) bool {
	return b.limit > 0 && length > b.decoding.longest(b.limit)
}

// doneReading ends a read. If the request has ended in the meantime, its decoder is left.
func (b *requestBody) doneReading() {
	b.mutex.Unlock()
	if b.decoding != nil && b.decoding.over.Load() {
		b.closeDecoder()
	}
}

// readDecoded reads what the limits count: the content, without its encoding.
func (b *requestBody) readDecoded(buffer []byte) (int, error) {
	if b.decoding != nil {
		return b.decoding.read(buffer, b.readEncoded)
	}
	return b.readSource(buffer)
}

// readEncoded is readSource within the limit of what is sent.
func (b *requestBody) readEncoded(buffer []byte) (int, error) {
	n, err := b.readSource(buffer)
	if b.exceeds(b.decoding.encoded + int64(n)) {
		return 0, errTooLarge()
	}
	return n, err
}

// readSource is one Read of the source, with its error explained.
func (b *requestBody) readSource(buffer []byte) (int, error) {
	n, err := b.readInTime(buffer)
	switch {
	case errors.Is(err, io.EOF):
		b.state.Store(bodyEnded)
		return n, io.EOF
	case err != nil:
		return n, b.explain(err)
	}
	return n, nil
}

// readInTime reads, and fails with ErrStalled if the client takes too long for it.
func (b *requestBody) readInTime(buffer []byte) (int, error) {
	if b.clock == nil {
		return b.source.Read(buffer)
	}
	began := b.clock.now()
	b.reading.begin()
	n, err := b.source.Read(buffer)
	if !b.reading.end() || err == nil && !b.duplex.Load() && b.pace.tooSlow(n, b.clock.now()-began) {
		b.reading.stalled.Store(true)
		return n, ErrStalled
	}
	return n, err
}

// stalled reports whether the client did not send what it had promised.
func (b *requestBody) stalled() bool { return b != nil && b.reading.stalled.Load() }

// explain says what a failed read of the body means.
func (b *requestBody) explain(err error) error {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return errTooLarge()
	case b.stalled(), errors.Is(err, os.ErrDeadlineExceeded):
		return &HttpError{Status: http.StatusRequestTimeout, Err: ErrStalled}
	case b.lifetime == nil:
		return err
	case b.isGone(err):
		return ErrClientGone
	default:
		return &HttpError{Status: http.StatusBadRequest, Message: "The request body is malformed.", Err: err}
	}
}

// isGone reports whether a failed read says that the client left. Over HTTP/2
// every failure of its own is one; over HTTP/1.x net/http has ended the request's
// context if it is the connection's, and what else fails is malformed.
func (b *requestBody) isGone(err error) bool {
	return !b.http1 || b.lifetime.scope.Context().Err() != nil || errors.Is(err, io.ErrUnexpectedEOF)
}

// share prepares for a response whose body reads this one. Over HTTP/1.x it is
// enough that the connection is given up: see settle. With
// [http.ResponseController.EnableFullDuplex] net/http would take the rest of a body
// whose read has timed out for another request.
func (b *requestBody) share() {
	if b != nil {
		b.duplex.Store(true)
	}
}

// settle makes sure, before the head of a response over HTTP/1.x goes out, that
// net/http will not wait for the rest of the request. A body that nobody wants
// and that is here already is read to its end, which keeps the connection;
// otherwise the connection is given up.
func (b *requestBody) settle(sink *httpSink) {
	if b == nil || !b.http1 || b.state.Load() == bodyEnded {
		return
	}
	// With "Expect: 100-continue" and no answer to it, the client waits.
	if !b.duplex.Load() && !b.expected && b.state.CompareAndSwap(bodyFresh, bodyDraining) {
		b.drained, b.over = make(chan struct{}), make(chan struct{})
		go b.drain()
		if b.length <= drainLimit && b.drainedWithin(flushDelay) {
			return
		}
	}
	sink.giveUpConnection()
}

// drain throws the body away, at first as fast as it comes, and beyond the limit
// slowly. Where the kernel cannot be asked, or the client's window is full, it is
// the only way to see that the client leaves: until the body's end, net/http does
// not look.
func (b *requestBody) drain() {
	more := b.discard(drainLimit)
	close(b.drained)
	pause := time.NewTimer(drainPause)
	defer pause.Stop()
	for more {
		select {
		case <-pause.C:
			more = b.discard(drainPiece)
			pause.Reset(drainPause)
		case <-b.over:
			return
		}
	}
}

// discard throws away up to n bytes, and reports whether there may be more.
func (b *requestBody) discard(n int64) (more bool) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.halted {
		return false
	}
	_, err := io.CopyN(io.Discard, b.source, n)
	if errors.Is(err, io.EOF) {
		b.state.Store(bodyEnded)
	}
	return err == nil // or net/http has ended the context, if the client has left
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

// halt ends a read that is under way, of the drain or of a goroutine that the
// handler has left behind: from now on the body is net/http's.
func (b *requestBody) halt(sink *httpSink) {
	if b != nil && b.over != nil {
		close(b.over)
	}
	if b == nil || b.state.Load() == bodyEnded {
		return
	}
	// Over HTTP/2 net/http leaves alone what nobody has asked for. Whoever was about
	// to ask comes too late.
	if b.http1 || !b.state.CompareAndSwap(bodyFresh, bodyEnded) {
		if err := sink.expireReads(); err != nil {
			return // a writer that knows no deadlines belongs to a server that has its own
		}
	}
	b.mutex.Lock()
	b.halted = true
	b.mutex.Unlock()
}

// release gives an unread body back to net/http, which reads on when the response
// is complete, and bounds the time that this may take. A read that was under way
// has been ended before: net/http would end it, too, and lift the bound.
func (b *requestBody) release(sink *httpSink) {
	if b == nil || !b.halted || !b.http1 {
		return
	}
	_ = sink.readUntil(time.Now().Add(drainTime)) // expireReads has just worked
}

// closeDecoder ends the decoder when the response is over. One that is being read, by a
// goroutine that the handler has left behind, is closed after that read.
func (b *requestBody) closeDecoder() {
	if b == nil || b.decoding == nil {
		return
	}
	b.decoding.over.Store(true) // before the lock is tried: the reader looks after its unlock
	if b.mutex.TryLock() {
		defer b.mutex.Unlock()
		b.decoding.close()
	}
}

func errTooLarge() error {
	return &HttpError{Status: http.StatusRequestEntityTooLarge, Err: ErrBodyTooLarge}
}

// A pace is a check that a client sends its body fast enough, over windows of
// time in which it was waited for. The time that the handler takes is its own.
type pace struct {
	least  int64         // in bytes per second; 0 or less means none
	window time.Duration // 0 or less means none

	waited   time.Duration
	received int64
}

// tooSlow notes that n bytes came after a wait, and reports whether the window
// that ends with them had too few.
func (p *pace) tooSlow(n int, waited time.Duration) bool {
	if p.window <= 0 {
		return false
	}
	p.waited += waited
	p.received += int64(n)
	if p.waited < p.window {
		return false
	}
	slow := float64(p.received) < float64(p.least)*p.waited.Seconds()
	p.waited, p.received = 0, 0
	return slow
}
