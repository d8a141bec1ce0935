package static

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"iter"
	"maps"
	"mime"
	"net/http"
	"path"
	"strconv"

	"github.com/bare-go/bare"
)

// send answers with a file. [http.ServeContent] decides what is sent; what it would
// copy becomes the body.
func (s *site) send(request *bare.HttpRequest, name string) (bare.HttpResponse, error) {
	head, file, err := s.prepare(request, name)
	if err != nil {
		return bare.HttpResponse{}, err
	}
	captured := &capture{file: file, header: head.Clone()}
	http.ServeContent(captured, request.Scope, name, file.info.ModTime(), file)
	response := bare.HttpResponse{Status: captured.status, Headers: captured.header}
	if _, ok := captured.header["Content-Length"]; !ok && captured.status == http.StatusOK {
		// ServeContent leaves it out with a Content-Encoding, lest somebody compresses here.
		response.Headers.Set("Content-Length", strconv.FormatInt(file.info.Size(), 10))
	}
	switch {
	case captured.source != nil:
		request.OnEnd(func(bare.End) { file.close() }) // the body may never be run
		response.Body = s.body(file, captured.source)
		return response, nil
	case captured.foreign:
		file.close()
		return s.sendParts(request, name)
	}
	file.close()
	if text := captured.text.Bytes(); len(text) > 0 {
		response.Headers.Set("Content-Length", strconv.Itoa(len(text)))
		response.Body = bare.BytesWriter(text)
	}
	return response, nil
}

// prepare opens the form of a file that the client prefers, and makes the headers that
// are not for ServeContent to choose.
func (s *site) prepare(request *bare.HttpRequest, name string) (http.Header, *content, error) {
	file, err := s.openContent(name)
	if err != nil {
		return nil, nil, err
	}
	head, chosen := make(http.Header), variant{name: name}
	if s.files.Precompressed {
		var choice bool
		if chosen, choice = s.choose(name, file.info, request.Scope.Header["Accept-Encoding"]); choice {
			head.Set("Vary", "Accept-Encoding")
		}
	}
	if chosen.coding != "" {
		head.Set("Content-Encoding", chosen.coding)
		head.Set("Content-Type", contentType(name, file))
		file.close()
		if file, err = s.openContent(chosen.name); err != nil {
			return nil, nil, err
		}
	}
	if value := s.files.cacheControl(name); value != "" {
		head.Set("Cache-Control", value)
	}
	if tag := s.tag(chosen, file.info); tag != "" {
		head.Set("Etag", tag)
	}
	return head, file, nil
}

// contentType is what ServeContent would say of a file: of the compressed one it knows
// neither the name nor the beginning.
func contentType(name string, plain io.Reader) string {
	if known := mime.TypeByExtension(path.Ext(name)); known != "" {
		return known
	}
	beginning := make([]byte, 512)        // as much as DetectContentType looks at
	n, _ := io.ReadFull(plain, beginning) // what could not be read has no type
	return http.DetectContentType(beginning[:n])
}

// body reads what ServeContent would have copied. It does not ask for the request's
// context: when the server stops, what has begun goes on until the end of the grace.
func (s *site) body(file *content, source io.Reader) iter.Seq[[]byte] {
	return bare.StreamWriter(func(yield func([]byte) bool) error {
		defer file.close()
		buffer, _ := s.buffers.Get().(*[]byte)
		defer s.buffers.Put(buffer)
		for {
			n, err := source.Read(*buffer)
			if n > 0 && !yield((*buffer)[:n]) {
				return nil
			}
			if errors.Is(err, io.EOF) {
				return nil // a file that has become shorter is short of its Content-Length
			}
			if err != nil {
				return err
			}
		}
	})
}

// sendParts answers with several ranges of a file, which ServeContent writes from a
// goroutine of its own: it runs until the end of the response.
func (s *site) sendParts(request *bare.HttpRequest, name string) (bare.HttpResponse, error) {
	head, file, err := s.prepare(request, name)
	if err != nil {
		return bare.HttpResponse{}, err
	}
	send := bare.FromHTTPHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer file.close()
		maps.Copy(w.Header(), head)
		http.ServeContent(w, r, name, file.info.ModTime(), file)
	}))
	return send(request), nil
}

// A capture is the ResponseWriter that ServeContent is given: it keeps the head, and
// what would be copied, without copying it.
type capture struct {
	file    *content
	header  http.Header
	status  int
	source  io.Reader    // the range of the file that is to be sent; nil for none
	foreign bool         // something else is to be sent
	text    bytes.Buffer // of an error
}

func (c *capture) Header() http.Header { return c.header }

func (c *capture) WriteHeader(status int) { c.status = cmp.Or(c.status, status) }

// errCaptured ends a copy that has not begun.
var errCaptured = errors.New("static: the copy is made later")

// Write keeps the text of an error.
func (c *capture) Write(piece []byte) (int, error) {
	if c.status < http.StatusBadRequest {
		c.foreign = true
		return 0, errCaptured
	}
	return c.text.Write(piece)
}

// ReadFrom keeps the reader that [io.CopyN] has made of the file, which stands where
// the range begins, and ends where it does.
func (c *capture) ReadFrom(source io.Reader) (int64, error) {
	if limited, ok := source.(*io.LimitedReader); ok && limited.R == c.file {
		c.source = source
	} else {
		c.foreign = true
	}
	return 0, errCaptured
}
