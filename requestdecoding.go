package bare

import (
	"errors"
	"io"
	"net/http"
	"strings"
)

// maxFruitless is how many bytes of an encoded body may come that decode to nothing:
// an endless one would never meet a limit.
const maxFruitless = 1 << 20

// A decoding is the Content-Encoding of a request's body. It is used under the mutex
// of the body.
type decoding struct {
	newDecoder func(io.Reader) (io.ReadCloser, error) // nil if the encoding is not there
	refusal    error                                  // why it is nil

	decoder   io.ReadCloser // nil before the first read
	failure   error         // of the source, with io.EOF
	fruitless int           // bytes since the last one that was decoded
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
			return &decoding{newDecoder: e.NewDecoder}
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
func (d *decoding) decodes() bool { return d != nil && d.newDecoder != nil }

// read reads decoded bytes. Source is one read of the encoded body, with its own errors.
func (d *decoding) read(buffer []byte, source func([]byte) (int, error)) (int, error) {
	if d.refusal != nil {
		return 0, d.refusal
	}
	if len(buffer) == 0 {
		return 0, nil
	}
	encoded := &encodedSource{d, source}
	if d.decoder == nil {
		decoder, err := d.newDecoder(encoded)
		if err != nil {
			return 0, d.explain(err)
		}
		d.decoder = decoder
	}
	for {
		n, err := d.decoder.Read(buffer)
		switch {
		case err == nil && n == 0:
			continue // a decoder may say so, but not forever: see maxFruitless
		case errors.Is(err, io.EOF):
			d.fruitless = 0
			return n, d.end(encoded)
		case err != nil:
			return 0, d.explain(err)
		}
		d.fruitless = 0
		return n, nil
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
	if d.decoder != nil {
		_ = d.decoder.Close() // it was only read
		d.decoder = nil
	}
	d.refusal = ErrBodyConsumed
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
	if s.fruitless > maxFruitless {
		return 0, errFruitless
	}
	n, err := s.source(buffer)
	s.fruitless += n
	s.failure = err
	return n, err
}
