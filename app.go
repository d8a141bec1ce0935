package bare

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bare-go/bare/internal/faketime"
	"github.com/bare-go/bare/internal/routing"
)

// An HttpHandler answers a request. The response's body is run after the handler
// has returned.
type HttpHandler func(request *HttpRequest) HttpResponse

// DefaultStallTimeout is how long a client may make no progress unless
// [Application.StallTimeout] says something else.
const DefaultStallTimeout = 30 * time.Second

// DefaultMinUploadRate is how slowly a client may send a request's body, in bytes
// per second, unless [Application.MinUploadRate] says something else.
const DefaultMinUploadRate = 240

// An Application maps requests to handlers and streams what they return. It is an
// [http.Handler], safe for concurrent use; its fields, routes, groups and mounts are
// set before it serves, and not changed after. It is made by [NewApplication].
type Application struct {
	// HttpRouter finds the handler for a request.
	HttpRouter HttpRouter

	// WebSocketRouter finds the handler for a WebSocket. A GET that asks for one goes to
	// its route, if there is one, and all other requests for the same path to those of
	// HttpRouter. A path that only it has answers 426 without an upgrade.
	WebSocketRouter WebSocketRouter

	// WebSocketOptions are for all WebSockets, unless their own say something else.
	WebSocketOptions WebSocketOptions

	// Middlewares wrap every handler, the first one outermost, and so also the
	// answers to a path that is not there (404), a method that it does not have
	// (405), and OPTIONS. One that is nil keeps the application from starting.
	Middlewares []HttpMiddleware

	// Info is what handlers share.
	Info *Info

	// NotFound answers a path that no route has, instead of OnError; nil means a
	// 404 as OnError renders it.
	NotFound HttpHandler

	// OnError renders errors: a path or a method that is not there (404, 405), a body
	// that cannot be read (400, 413, 415), a panic, a response that was refused, a body
	// that failed before its head was sent, and every [ErrorResponse]. nil means the
	// default: a problem in JSON (RFC 9457) for a client whose Accept header names JSON
	// and does not prefer text, and plain text for all others, with Vary: Accept. See
	// [ProblemResponse] for JSON in any case.
	//
	// It is called before a middleware sees the response. Headers that were added to
	// the ErrorResponse are kept, and replace its own, except for Vary and Set-Cookie,
	// which are joined. Its status 0 means the error's own. The error is the one that
	// was given to ErrorResponse, or an [HttpError] that has the status and wraps the
	// cause, such as a panic: not all of it may be shown to the client. An error that
	// is sent with a status of 500 or more is logged. When OnError returns an
	// ErrorResponse, that is sent in the default form. So is the error when OnError
	// panics, which is logged.
	//
	// It is called in the goroutine of the request, for several requests at once. When
	// it replaces a body that failed, its response must not be longer than 1 MiB, as
	// it is read to its end first.
	OnError func(request *HttpRequest, err error) HttpResponse

	// Logger is told of what went wrong; nil means [slog.Default]. What a client
	// does wrong is logged at the debug level.
	Logger *slog.Logger

	// StallTimeout is how long a client may make no progress before it is cut off:
	// in which its kernel acknowledges nothing of what waits for it, over HTTP/2 it
	// lets nothing of a stream through, or it sends nothing of the body that it has
	// promised. 0 means [DefaultStallTimeout], a negative one no limit. A stream
	// that is silent does not stall.
	StallTimeout time.Duration

	// MinUploadRate is how many bytes per second of a request's body a client must
	// send while it is waited for, taken over each StallTimeout; 0 means
	// [DefaultMinUploadRate], a negative one no minimum. It does not apply to a
	// body that the response reads: see [HttpRequest.Duplex].
	MinUploadRate int64

	// ReadLimit is how many bytes the methods of [HttpRequest] that read a whole
	// body accept; 0 means [DefaultReadLimit], a negative one no limit.
	ReadLimit int64

	// BodyLimit is how many bytes of a body may be read at all, by a stream as
	// well; 0 or less means no limit.
	BodyLimit int64

	// Compression has responses compressed, and the bodies of requests decompressed; nil
	// means neither.
	Compression *Compression

	once       sync.Once
	pipeline   HttpHandler // the middlewares around the handler of the request
	mounts     []mount     // the longest prefix first
	groups     routing.Prefixes[*Group]
	wrapping   wrapping
	clock      clock
	watch      watch
	observers  observers
	sockets    sockets
	compressor *compressor // nil without compression
	lifespan   lifespan
}

// NewApplication returns an application with a router, an Info, and nothing else.
func NewApplication() *Application {
	return &Application{HttpRouter: NewHttpRouter(), WebSocketRouter: NewWebSocketRouter(), Info: new(Info)}
}

// OnHttpRequest adds a route: for those who like the methods and the path beside
// the handler. It is HttpRouter.Add.
func (a *Application) OnHttpRequest(methods Methods, path string, handler HttpHandler) {
	a.HttpRouter.Add(methods, path, handler)
}

// ServeHTTP answers a request, inside what [Application.Wrap] has put around it.
func (a *Application) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if a.wrapping.outermost != nil {
		a.wrapping.outermost.ServeHTTP(w, r)
		return
	}
	a.route(w, r)
}

// route is a request's way from top to bottom.
func (a *Application) route(w http.ResponseWriter, r *http.Request) {
	path := routedPath(r)
	handler, matches := a.resolve(r.Method, path)
	if r.Method == http.MethodGet && wantsWebSocket(r) {
		if socket, found := a.resolveWebSocket(path); socket != nil { //nolint:contextcheck // the request holds it
			handler, matches = socket, found
		}
	}
	if mounted := a.mounted(path, handler, matches); mounted != nil {
		a.serveMounted(w, r, mounted) //nolint:contextcheck // the request holds it
		return
	}
	a.wrapping.name(r, matches)
	if handler == nil {
		handler, matches = a.unrouted(r.Method, path) //nolint:contextcheck // the request holds it
	}
	a.exchange(w, r, handler, matches).serve() //nolint:contextcheck // the request holds it
}

// serveMounted hands a request over. What is sent after the handler has returned
// waits for no client of HTTP/2 that lets nothing through, as in a response of ours.
func (a *Application) serveMounted(w http.ResponseWriter, r *http.Request, mounted http.Handler) {
	a.once.Do(func() { a.prepare(faketime.In(r.Context())) })
	mounted.ServeHTTP(w, r)
	sink := httpSink{w: w, scope: r}
	sink.expireLater(a.stallTimeout())
}

// exchange begins a request that has a handler.
func (a *Application) exchange(w http.ResponseWriter, r *http.Request, handler HttpHandler, matches Matches) *exchange {
	a.once.Do(func() { a.prepare(faketime.In(r.Context())) })
	x := newExchange(a, w, r)
	x.handler = handler
	x.request.Matches = matches
	return x
}

// check reports the fields that keep the application from starting.
func (a *Application) check() error {
	var faults []error
	for i, middleware := range a.Middlewares {
		if middleware == nil {
			faults = append(faults, fmt.Errorf("bare: Application.Middlewares[%d] is nil", i))
		}
	}
	return errors.Join(append(faults, a.Compression.check())...)
}

// routedPath is the path that a request asks for. GET http://host has an empty
// one, which is the same as a slash, unless it is for OPTIONS (RFC 9110, section
// 4.2.3), where it means the server as a whole. CONNECT asks for no path, and
// neither does GET http:text, which names no host.
func routedPath(r *http.Request) string {
	switch {
	case r.URL.Path != "", r.URL.Opaque != "", r.Method == http.MethodOptions, r.Method == http.MethodConnect:
		return r.URL.Path
	}
	return "/"
}

// errNoExchange is the cause of a 500: only a request that the server made, or a
// copy of it, leads to a handler.
var errNoExchange = errors.New("bare: a middleware has called its handler with a request of its own")

// noExchange answers a request that a middleware has made. It is seldom called, and
// inlined it would lie on the stack of every request.
//
//go:noinline
func noExchange(*HttpRequest) HttpResponse {
	return ErrorResponse(&HttpError{Status: http.StatusInternalServerError, Err: errNoExchange})
}

// prepare fixes what depends on the fields, and on whether time is fake, and has the
// router compile its routes: when the application has started, or at the first
// request if nobody starts it.
func (a *Application) prepare(fake bool) {
	a.wrapping.sealed.Store(true)
	for _, router := range []any{a.HttpRouter, a.WebSocketRouter} {
		if router, ok := router.(interface{ Build() }); ok {
			router.Build()
		}
	}
	a.groups.Build()
	a.pipeline = Chain(func(request *HttpRequest) HttpResponse {
		if request.exchange == nil {
			return noExchange(request)
		}
		return request.exchange.handler(request)
	}, a.Middlewares...)
	a.compressor = newCompressor(a.Compression)
	a.clock.base = time.Now()
	a.clock.delay = flushDelay
	if fake {
		a.clock.delay = fakeDelay
	}
	a.watch.clock = &a.clock
	a.watch.stall = a.stallTimeout()
}

// resolve finds a route's handler. Every route for GET also answers HEAD (RFC
// 9110, section 9.3.2).
func (a *Application) resolve(method, path string) (HttpHandler, Matches) {
	handler, matches := a.HttpRouter.Resolve(method, path)
	if handler == nil && method == http.MethodHead {
		handler, matches = a.HttpRouter.Resolve(http.MethodGet, path)
	}
	return handler, matches
}

// fallback is the handler for a request that no route has.
func (a *Application) fallback(method, path string) HttpHandler {
	allowed := a.HttpRouter.Allowed(path)
	if socket, _ := a.resolveWebSocket(path); socket != nil {
		if method == http.MethodGet || method == http.MethodHead {
			return socket // which says that an upgrade is needed
		}
		allowed = append(slices.Clone(allowed), http.MethodGet)
	}
	if len(allowed) == 0 {
		if a.NotFound != nil {
			return a.NotFound
		}
		return func(*HttpRequest) HttpResponse { return ErrorResponse(&HttpError{Status: http.StatusNotFound}) }
	}
	allow := allowHeader(allowed)
	return func(*HttpRequest) HttpResponse {
		if method == http.MethodOptions {
			return HttpResponse{Status: http.StatusNoContent, Headers: Headers("allow", allow)}
		}
		return ErrorResponse(&HttpError{Status: http.StatusMethodNotAllowed}).WithHeader("allow", allow)
	}
}

// allowHeader lists the methods of a path, with those that the application adds
// (RFC 9110, section 10.2.1).
func allowHeader(allowed Methods) string {
	allowed = append(Methods{http.MethodOptions}, allowed...)
	if slices.Contains(allowed, http.MethodGet) {
		allowed = append(allowed, http.MethodHead)
	}
	slices.Sort(allowed)
	return strings.Join(slices.Compact(allowed), ", ")
}

func (a *Application) logger() *slog.Logger {
	if a.Logger == nil {
		return slog.Default()
	}
	return a.Logger
}

// minUploadRate is MinUploadRate with its default; 0 means no minimum.
func (a *Application) minUploadRate() int64 {
	if a.MinUploadRate == 0 {
		return DefaultMinUploadRate
	}
	return max(a.MinUploadRate, 0)
}

// stallTimeout is StallTimeout with its default; 0 means no limit.
func (a *Application) stallTimeout() time.Duration {
	if a.StallTimeout == 0 {
		return DefaultStallTimeout
	}
	return max(a.StallTimeout, 0)
}
