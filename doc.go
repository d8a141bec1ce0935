// Package bare is a micro web framework for applications that stream.
//
// A handler is a function from a request to a response, and a response is a value:
// a status, headers, and a body that is an iterator of chunks. As the handler has
// returned before the first byte is sent, the stream is the server's: it sends each
// chunk when it is ready, notices that a client has left or stalled, tells streams
// when it stops, and knows how each response ended.
//
// This is a whole program:
//
//	package main
//
//	import (
//		"time"
//
//		"github.com/bare-go/bare"
//	)
//
//	func main() {
//		app := bare.NewApplication()
//		app.HttpRouter.Add(bare.Methods{"GET"}, "/events", events)
//		bare.Main(app, "localhost:9009")
//	}
//
//	func events(request *bare.HttpRequest) bare.HttpResponse {
//		return bare.HttpResponse{
//			Headers: bare.Headers("content-type", "text/event-stream"),
//			Body: func(yield func([]byte) bool) {
//				for now := range request.Every(time.Second) {
//					if !yield([]byte("data: " + now.Format(time.TimeOnly) + "\n\n")) {
//						return
//					}
//				}
//			},
//		}
//	}
//
// # Bodies
//
// A body is an [iter.Seq] of byte slices: a function that calls yield with each chunk. It is
// run once, in the goroutine of the request, after the handler has returned; it may
// wait as long as it likes. A chunk that is followed by silence is on the wire
// within a millisecond, and chunks that come faster share a write. There is no flush
// to forget. A chunk belongs to the body again when yield returns.
//
// yield returns false when there is no use in another chunk: a write has failed, or
// the client has stalled. The body must then return; one that waits for something
// else watches [HttpRequest.Context] as well, as [HttpRequest.Sleep],
// [HttpRequest.Every] and [Receive] do. Several goroutines may yield, each in its turn, as long as
// the body does not return before them.
//
// A client that closes its side of the connection ends the request's context, and
// nothing else, as it may still read. What is finished is sent.
//
// A body is a value that anybody may run: see [RunBody], and [NewHttpRequest] for a
// request that no connection bounds.
//
// [TextWriter], [BytesWriter], [ReaderWriter], [JSONLinesWriter] and others make
// bodies. [TextResponse], [JSONResponse] and others make whole responses.
//
// A response whose content type is text/event-stream, or one for lines of JSON, is
// sent with the headers that keep proxies from holding it back, X-Accel-Buffering
// and Incremental (RFC 10036), and an event stream with Cache-Control: no-cache. A
// header that is set already stays as it is.
//
// # Ends
//
// A body that returns has been sent whole, so an endless one is a plain iterator: a
// stop of the server ends it, and the client sees a clean end. A body that has an
// end to reach is a [StreamWriter]. Its error cuts the response, over HTTP/1.1 by
// closing the connection and over HTTP/2 by resetting the stream, so that it never
// looks complete. As long as nothing has been sent, it is an error's response
// instead. A panic is treated likewise, and logged with its stack.
//
// [HttpRequest.Cut] ends a response from outside of its body: for a subscriber that
// is too slow, or a user who is logged out.
//
// [HttpRequest.OnEnd] is told how each response ended, once, whatever happens.
//
// # Looking on
//
// [Application.Streams] shows the streams that are open, and [Application.CutStream]
// ends one. [Application.OnStream] is told when the head of a stream has left, and
// [Application.OnEnd] of the end of every response: metrics and logs of all requests
// need no middleware.
//
// # Requests
//
// [HttpRequest] has the request as net/http received it, the variables of the path,
// and a body that is an iterator as well. Its methods read the body whole, with a
// limit, and their errors choose their own responses: give them to [ErrorResponse].
// [HttpRequest.JSON] also has the decoded value judge itself.
// [HttpRequest.Parts] reads a form with files part by part, as it comes.
// [HttpRequest.Accepts] says what the client would like to have.
//
// # Errors
//
// [ErrorResponse] makes a response of any error. What the client is told of it is
// the error's own choice: see [HttpError]. Everything else is a plain 500, and
// logged. All errors look alike, whether a handler returns them, a path is not
// there, or something panics: plain text, or a problem in JSON (RFC 9457) for those
// who ask for JSON. [Application.OnError] decides otherwise.
//
// # Compression
//
// [Application.Compression] compresses responses for clients that accept it, and
// decompresses the bodies of requests. A stream is as live as without: each flush
// flushes the encoder. Package github.com/bare-go/bare/ext/compress has more encodings
// than gzip.
//
// # Routes
//
// A path pattern has literals and typed variables, /orders/{id:int}. The most
// specific route wins, whatever the order in which they were added; see
// [NewHttpRouter]. A GET route answers HEAD, a path that has another method is a
// 405, and OPTIONS is answered, unless a route does.
//
// [Application.Group] makes a [Group]: routes that share a prefix and middlewares.
//
// # Middleware
//
// An [HttpMiddleware] is given the request and the handler inside it, and returns a
// response. [Application.Middlewares] wrap every handler, those of a [Group] wrap
// what is below its prefix, and [Chain] wraps one handler. A middleware that was
// written for net/http goes around the whole application with [Application.Wrap],
// and around a route with [FromHTTPMiddleware]. Package
// [github.com/bare-go/bare/middleware] has those that most services need.
//
// # WebSockets
//
// [Application.OnWebSocketRequest] adds a route for WebSockets. Its handler accepts the
// handshake or refuses it, receives and sends, and closes:
//
//	app.OnWebSocketRequest("/echo", func(request *bare.WebSocketRequest) {
//		socket := request.WebSocket
//		if err := socket.Accept("", nil); err != nil {
//			return
//		}
//		for message := range socket.Messages() {
//			_ = socket.SendText("You said: " + message.Text)
//		}
//	})
//
// A WebSocket is a response as any other: a handler of HTTP may return one, with
// [HttpRequest.WebSocket], and middlewares see its 101.
//
// # Start and stop
//
// [Main] is a small program's whole main, and [Run] and [Server] are for the rest; a
// program with flags of its own calls [Flags] first. A
// stop accepts no more connections, ends the contexts of the streams that are open,
// with the cause [ErrShutdown], and lets handlers that have not returned finish;
// those that wait for something watch [HttpRequest.Stopping].
// [Application.OnStartup], [Application.OnShutdown] and [Application.Go] are for what
// lives as long as the application.
//
// # TLS and HTTP/2
//
// With [Server].CertFile and KeyFile a server speaks TLS, and HTTP/2 with clients that
// can. It reads the files again when they change. On your own machine -dev-cert, a flag
// of [Main], needs no files. [HttpRequest.EarlyHints] tells a browser what a page will
// need while its handler works on it.
//
// # Clients that misbehave
//
// One that stops reading, or does not send the body that it has promised, is cut off
// after [Application.StallTimeout]; one that is slow is served, except for uploads below
// [Application.MinUploadRate]. Heads, bodies and connections have limits. A header
// that would break the response is refused.
//
// # Living with net/http
//
// An [Application] is an [http.Handler], under any server. [Application.Mount] and
// [FromHTTPHandler] take handlers of net/http in, [Application.ToHTTPHandler] gives
// one out. [Application.Wrap] and [FromHTTPMiddleware] are for its middlewares.
//
// # Tests
//
// Handlers and bodies are functions, and need no server. Package
// [github.com/bare-go/bare/baretest] has one without a network, whose time is fake
// in a bubble of [testing/synctest].
package bare
