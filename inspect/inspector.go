package inspect

import (
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/sse"
)

// The defaults of [Inspector], and its limits.
const (
	DefaultRows     = 100
	DefaultInterval = time.Second

	leastInterval = 100 * time.Millisecond
)

// ErrEnded stands in [bare.End.Err] for a stream that was ended on the page.
var ErrEnded = errors.New("inspect: ended by hand")

// An Inspector is how the page is served. The zero value is right for most.
type Inspector struct {
	// Allow decides who may see the page and end streams; nil means [Local], which must
	// not be relied on behind a proxy on the same machine. It is called for each request,
	// and again before each look while the page's stream is open, which ends when it says
	// no. Others get a 403.
	Allow func(request *bare.HttpRequest) bool

	// Rows is how many streams, and how many routes, are shown at most; 0 or less means
	// [DefaultRows]. The totals are of all.
	Rows int

	// Interval is the time between two looks; 0 or less means [DefaultInterval]. It is at
	// least 100 ms.
	Interval time.Duration
}

// Serve adds the page to the application at path, such as "/inspect", with its stream
// and the end button below. It is called once, before the application serves. It panics
// when path does not begin with a slash or has variables, or is taken.
//
// The application's middlewares are around the page as around any route.
func (i Inspector) Serve(app *bare.Application, path string) {
	base := strings.TrimRight(path, "/")
	if !strings.HasPrefix(path, "/") || strings.ContainsAny(path, "{}") {
		panic("inspect: Serve: the path " + strconv.Quote(path) + " is not a plain one that begins with a slash") //nolint:forbidigo // a programmer's error, at registration
	}
	if i.Allow == nil {
		i.Allow = Local
	}
	s := &service{
		allow:   i.Allow,
		board:   newBoard(app, i.Rows, i.Interval),
		page:    newPage(),
		origins: http.NewCrossOriginProtection(),
	}
	app.OnStream(s.board.began)
	app.OnEnd(s.board.ended)
	get := bare.Methods{http.MethodGet}
	app.OnHttpRequest(get, base+"/", s.guarded(s.show))
	if base != "" {
		app.OnHttpRequest(get, base, s.guarded(s.show))
	}
	app.OnHttpRequest(get, base+"/events", s.guarded(s.events))
	app.OnHttpRequest(bare.Methods{http.MethodPost}, base+"/streams/{id:int}/end", s.guarded(s.end))
}

// A service answers the requests of one Serve.
type service struct {
	allow   func(request *bare.HttpRequest) bool
	board   *board
	page    page
	origins *http.CrossOriginProtection
}

func (s *service) guarded(handler bare.HttpHandler) bare.HttpHandler {
	return func(request *bare.HttpRequest) bare.HttpResponse {
		if !s.allow(request) {
			return refuse("The inspector is not for requests from here: see Allow in package inspect.")
		}
		return handler(request).WithHeader("x-content-type-options", "nosniff")
	}
}

func refuse(message string) bare.HttpResponse {
	return bare.ErrorResponse(&bare.HttpError{Status: http.StatusForbidden, Message: message})
}

func (s *service) show(*bare.HttpRequest) bare.HttpResponse { return s.page.response() }

// events is the stream of the page. A page of another site could read it if the
// application has a middleware that lets all sites in, so they are refused here.
func (s *service) events(request *bare.HttpRequest) bare.HttpResponse {
	if s.foreign(request.Scope) {
		return refuse("The inspector is not for other sites.")
	}
	order := request.Query().Get("order")
	return sse.Response(request, func(yield func(sse.Event) bool) {
		seen := -1 // how many ends the client knows of
		for {
			look := s.board.look(order)
			if !yield(sse.Event{Type: "look", Data: look.streams}) {
				return
			}
			if look.ended != seen && !yield(sse.Event{Type: "ends", Data: look.ends}) {
				return
			}
			seen = look.ended
			if !request.Sleep(time.Until(look.next)) || !s.allow(request) {
				return
			}
		}
	}, sse.Options{Retry: s.board.interval})
}

// foreign reports whether a page of another site asks. A GET is judged as a POST would
// be: browsers send no Sec-Fetch-Site over plain HTTP, except to localhost, and then the
// Origin counts.
func (s *service) foreign(r *http.Request) bool {
	asked := http.Request{Method: http.MethodPost, URL: r.URL, Host: r.Host, Header: r.Header}
	return s.origins.Check(&asked) != nil
}

// end ends a stream.
func (s *service) end(request *bare.HttpRequest) bare.HttpResponse {
	if err := s.origins.Check(request.Scope); err != nil {
		return refuse("The request comes from another site.")
	}
	id := request.Matches.Int("id")
	if id < 1 || !s.board.app.CutStream(uint64(id), ErrEnded) {
		return bare.ErrorResponse(&bare.HttpError{Status: http.StatusNotFound, Message: "This stream has ended already."})
	}
	logger := s.board.app.Logger
	if logger == nil {
		logger = slog.Default()
	}
	logger.LogAttrs(request.Scope.Context(), slog.LevelInfo, "inspect: a stream was ended by hand",
		slog.Int64("stream", id), slog.String("by", request.Scope.RemoteAddr))
	return bare.HttpResponse{Status: http.StatusNoContent}
}
