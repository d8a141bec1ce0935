package bare

import (
	"errors"
	"io"
	"math"
	"net/http"
	"strings"
	"sync/atomic"
)

// An encoded body may be longer than what it decodes to: each flush and each member adds
// bytes that decode to nothing. An endless one of them would never meet a limit of the
// decoded bytes.
const (
	// fruitlessBytes is how many bytes may come that decode to nothing.
	fruitlessBytes = 1 << 20
	// fruitlessRatio is how many more may come for each byte that was decoded. A client
	// that makes a member of gzip of every single byte sends 21.
	fruitlessRatio = 32
	// encodedSlack is how many bytes an encoded body may be longer than the limit, and
	// one in encodedShare of them more: the limit is that of the decoded body, too, and
	// what cannot be compressed becomes a little longer.
	encodedSlack = 64 << 10
	encodedShare = 64
)

// A decoding is the Content-Encoding of a request's body. It is used under the mutex
// of the body.
type decoding struct {
	encoding   *pooledEncoding // nil if the encoding is not there
	refusal    error           // why it is nil
	compressor *compressor

	decoder io.ReadCloser // nil before the first read, and after the last
	held    bool          // the memory of the decoder
	failure error         // of the source, with io.EOF
	final   error         // of the decoded body, with io.EOF
	encoded int64         // bytes that the source had
	decoded int64         // bytes that they were
	over    atomic.Bool   // the request has ended
}

// decodingOf returns how a request's body is decoded, nil if it is not. One encoding is
// enough: two are sent by nobody but attackers.
func (c *compressor) decodingOf(r *http.Request) *decoding {
	if c == nil || len(r.Header["Content-Encoding"]) == 0 {
		return nil
	}
	name := ""
	for member := range strings.SplitSeq(strings.Join(r.Header["Content-Encoding"], ","), ",") {
		member = strings.ToLower(strings.TrimSpace(member))
		switch {
		case member == "", member == "identity":
		case name == "":
			name = member
		default:
			return c.refusing()
		}
	}
	if name == "" {
		return nil
	}
	for _, e := range c.encodings {
		if e.NewDecoder != nil && (e.Name == name || e.Name == gzipName && name == "x-gzip") {
			return &decoding{encoding: e, compressor: c}
		}
	}
	return c.refusing()
}

func (c *compressor) refusing() *decoding {
	return &decoding{refusal: &HttpError{
		Status:  http.StatusUnsupportedMediaType,
		Message: "The request body must have one of these content encodings: " + c.accepted + ".",
		headers: http.Header{"Accept-Encoding": []string{c.accepted}}, // RFC 9110, section 12.5.3
	}}
}

// decodes reports whether the body is decoded: what the head says of it no longer holds.
func (d *decoding) decodes() bool { return d != nil && d.encoding != nil }

// longest is how long the encoded body may be for a limit of the decoded one.
func (d *decoding) longest(limit int64) int64 {
	if !d.decodes() || limit > math.MaxInt64/2 {
		return limit
	}
	return limit + limit/encodedShare + encodedSlack
}

// read reads decoded bytes. Source is one read of the encoded body, with its own errors.
// The decoder goes with the first error: the response may be a stream that is open for
// hours.
func (d *decoding) read(buffer []byte, source func([]byte) (int, error)) (int, error) {
	switch {
	case d.refusal != nil:
		return 0, d.refusal
	case d.final != nil:
		return 0, d.final
	case len(buffer) == 0:
		return 0, nil
	}
	n, err := d.decode(buffer, &encodedSource{d, source})
	d.decoded += int64(n)
	if err != nil {
		d.final = err
		d.drop()
	}
	return n, err
}

// decode is one read of the decoder, which is made for the first one.
func (d *decoding) decode(buffer []byte, encoded *encodedSource) (int, error) {
	if err := d.open(encoded); err != nil {
		return 0, err
	}
	for {
		n, err := d.decoder.Read(buffer[:min(len(buffer), largeBuffer)]) // what it decodes is counted after it
		switch {
		case err == nil && n == 0:
			continue // a decoder may say so, but not forever: see fruitlessBytes
		case errors.Is(err, io.EOF):
			return n, d.end(encoded)
		case err != nil:
			return n, d.explain(err)
		}
		return n, nil
	}
}

// open makes the decoder, if there is memory for it.
func (d *decoding) open(encoded *encodedSource) error {
	if d.decoder != nil {
		return nil
	}
	if d.held = d.compressor.acquire(d.encoding.DecoderMemory); !d.held {
		return errNoDecoder()
	}
	decoder, err := d.encoding.NewDecoder(encoded)
	if err != nil {
		return d.explain(err)
	}
	d.decoder = decoder
	return nil
}

// drop closes the decoder, and gives its memory back. It does nothing to a nil one.
func (d *decoding) drop() {
	if d == nil {
		return
	}
	if d.decoder != nil {
		_ = d.decoder.Close() // it was only read
		d.decoder = nil
	}
	if d.held {
		d.held = false
		d.compressor.release(d.encoding.DecoderMemory)
	}
}

// end reads the end of the encoded body, behind which there is nothing.
func (d *decoding) end(encoded io.Reader) error {
	var one [1]byte
	for d.failure == nil {
		if n, _ := encoded.Read(one[:]); n > 0 {
			return errUndecodable(errors.New("bare: there is more behind the end of the encoded body"))
		}
	}
	return d.failure
}

// explain tells an error of the source from one of the decoder.
func (d *decoding) explain(err error) error {
	if d.failure != nil && !errors.Is(d.failure, io.EOF) {
		return d.failure
	}
	return errUndecodable(err)
}

// close is called when the request has ended. Whoever reads on comes too late.
func (d *decoding) close() {
	d.drop()
	d.refusal = ErrBodyConsumed
}

// errNoDecoder asks the client to come back: the decoders of other requests end soon.
func errNoDecoder() error {
	return &HttpError{
		Status:  http.StatusServiceUnavailable,
		Message: "Too many compressed requests are being read. Try again, or send the body as it is.",
		headers: http.Header{"Retry-After": []string{"1"}},
	}
}

func errUndecodable(err error) error {
	return &HttpError{Status: http.StatusBadRequest, Message: "The request body is not in its content encoding.", Err: err}
}

var errFruitless = errors.New("bare: the encoded body decodes to nothing")

// An encodedSource is what a decoder reads from.
type encodedSource struct {
	*decoding

	source func([]byte) (int, error)
}

func (s *encodedSource) Read(buffer []byte) (int, error) {
	if s.failure != nil {
		return 0, s.failure
	}
	if s.encoded > fruitlessBytes+fruitlessRatio*s.decoded {
		return 0, errFruitless
	}
	n, err := s.source(buffer)
	s.encoded += int64(n)
	s.failure = err
	return n, err
}
