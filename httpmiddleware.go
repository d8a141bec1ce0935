package bare

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
)

// FromHTTPMiddleware makes a middleware of one that was written for net/http, for
// [Application.Middlewares] or [Chain]. It is called here, once, and what it
// returns serves every request. Streams stay live: a chunk goes through the
// middleware's ResponseWriter, which is flushed when no other chunk follows within
// a millisecond, and the middleware's own handler returns when the stream has
// ended.
//
// The handler inside sees the request as the middleware has changed it: context,
// headers, address, remote address and body. Matches, Info, Locals, OnEnd and
// pushes are those of the request outside. The headers of its response take the
// place of those that the middleware has set, except for Vary and Set-Cookie, which
// are joined. A middleware that answers by itself does not run the handler. A body
// that fails cuts the response, whatever the middleware makes of it; the middleware
// sees a panic with [http.ErrAbortHandler], as with [net/http/httputil.ReverseProxy].
//
// The connection cannot be hijacked, and informational responses and trailers are
// not carried: see [Application.Wrap] for a middleware that needs them. One that
// holds back the response's head, as a compressor does until it has seen some
// bytes, has the body run before the middlewares outside have seen the response;
// one that leaves the handler behind, as [http.TimeoutHandler] does, has it run on
// beside them: the two must not write to Locals then. A handler that is called when
// its middleware has returned does nothing, and is logged.
//
// FromHTTPMiddleware panics when the middleware is nil, or returns nil.
func FromHTTPMiddleware(middleware func(http.Handler) http.Handler) HttpMiddleware {
	if middleware == nil {
		panic("bare: FromHTTPMiddleware: the middleware is nil") //nolint:forbidigo // a programmer's error, at registration
	}
	outer := middleware(http.HandlerFunc(cross))
	if outer == nil {
		panic("bare: FromHTTPMiddleware: the middleware returns nil") //nolint:forbidigo // a programmer's error, at registration
	}
	return func(request *HttpRequest, handler HttpHandler) HttpResponse {
		w, scope := newHandlerWriter(request)
		w.crossing = &crossing{request: request, handler: handler, writer: w, body: scope.Body}
		scope = scope.WithContext(context.WithValue(scope.Context(), crossingKey{}, w.crossing))
		if route := request.Matches.Route(); route != "" {
			scope.Pattern = route // what traces and metrics name the request by
		}
		return w.crossing.settle(w.respond(request, outer, scope))
	}
}

type crossingKey struct{}

// cross is the [http.Handler] inside every middleware of net/http.
func cross(w http.ResponseWriter, r *http.Request) {
	c, ok := r.Context().Value(crossingKey{}).(*crossing)
	if !ok {
		panic("bare: FromHTTPMiddleware: the middleware has dropped its request's context") //nolint:forbidigo // a fault of the program: one 500, with a log line
	}
	c.serve(w, r)
}

// A crossing is one request's way through a middleware of net/http. The request
// and the handler inside cross it by the context, and what a ResponseWriter cannot
// carry comes back here.
type crossing struct {
	request *HttpRequest // as it came to the middleware
	handler HttpHandler
	writer  *handlerWriter // beneath the middleware's own
	body    any            // the Body that the middleware was given

	mutex   sync.Mutex
	busy    bool // the handler inside is running
	over    bool // the middleware has returned
	pushes  []PushResponse
	hidden  *fault     // of an ErrorResponse that nobody has logged
	upgrade *WebSocket // of the response inside
	failure error      // of the body inside
}

// serve runs the handler inside, and returns when its response has gone through w.
func (c *crossing) serve(w http.ResponseWriter, r *http.Request) {
	if !c.enter() {
		c.warn("a middleware of net/http called its handler too late, or twice at once") //nolint:contextcheck // the request holds it
		return
	}
	defer c.leave() //nolint:contextcheck // as above
	i := newInside(c, w, r)
	defer i.finish()
	i.send(settled(&i.request, c.handler)) //nolint:contextcheck // as above
}

// enter begins a run of the handler inside. There is one at a time, as Locals are
// not safe for more, and none when the middleware has returned.
func (c *crossing) enter() bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.busy || c.over {
		return false
	}
	c.busy = true
	return true
}

// leave ends a run. The panic of one that the middleware has left behind is
// nobody's any more, and would end the process.
func (c *crossing) leave() {
	c.mutex.Lock()
	c.busy = false
	over := c.over
	c.mutex.Unlock()
	if !over {
		return
	}
	if value := recover(); value != nil && caught(value) != http.ErrAbortHandler { //nolint:errorlint // caught returns itself
		c.logPanic(caught(value))
	}
}

// end is called when the middleware has returned. It returns what the body inside
// has failed with. A nil crossing has nothing inside.
func (c *crossing) end() error {
	if c == nil {
		return nil
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.over = true
	return c.failure
}

// keep calls do, which sets the headers, and keeps of its response what does not go
// through a ResponseWriter. It returns false, and does nothing, when the middleware
// has returned: its headers are being read then, and a map cannot be read and
// written at once.
func (c *crossing) keep(do func() HttpResponse) bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.over {
		return false
	}
	response := do()
	c.pushes, c.hidden, c.upgrade = response.Pushes, response.fault, response.upgrade
	return true
}

// upgrades reports whether a status that goes through a ResponseWriter is that of a
// WebSocket inside. A nil crossing has nothing inside.
func (c *crossing) upgrades(status int) bool {
	if c == nil || status != http.StatusSwitchingProtocols {
		return false
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.upgrade != nil
}

// await waits for the end of a WebSocket inside, whose 101 has gone through the
// middleware: until then the middleware's own handler has not returned. One that holds
// the head back has no WebSocket.
func (c *crossing) await(socket *WebSocket) {
	select {
	case <-c.writer.ready:
		<-socket.over
	default:
		c.mutex.Lock()
		c.upgrade = nil
		c.mutex.Unlock()
		c.warn("a middleware of net/http has held back the head of a WebSocket")
	}
}

// fail notes that the body inside has failed. It returns false if nobody is there
// to be told.
func (c *crossing) fail(err error) bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.over {
		return false
	}
	c.failure = err
	return true
}

// settle adds what was kept to the middleware's response.
func (c *crossing) settle(response HttpResponse) HttpResponse {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	response.Pushes, response.fault, response.upgrade = c.pushes, c.hidden, c.upgrade
	if values, ok := response.Headers["Content-Type"]; ok && len(values) == 0 {
		delete(response.Headers, "Content-Type") // it kept the middleware from guessing
	}
	return response
}

// turn waits until the response's body is run, if the middleware has let the head
// go: until then the middlewares outside are at work on the response, and the body
// inside may use what they use. It reports whether a body is wanted.
func (c *crossing) turn() bool {
	w := c.writer
	select {
	case <-w.ready:
	default:
		return true // the head waits for the body
	}
	select {
	case <-w.begun:
		return true
	case <-w.over:
		return false
	}
}

func (c *crossing) warn(message string) {
	if x := c.request.exchange; x != nil {
		x.log.write(slog.LevelWarn, message)
	}
}

func (c *crossing) logPanic(failure error) {
	if x := c.request.exchange; x != nil {
		x.logPanic("the handler panicked after its middleware had returned", failure)
	}
}
