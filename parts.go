package bare

import (
	"cmp"
	"errors"
	"io"
	"iter"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
)

// The limits of a form with files where [PartLimits] says nothing else.
const (
	// DefaultPartCount is how many parts a form may have.
	DefaultPartCount = 1000
	// DefaultPartHeader is how many bytes the headers of one part may have: 8 KiB.
	DefaultPartHeader = 8 << 10
)

// PartLimits are what [PartsReader] accepts. The zero value has the defaults. A form
// that is over one of them fails with an [HttpError] with status 413 that wraps
// [ErrBodyTooLarge].
type PartLimits struct {
	// Parts is how many parts a form may have; 0 means [DefaultPartCount], a negative
	// one no limit.
	Parts int

	// Header is how many bytes the headers of one part may have; 0 means
	// [DefaultPartHeader], a negative one the 10 MiB of package mime/multipart.
	Header int64

	// Text is how many bytes [Part.Text] returns of all parts together, as a handler
	// may keep them all; 0 means [DefaultReadLimit], a negative one no limit.
	Text int64
}

// Parts yields the parts of an HTML form with files (multipart/form-data, RFC 7578),
// each as it comes. Nothing is kept in memory or on disk: a part is valid until the
// next one is asked for, and what is left of it then is thrown away.
//
// The limits are those of the zero [PartLimits], except that [Part.Text] returns no more
// than [Application.ReadLimit]; see [PartsReader] for others. The size of the whole
// form is limited by [Application.BodyLimit] or [HttpRequest.SetLimits] alone.
//
// The loop is single use, like that over [HttpRequest.Body], and ends after the first
// error. That is the body's own, or an [HttpError]: with status 415 for another content
// type, 400 for a form that is malformed or breaks off, and 413 for one that is too
// large. A form has been read whole when the loop has ended without an error. The
// iterator and its parts are not safe for concurrent use.
func (r *HttpRequest) Parts() iter.Seq2[*Part, error] {
	contentType := ""
	if r.Scope != nil {
		contentType = r.Scope.Header.Get("Content-Type")
	}
	return PartsReader(r.body(), contentType, PartLimits{Text: r.readLimit()})
}

// PartsReader yields the parts of a body that has the given content type. It is
// [HttpRequest.Parts] with limits of its own:
//
//	contentType := request.Scope.Header.Get("Content-Type")
//	for part, err := range bare.PartsReader(request.Body, contentType, bare.PartLimits{Parts: 3}) {
func PartsReader(body iter.Seq2[[]byte, error], contentType string, limits PartLimits) iter.Seq2[*Part, error] {
	return func(yield func(*Part, error) bool) {
		boundary, err := formBoundary(contentType)
		if err != nil {
			yield(nil, err)
			return
		}
		f := newForm(body, boundary, limits)
		defer f.stop()
		for {
			part, err := f.next()
			if part == nil && err == nil || !yield(part, err) || err != nil {
				return
			}
		}
	}
}

// formBoundary finds what separates the parts of a form (RFC 7578, section 4.1).
func formBoundary(contentType string) (string, error) {
	mediaType, parameters, err := mime.ParseMediaType(contentType)
	if mediaType != "multipart/form-data" {
		return "", errContentType("multipart/form-data")
	}
	if boundary := parameters["boundary"]; err == nil && isBoundary(boundary) {
		return boundary, nil
	}
	return "", &HttpError{Status: http.StatusBadRequest, Message: "The form has no valid boundary.", Err: err}
}

// isBoundary reports whether a boundary is one (RFC 2046, section 5.1.1).
func isBoundary(boundary string) bool {
	if len(boundary) == 0 || len(boundary) > 70 || boundary[len(boundary)-1] == ' ' {
		return false
	}
	for _, b := range []byte(boundary) {
		switch {
		case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9':
		case strings.IndexByte("'()+_,-./:=? ", b) >= 0:
		default:
			return false
		}
	}
	return true
}

// A form is what a loop over its parts knows.
type form struct {
	source partSource
	end    string // the boundary after the last part
	reader *multipart.Reader
	limits PartLimits
	part   *Part  // that the loop is at; nil before the first
	count  int    // of the parts
	text   int64  // bytes that Text has returned
	buffer []byte // for the chunks of all parts; made at the first
}

func newForm(body iter.Seq2[[]byte, error], boundary string, limits PartLimits) *form {
	f := &form{end: "--" + boundary + "--", limits: PartLimits{
		Parts:  cmp.Or(limits.Parts, DefaultPartCount),
		Header: cmp.Or(limits.Header, DefaultPartHeader),
		Text:   cmp.Or(limits.Text, DefaultReadLimit),
	}}
	f.source.chunks.body = body
	f.reader = multipart.NewReader(&f.source, boundary)
	return f
}

// stop ends the last part, and the loop over the body.
func (f *form) stop() {
	if f.part != nil {
		f.part.over = true
	}
	f.source.chunks.stop()
}

// next leaves a part for the one after it; it returns nil after the last.
func (f *form) next() (*Part, error) {
	if f.part != nil {
		f.part.over = true
		if _, err := io.Copy(io.Discard, f.part.content); err != nil {
			return nil, f.explain(err)
		}
	}
	content, err := f.nextContent()
	switch {
	case errors.Is(err, io.EOF):
		return nil, f.finish()
	case err != nil:
		return nil, f.explain(err)
	case f.limits.Header > 0 && headerBytes(content.Header) > f.limits.Header:
		return nil, errPartHeader()
	}
	if f.count++; f.limits.Parts > 0 && f.count > f.limits.Parts {
		return nil, errFormTooLarge("The form has too many parts.")
	}
	f.part, err = newPart(f, content)
	return f.part, err
}

// nextContent reads up to the end of the next part's headers. The limit of what may be
// read until then has room for the boundary.
func (f *form) nextContent() (*multipart.Part, error) {
	if f.limits.Header > 0 {
		const boundary = 128
		f.source.limited, f.source.left = true, f.limits.Header+boundary
		defer func() { f.source.limited = false }()
	}
	part, err := f.reader.NextRawPart() // as it was sent (RFC 7578, section 4.7)
	// The parser wraps the error of a line that should be a boundary, and not that of a
	// header, as which a boundary with a colon can be read.
	atBoundary := err != errBodyEnd //nolint:errorlint // see above
	if errors.Is(err, errBodyEnd) && atBoundary && f.source.lastLine() == f.end {
		err = io.EOF // the last line needs no line break
	}
	return part, err
}

// finish reads what comes after the last part, and means nothing (RFC 2046, section
// 5.1.1): before its end a body is not whole, and the connection not free.
func (f *form) finish() error {
	if _, err := io.Copy(io.Discard, &f.source); !errors.Is(err, errBodyEnd) {
		return err
	}
	return nil
}

// explain says what a failed read of the form means: the body has failed, or the
// form is malformed.
func (f *form) explain(err error) error {
	if f.source.err != nil {
		return f.source.err
	}
	return errMalformedForm(err)
}

// errBodyEnd is the end of the body. Package mime/multipart returns [io.EOF] for a form
// that breaks off in the headers of a part, if that is what its source says: then it
// would look complete.
var errBodyEnd = errors.New("bare: the body of the request ends here")

// A partSource is the body that a form is read from. It keeps the body's error, which
// the parser may wrap, and bounds how much the parser reads ahead.
type partSource struct {
	chunks  chunkReader
	err     error    // nil at the end
	tail    [80]byte // of the last read: a boundary, its hyphens and some spaces
	size    int      // of the tail
	limited bool
	left    int64 // bytes, when it is limited
}

func (s *partSource) Read(buffer []byte) (int, error) {
	if s.limited {
		if s.left <= 0 {
			s.err = errPartHeader()
			return 0, s.err
		}
		buffer = buffer[:min(int64(len(buffer)), s.left)]
	}
	n, err := s.chunks.Read(buffer)
	s.left -= int64(n)
	s.remember(buffer[:n])
	if err == io.EOF { //nolint:errorlint // the reader's own
		return n, errBodyEnd
	}
	s.err = err
	return n, err
}

// remember keeps the last bytes that were read.
func (s *partSource) remember(read []byte) {
	read = read[max(0, len(read)-len(s.tail)):]
	kept := min(s.size, len(s.tail)-len(read))
	copy(s.tail[:kept], s.tail[s.size-kept:s.size])
	s.size = kept + copy(s.tail[kept:], read)
}

// lastLine is the end of the body, without spaces after it.
func (s *partSource) lastLine() string {
	tail := string(s.tail[:s.size])
	return strings.TrimRight(tail[strings.LastIndexByte(tail, '\n')+1:], " \t")
}

// headerBytes is how many bytes the headers of a part had, without further spaces.
func headerBytes(headers map[string][]string) (n int64) {
	for name, values := range headers {
		for _, value := range values {
			n += int64(len(name) + len(": ") + len(value) + len("\r\n"))
		}
	}
	return n
}

func errPartHeader() error { return errFormTooLarge("A part of the form has too many headers.") }

func errFormTooLarge(message string) error {
	return &HttpError{Status: http.StatusRequestEntityTooLarge, Message: message, Err: ErrBodyTooLarge}
}

func errMalformedForm(err error) error {
	return &HttpError{Status: http.StatusBadRequest, Message: "The form is malformed.", Err: err}
}

var errNoFormData = errors.New("bare: a part has no Content-Disposition: form-data with a name")
