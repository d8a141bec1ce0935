package static

import (
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/bare-go/bare"
)

const index = "index.html"

// A handler answers requests for the files of one folder.
type handler struct {
	app   *bare.Application
	files Files

	opening sync.Mutex
	site    atomic.Pointer[site] // nil until the application starts
}

// open opens the folder, again if it is open: it may be another one at each start.
// What a request still reads stays open until it has been read.
func (h *handler) open() error {
	h.opening.Lock()
	defer h.opening.Unlock()
	_, err := h.reopen()
	return err
}

// reopen is open for who holds the mutex.
func (h *handler) reopen() (*site, error) {
	opened, err := openSite(&h.files, h.logger())
	if err != nil {
		return nil, err
	}
	h.site.Store(opened)
	return opened, nil
}

// current returns the open folder. It opens it, once, if nobody has started the
// application.
func (h *handler) current() (*site, error) {
	if opened := h.site.Load(); opened != nil {
		return opened, nil
	}
	h.opening.Lock()
	defer h.opening.Unlock()
	if opened := h.site.Load(); opened != nil {
		return opened, nil // another request was first
	}
	return h.reopen()
}

func (h *handler) logger() *slog.Logger {
	if h.app.Logger == nil {
		return slog.Default()
	}
	return h.app.Logger
}

// handle is the [bare.HttpHandler].
func (h *handler) handle(request *bare.HttpRequest) bare.HttpResponse {
	opened, err := h.current()
	if err != nil {
		return bare.ErrorResponse(err)
	}
	return h.answer(opened, request)
}

// answer finds the file, as [http.FileServerFS] does.
func (h *handler) answer(s *site, request *bare.HttpRequest) bare.HttpResponse {
	at := request.Scope.URL.Path
	if strings.HasSuffix(at, "/"+index) {
		return redirect(request, "./")
	}
	name := nameOf(request)
	if h.files.hides(name) {
		return h.missing(s, request, name)
	}
	info, err := s.stat(name)
	if err != nil {
		return h.failed(s, request, name, err)
	}
	slashed := strings.HasSuffix(at, "/")
	switch {
	case !info.IsDir() && slashed:
		return redirect(request, "../"+escaped(path.Base(at)))
	case !info.IsDir():
		return h.send(s, request, name)
	case !s.hasIndex(name):
		return h.missing(s, request, name)
	case !slashed:
		return redirect(request, escaped(path.Base(at)+"/"))
	}
	return h.send(s, request, path.Join(name, index))
}

// send answers with a file that is there.
func (h *handler) send(s *site, request *bare.HttpRequest, name string) bare.HttpResponse {
	response, err := s.send(request, name)
	if err != nil {
		return h.failed(s, request, name, err)
	}
	return response
}

// failed answers when a file could not be opened.
func (h *handler) failed(s *site, request *bare.HttpRequest, name string, err error) bare.HttpResponse {
	switch {
	case s.isMissing(name, err):
		return h.missing(s, request, name)
	case errors.Is(err, fs.ErrPermission):
		return bare.ErrorResponse(&bare.HttpError{Status: http.StatusForbidden, Err: err})
	}
	return bare.ErrorResponse(err)
}

// missing answers a path that has no file: with the fallback, or as the application
// answers any path that it does not have.
func (h *handler) missing(s *site, request *bare.HttpRequest, name string) bare.HttpResponse {
	if h.files.Fallback != "" && (name == "." || !strings.Contains(path.Base(name), ".")) {
		response, err := s.send(request, h.files.Fallback)
		if err != nil { // it was there at the start
			return bare.ErrorResponse(err)
		}
		return response
	}
	if h.app.NotFound != nil {
		return h.app.NotFound(request)
	}
	return bare.ErrorResponse(&bare.HttpError{Status: http.StatusNotFound})
}

// redirect sends the client to a path relative to its own, which is right wherever
// the files are: behind a proxy, too.
func redirect(request *bare.HttpRequest, location string) bare.HttpResponse {
	if query := request.Scope.URL.RawQuery; query != "" {
		location += "?" + query
	}
	return bare.RedirectResponse(http.StatusMovedPermanently, location)
}

// escaped is a path as it stands in a URL. One with a colon in front begins with "./",
// or it would be a scheme.
func escaped(path string) string { return (&url.URL{Path: path}).String() }
