package bare

import (
	"cmp"
	"net/http"
	"time"
)

// The defaults of [WebSocketOptions].
const (
	DefaultWebSocketReadLimit    = 1 << 20
	DefaultWebSocketPingInterval = 30 * time.Second
)

// A WebSocketHandler talks with a client over a WebSocket. It accepts the handshake
// with [WebSocket.Accept], or refuses it, and may do other things before: look at a
// cookie, ask a database. When it returns, the WebSocket is closed with the code
// 1000. A panic is logged, and closes it with 1011.
type WebSocketHandler func(request *WebSocketRequest)

// A WebSocketRequest is what a [WebSocketHandler] is given: the request for the
// WebSocket, with its Scope, Info, Locals and Matches, and the WebSocket itself. Its
// context ends when the WebSocket does, and when the server stops.
type WebSocketRequest struct {
	*HttpRequest

	// WebSocket is the connection, once it is accepted.
	WebSocket *WebSocket
}

// WebSocketOptions say what a WebSocket allows. In the zero value every field has its
// default: that of [Application.WebSocketOptions], or the one below.
type WebSocketOptions struct {
	// Origins are the origins of other sites whose pages may open the WebSocket:
	// patterns for [path.Match] of a host, such as "*.example.com", or of a scheme and
	// a host, "https://example.com". A page of the request's own host may always, and
	// so may a client that sends no Origin, which is no browser. Browsers send cookies
	// with a handshake, and let any page open it (RFC 6455, section 10.2): with the
	// pattern "*" every page can act in the name of your users.
	Origins []string

	// ReadLimit is how many bytes a message of the client may have. A longer one
	// closes the WebSocket with 1009. 0 means [DefaultWebSocketReadLimit], a negative
	// one no limit.
	ReadLimit int64

	// PingInterval is how often the client is sent a ping (RFC 6455, section 5.5.2),
	// so that proxies keep a silent connection, and a client that has vanished is
	// found: its kernel does not acknowledge the ping within
	// [Application.StallTimeout]. Only [Server] on Linux asks the kernel; elsewhere the
	// client is found when a write fails, or has waited for so long. 0 means
	// [DefaultWebSocketPingInterval], a negative
	// one no pings.
	PingInterval time.Duration

	// Compression compresses messages with clients that can (RFC 7692), each by
	// itself. It is off by default, as it takes memory and time for each message.
	Compression bool

	// OnStop is called when the server stops, in a goroutine of its own, in the place of
	// a close with [CloseGoingAway]. It has the WebSocket closed: with another code, or
	// after a last message. Until then Receive and Send go on. What is still open at the
	// end of [Server.Grace] is cut off.
	OnStop func(socket *WebSocket)
}

// over returns the options, with those that are not set taken from others.
func (o WebSocketOptions) over(others WebSocketOptions) WebSocketOptions {
	if o.Origins == nil {
		o.Origins = others.Origins
	}
	o.ReadLimit = cmp.Or(o.ReadLimit, others.ReadLimit, DefaultWebSocketReadLimit)
	o.PingInterval = cmp.Or(o.PingInterval, others.PingInterval, DefaultWebSocketPingInterval)
	o.Compression = o.Compression || others.Compression
	if o.OnStop == nil {
		o.OnStop = others.OnStop
	}
	return o
}

// WantsWebSocket reports whether the client asks for a WebSocket: for a handler that
// has another answer as well. It looks at Upgrade and Connection only (RFC 9110,
// section 7.8), so that [HttpRequest.WebSocket] can say what is wrong with the rest.
func (r *HttpRequest) WantsWebSocket() bool { return r.Scope != nil && wantsWebSocket(r.Scope) }

// WebSocket is the response that opens a WebSocket. It checks the handshake (RFC 6455,
// section 4.2.1), runs handler in a goroutine of its own until that accepts or
// refuses, and returns what the handshake is answered with:
//
//   - the status 101, for a handshake that was accepted. Middlewares see it as any
//     other response. They may add headers, or return another response in its place:
//     then Accept returns an error. A body is not sent with it;
//   - the response given to [WebSocket.Refuse];
//   - 403, when handler returns, or closes the WebSocket, before it has accepted;
//   - an [ErrorResponse] for a handshake that is none: 426 without an upgrade, or for
//     another version of the protocol, 405, 400, and 403 for a page of a foreign
//     origin. Handler is not called then.
//
// The session begins when the 101 has been sent, and ends when handler has returned
// and the connection is closed. [HttpRequest.OnEnd] and [HttpRequest.Cut] work on it
// as on any response; the bytes of [End] are those on the wire after the 101. Only
// HTTP/1.1 has WebSockets here: RFC 8441, over HTTP/2, is not implemented, and browsers
// then open a connection of HTTP/1.1 by themselves.
//
// It needs a request that a server made. WebSocket panics when handler is nil.
func (r *HttpRequest) WebSocket(handler WebSocketHandler, options WebSocketOptions) HttpResponse {
	if handler == nil {
		panic("bare: WebSocket: the handler is nil") //nolint:forbidigo // a programmer's error
	}
	if r.exchange == nil {
		return ErrorResponse(errNoConnection)
	}
	options = options.over(r.exchange.app.WebSocketOptions)
	if refusal, ok := r.checkHandshake(options.Origins); !ok {
		return refusal
	}
	return newWebSocket(r, options).answer(handler)
}

// FromWebSocketHandler makes a handler of a WebSocketHandler, for the routes of a
// [Group] and for [Chain]. It panics when handler is nil.
func FromWebSocketHandler(handler WebSocketHandler, options WebSocketOptions) HttpHandler {
	if handler == nil {
		panic("bare: FromWebSocketHandler: the handler is nil") //nolint:forbidigo // a programmer's error, at registration
	}
	return func(request *HttpRequest) HttpResponse { return request.WebSocket(handler, options) }
}

// wantsWebSocket is [HttpRequest.WantsWebSocket] for a request as net/http has it.
func wantsWebSocket(r *http.Request) bool {
	return len(r.Header["Upgrade"]) > 0 && hasToken(r.Header["Upgrade"], "websocket") && hasToken(r.Header["Connection"], "upgrade")
}
