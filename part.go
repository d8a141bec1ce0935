package bare

import (
	"errors"
	"io"
	"iter"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"unicode"
)

// A Part is one field or file of a form, as [HttpRequest.Parts] yields it. It is
// valid until the loop goes on: a later read returns [ErrBodyConsumed]. Its names, its
// headers and its content are what the client has sent: check what you rely on.
type Part struct {
	// Name is that of the field, as the client wrote it: browsers write a quotation
	// mark as %22. Several parts may have the same one, as the files of one field do.
	Name string

	// Filename is what the client calls the file: the last element of what was sent,
	// whether with slashes or backslashes, as valid UTF-8 and without control
	// characters. It is "" if nothing else is left, or only "." or "..". Show it to
	// people, and choose the names of your own files yourself: two users may send the
	// same one, and some names mean a device on Windows.
	Filename string

	// Headers are the part's own, by their canonical names.
	Headers http.Header

	// Body yields the content, chunk by chunk, as it comes. It is single use, as
	// [HttpRequest.Body] is, has the same errors, and suits the same readers:
	// [BytesReader], [TextReader] and [JSONReader] have a limit for one part.
	Body iter.Seq2[[]byte, error]

	form    *form
	content io.Reader
	file    bool
	looped  bool // the content was asked for by a loop, or a method that has one
	opened  bool // it was asked for by Reader
	over    bool // the loop over the parts has gone on
}

// partBuffer is as many bytes of a part as package mime/multipart has at once.
const partBuffer = 4 << 10

func newPart(f *form, content *multipart.Part) (*Part, error) {
	headers := http.Header(content.Header)
	disposition, parameters, err := mime.ParseMediaType(headers.Get("Content-Disposition"))
	name, named := parameters["name"]
	if err != nil || disposition != "form-data" || !named {
		return nil, errMalformedForm(errNoFormData)
	}
	filename, file := parameters["filename"]
	p := &Part{
		Name: name, Filename: cleanFilename(filename), Headers: headers,
		form: f, content: content, file: file,
	}
	p.Body = p.chunks
	return p, nil
}

// cleanFilename removes the path from a file's name (RFC 7578, section 4.2), and what
// would do harm in a log or a terminal: control characters, and those that turn the
// direction of the text, with which "exe.txt" can be shown for "txt.exe".
func cleanFilename(filename string) string {
	filename = filename[strings.LastIndexAny(filename, `/\`)+1:]
	filename = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, filename) // which makes what is not UTF-8 U+FFFD
	if filename == "." || filename == ".." {
		return ""
	}
	return filename
}

// IsFile reports whether the part is a file, as the client has given it a name. A
// browser sends a file field without a file as an empty file whose name is "".
func (p *Part) IsFile() bool { return p.file }

// ContentType is what the client says that the content is, with parameters;
// "text/plain" if it says nothing (RFC 7578, section 4.4).
func (p *Part) ContentType() string {
	if given := p.Headers.Get("Content-Type"); given != "" {
		return given
	}
	return "text/plain"
}

// Text reads what a field says, up to [PartLimits.Text], which all parts share. What
// is not UTF-8 is kept as it came.
func (p *Part) Text() (string, error) {
	var text []byte
	for chunk, err := range p.chunks {
		if err != nil {
			return "", err
		}
		p.form.text += int64(len(chunk))
		if limit := p.form.limits.Text; limit > 0 && p.form.text > limit {
			return "", errFormTooLarge("The fields of the form are too long.")
		}
		text = append(text, chunk...)
	}
	return string(text), nil
}

// Reader reads the content as it comes, with the errors of Body, which it takes over.
// It ends with the part.
func (p *Part) Reader() io.Reader { return partReader{p} }

// partReader is the Reader of a part. Part itself has no Read, so that a handler says
// once how it reads.
type partReader struct{ part *Part }

func (r partReader) Read(buffer []byte) (int, error) {
	if r.part.looped {
		return 0, ErrBodyConsumed
	}
	r.part.opened = true
	return r.part.read(buffer)
}

func (p *Part) chunks(yield func([]byte, error) bool) {
	if p.looped || p.opened {
		yield(nil, ErrBodyConsumed)
		return
	}
	p.looped = true
	if p.form.buffer == nil {
		p.form.buffer = make([]byte, partBuffer)
	}
	for {
		n, err := p.read(p.form.buffer)
		if n > 0 && !yield(p.form.buffer[:n], nil) {
			return
		}
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			yield(nil, err)
			return
		}
	}
}

func (p *Part) read(buffer []byte) (int, error) {
	if p.over {
		return 0, ErrBodyConsumed
	}
	n, err := p.content.Read(buffer)
	if err != nil && err != io.EOF { //nolint:errorlint // the parser's own: the body's may wrap it
		err = p.form.explain(err)
	}
	return n, err
}
