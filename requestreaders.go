package bare

import (
	"cmp"
	"io"
	"iter"
	"mime"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
)

// Bytes reads the whole body, up to [Application.ReadLimit]; see [BytesReader].
func (r *HttpRequest) Bytes() ([]byte, error) {
	if err := r.checkLength(); err != nil {
		return nil, err
	}
	return BytesReader(r.body(), r.readLimit())
}

// Text reads the whole body, up to [Application.ReadLimit]; see [TextReader].
func (r *HttpRequest) Text() (string, error) {
	if err := r.checkLength(); err != nil {
		return "", err
	}
	return TextReader(r.body(), r.readLimit())
}

// JSON decodes the whole body, up to [Application.ReadLimit], into the value that
// v points to; see [JSONReader]. A content type that is not JSON fails with an
// [HttpError] with status 415: a browser sends text/plain to any site without
// asking first, so that accepting it would let other sites write in your users'
// names.
//
// If v, or what it points to, has the method Validate() error, JSON calls it once the
// whole body has been decoded, and returns its error. One with the methods StatusCode
// and SafeMessage, as an [HttpError] has them, chooses its own response:
//
//	func (o *order) Validate() error {
//		if o.Count < 1 {
//			return &bare.HttpError{Status: 422, Message: "The count must be at least 1."}
//		}
//		return nil
//	}
//
// Any other is wrapped in an HttpError with status 422 (RFC 9110, section 15.5.21),
// whose message is a general one: the error's own text is not sent. Only the outermost
// value is asked. It calls the Validate of its fields and elements itself. The
// document null leaves v as it is; a pointer that it has made nil is not asked.
func (r *HttpRequest) JSON(v any) error {
	if err := r.expectType("application/json", "+json"); err != nil {
		return err
	}
	if err := r.checkLength(); err != nil {
		return err
	}
	if err := JSONReader(r.body(), r.readLimit(), v); err != nil {
		return err
	}
	return validate(v)
}

// Form decodes the whole body, up to [Application.ReadLimit], as an HTML form
// sends it (application/x-www-form-urlencoded). Another content type fails with
// an [HttpError] with status 415, and a malformed body with status 400. For a
// form with files there is [HttpRequest.Parts].
func (r *HttpRequest) Form() (url.Values, error) {
	if err := r.expectType("application/x-www-form-urlencoded", ""); err != nil {
		return nil, err
	}
	text, err := r.Text()
	if err != nil {
		return nil, err
	}
	values, err := url.ParseQuery(text)
	if err != nil {
		return nil, &HttpError{Status: http.StatusBadRequest, Message: "The form is malformed.", Err: err}
	}
	return values, nil
}

// Reader reads the body as it comes, with its errors; see [HttpRequest.Body]. It
// takes the body over, ends with the response, and is not safe for concurrent use.
func (r *HttpRequest) Reader() io.Reader {
	if own := r.ownBody(); own != nil {
		return own
	}
	reader := &chunkReader{body: r.body()}
	switch {
	case r.exchange != nil:
		r.exchange.addHooks().cleanUp(reader.stop)
	default:
		r.OnEnd(func(End) { reader.stop() })
	}
	return reader
}

// ownBody is the body as the server, NewHttpRequest or FromHTTPMiddleware made it,
// nil if there is none or a middleware has put another one in its place.
func (r *HttpRequest) ownBody() *requestBody {
	var own *requestBody
	switch {
	case r.replaced != nil:
		own = r.replaced
	case r.exchange != nil:
		own = r.exchange.body
	case r.detached != nil:
		own = r.detached.body
	}
	// Functions cannot be compared, but what they run can: no other function is
	// the loop of a requestBody.
	if own == nil || reflect.ValueOf(r.Body).Pointer() != reflect.ValueOf(own.chunks).Pointer() {
		return nil
	}
	return own
}

// checkLength refuses a body that declares to be over the limit, before it is
// read: the client may be waiting to be asked for it.
func (r *HttpRequest) checkLength() error {
	limit := cmp.Or(r.readLimit(), DefaultReadLimit)
	if own := r.ownBody(); own != nil && limit > 0 && own.length > own.decoding.longest(limit) {
		return errTooLarge()
	}
	return nil
}

func (r *HttpRequest) readLimit() int64 {
	switch {
	case r.limits.read != 0:
		return r.limits.read
	case r.exchange == nil:
		return DefaultReadLimit
	default:
		return r.exchange.app.ReadLimit
	}
}

// SetLimits replaces the application's limits for this request's body, with lower ones
// or higher ones: body is in the place of [Application.BodyLimit], and read in that of
// [Application.ReadLimit]. Both are in bytes; 0 leaves a limit as it is, and a negative
// one takes it away. It is called before the body is read, by a middleware or a handler;
// the last call decides. It does not lift a limit that a middleware of net/http has set.
func (r *HttpRequest) SetLimits(body, read int64) {
	if read != 0 {
		r.limits.read = read
	}
	if body == 0 {
		return
	}
	r.limits.body = body
	r.replaced.setLimit(body)
	if r.exchange != nil {
		r.exchange.body.setLimit(body)
	}
	if r.detached != nil {
		r.detached.body.setLimit(body)
	}
}

// body is the body that a middleware may have replaced, or that of a request
// made by hand.
func (r *HttpRequest) body() iter.Seq2[[]byte, error] {
	if r.Body != nil || r.Scope == nil || r.Scope.Body == nil || r.Scope.Body == http.NoBody {
		return r.Body
	}
	return func(yield func([]byte, error) bool) {
		readChunks(r.Scope.ContentLength, r.Scope.Body.Read, yield)
	}
}

// expectType refuses a body of another type than the one named, or one that ends
// in suffix, unless that is empty.
func (r *HttpRequest) expectType(name, suffix string) error {
	given := ""
	if r.Scope != nil {
		given = r.Scope.Header.Get("Content-Type")
	}
	mediaType, _, err := mime.ParseMediaType(given)
	if err == nil && (mediaType == name || suffix != "" && strings.HasSuffix(mediaType, suffix)) {
		return nil
	}
	return errContentType(name)
}

func errContentType(wanted string) error {
	return &HttpError{
		Status:  http.StatusUnsupportedMediaType,
		Message: "The request body must have the content type " + wanted + ".",
	}
}

// chunkReader turns a body into an [io.Reader].
type chunkReader struct {
	body iter.Seq2[[]byte, error]
	over atomic.Bool // the response has ended

	mutex sync.Mutex // held while next runs: halt must not run beside it
	next  func() ([]byte, error, bool)
	halt  func()
	rest  []byte
	err   error
}

func (c *chunkReader) Read(buffer []byte) (int, error) {
	c.mutex.Lock()
	defer func() {
		c.mutex.Unlock()
		if c.over.Load() {
			c.stop() // it found the mutex taken by this Read
		}
	}()
	if c.next == nil && c.err == nil {
		c.start()
	}
	for len(c.rest) == 0 && c.err == nil {
		chunk, err, ok := c.next()
		if !ok {
			err = io.EOF
		}
		c.rest, c.err = chunk, err
	}
	if n := copy(buffer, c.rest); n > 0 || len(buffer) == 0 {
		c.rest = c.rest[n:]
		return n, nil
	}
	c.close()
	return 0, c.err
}

func (c *chunkReader) start() {
	switch {
	case c.over.Load():
		c.err = ErrBodyConsumed
	case c.body == nil:
		c.err = io.EOF
	default:
		c.next, c.halt = iter.Pull2(c.body)
	}
}

func (c *chunkReader) close() {
	if c.halt != nil {
		c.halt()
		c.halt = nil
	}
}

// stop ends a reader that was not read to its end. A Read that is under way, in
// a goroutine that the handler has left behind, ends it itself.
func (c *chunkReader) stop() {
	c.over.Store(true)
	if !c.mutex.TryLock() {
		return
	}
	defer c.mutex.Unlock()
	c.close()
	if c.err == nil {
		c.rest, c.err = nil, ErrBodyConsumed
	}
}
