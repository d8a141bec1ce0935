package templates

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/bare-go/bare"
)

// ContentType is the Content-Type of the responses.
const ContentType = "text/html; charset=utf-8"

// Config says where the templates are. Folder or FS must be set; the rest is optional.
// It is copied by [New].
type Config struct {
	// Folder is the folder with the templates: on disk, relative to the working
	// directory, or in FS.
	Folder string

	// FS has the templates; nil means the disk.
	FS fs.FS

	// Shared are the folders whose templates all pages can use, wherever in the tree
	// they are: a path is shared if one of its folders has such a name. nil means
	// "layouts" and "partials".
	Shared []string

	// Suffix ends the names of the files that are templates; "" means ".html". Others
	// are not read.
	Suffix string

	// Funcs are functions for the templates, beside those of html/template. They may be
	// called by several goroutines at once.
	Funcs template.FuncMap

	// Reload has the templates read anew for each response, for development. A start
	// reads them as well. What does not parse after that is a 500 whose log entry names
	// the file.
	Reload bool
}

// Templates are a folder of templates. They are made by [New], and safe for concurrent
// use.
type Templates struct {
	config Config

	reading sync.Mutex
	read    atomic.Pointer[set] // nil until the application starts
}

// New returns the templates of an application, which reads them when it starts, or at
// the first response if nobody starts it. What does not parse keeps it from starting.
func New(app *bare.Application, config Config) *Templates {
	config.Shared = slices.Clone(config.Shared)
	config.Funcs = maps.Clone(config.Funcs)
	t := &Templates{config: config}
	app.OnStartup(func(context.Context) error {
		_, err := t.load()
		return err
	})
	return t
}

// Response is a page, made with the data, as a whole. Status 0 means 200. A page that
// is not there, or that fails, is an [bare.ErrorResponse] with the error: a plain 500,
// unless a function or a method that the page has called returned an error that chooses
// something else, as [bare.HttpError] does.
func (t *Templates) Response(status int, name string, data any) bare.HttpResponse {
	page, err := t.page(name)
	if err != nil {
		return bare.ErrorResponse(err)
	}
	var buffer bytes.Buffer
	if err := page.Execute(&buffer, data); err != nil {
		return bare.ErrorResponse(executionError(name, err))
	}
	return bare.BytesResponse(status, ContentType, buffer.Bytes())
}

// StreamResponse is a page that is sent as it is made: what comes before an action that
// takes time is with the client within a millisecond. Such an action is a function, a
// method, or a range over a channel or an iterator. One that waits must end with the
// request's context, as [bare.HttpRequest.Sleep], [bare.HttpRequest.Every] and
// [bare.Receive] do, as nothing else wakes it when the client leaves. The data must not
// be changed until the response has ended. Status 0 means 200.
//
// A page that is not there is a 500, and so is one that fails before its first byte.
// Later there is no 500 any more: the response is cut, so that what has come does not
// look like a whole page, and the error is logged. It is cut, too, if the request's
// context has ended before the page did, as when the server stops.
func (t *Templates) StreamResponse(request *bare.HttpRequest, status int, name string, data any) bare.HttpResponse {
	page, err := t.page(name)
	if err != nil {
		return bare.ErrorResponse(err)
	}
	return bare.HttpResponse{
		Status:  status,
		Headers: bare.Headers("content-type", ContentType),
		Body: bare.StreamWriter(func(yield func([]byte) bool) error {
			w := &writer{ctx: request.Context(), yield: yield}
			err := page.Execute(w, data)
			if w.ctx.Err() != nil {
				return context.Cause(w.ctx) // the page may have ended because of it
			}
			if err != nil {
				return executionError(name, err)
			}
			return nil
		}),
	}
}

// A writer yields what a template writes: its text, and the result of each action.
type writer struct {
	ctx   context.Context //nolint:containedctx // of the one response that it writes
	yield func(chunk []byte) bool
}

// errStopped ends a page whose client has left.
var errStopped = errors.New("templates: there is nobody to write to any more")

func (w *writer) Write(chunk []byte) (int, error) {
	if w.ctx.Err() != nil {
		return 0, context.Cause(w.ctx)
	}
	if !w.yield(chunk) {
		return 0, errStopped
	}
	return len(chunk), nil
}

// executionError says which page has failed; html/template says where in it.
func executionError(name string, err error) error {
	return fmt.Errorf("templates: the page %q: %w", name, err)
}

// page finds a page.
func (t *Templates) page(name string) (*template.Template, error) {
	s, err := t.current()
	if err != nil {
		return nil, err
	}
	page, ok := s.pages[name]
	if !ok {
		return nil, fmt.Errorf("templates: the page %q: %w", name, fs.ErrNotExist)
	}
	return page, nil
}

// current returns the templates as they are to be used now. They are read here if the
// application was not started.
func (t *Templates) current() (*set, error) {
	if t.config.Reload {
		return t.load()
	}
	if s := t.read.Load(); s != nil {
		return s, nil
	}
	t.reading.Lock()
	defer t.reading.Unlock()
	if s := t.read.Load(); s != nil {
		return s, nil // another response was first
	}
	return t.readAll()
}

// load reads the templates.
func (t *Templates) load() (*set, error) {
	t.reading.Lock()
	defer t.reading.Unlock()
	return t.readAll()
}

// readAll is load for who holds the mutex.
func (t *Templates) readAll() (*set, error) {
	s, err := readSet(&t.config)
	if err != nil {
		return nil, err
	}
	t.read.Store(s)
	return s, nil
}
