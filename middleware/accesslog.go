package middleware

import (
	"log/slog"
	"strings"
	"unicode/utf8"

	"github.com/bare-go/bare"
)

// maxLogged is how many bytes of what a client may choose are logged.
const maxLogged = 256

// An AccessLog writes a record when a response has ended, and one more at the beginning
// of a stream, which may not end for hours. The zero value writes to [slog.Default].
//
// A stream is a response with a body and no Content-Length. The record at its head says
// "stream began", and has the status, as it will be sent unless a middleware around this
// one changes it. The record at the end of any response says "response ended". Their
// attributes:
//
//	method, path, protocol | as in the request; the path without its query
//	route      | the pattern of the route; not there if there is none
//	client     | the client's address, as [ClientAddr] returns it
//	request_id | what [RequestID] has given it, if it is there
//	status     | what was sent, 0 if nothing was
//	bytes      | of the body
//	first_byte | time from the request to the body's first byte; 0 without one
//	duration   | time from the request to the end
//	error      | why the response is not complete: see [bare.End]; not there if it is
//
// What a client chooses is cut after 256 bytes. The query is left out, as it may hold
// what must not be logged.
type AccessLog struct {
	// Logger is told; nil means [slog.Default].
	Logger *slog.Logger

	// Level is the level of all records; 0 is [slog.LevelInfo].
	Level slog.Level

	// Skip leaves a request out when it returns true: a health check, say. nil leaves
	// none out. It is called in the goroutine of the request, before the handler.
	Skip func(request *bare.HttpRequest) bool

	// Attrs returns attributes that are added to each record; nil adds none. It is
	// called in the goroutine of the request when the record is written, so that it
	// sees what is in Locals by then.
	Attrs func(request *bare.HttpRequest) []slog.Attr
}

// Middleware returns a middleware that writes the records.
func (c AccessLog) Middleware() bare.HttpMiddleware {
	return func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
		if c.Skip != nil && c.Skip(request) {
			return handler(request)
		}
		request.OnEnd(func(end bare.End) { c.write(request, "response ended", endAttrs(end)) })
		response := handler(request)
		if body := response.Body; body != nil && response.Headers.Get("Content-Length") == "" {
			// It is the body's beginning that counts: a HEAD request runs none, and a
			// middleware may put another one in its place.
			response.Body = func(yield func([]byte) bool) {
				c.write(request, "stream began", []slog.Attr{slog.Int("status", response.Status)})
				body(yield)
			}
		}
		return response
	}
}

// write writes one record.
func (c AccessLog) write(request *bare.HttpRequest, message string, attrs []slog.Attr) {
	logger := c.Logger
	if logger == nil {
		logger = slog.Default()
	}
	ctx := request.Scope.Context() // without an identifier, which would be there twice
	if !logger.Enabled(ctx, c.Level) {
		return
	}
	all := append(requestAttrs(request), attrs...)
	if c.Attrs != nil {
		all = append(all, c.Attrs(request)...)
	}
	logger.LogAttrs(ctx, c.Level, message, all...) //nolint:sloglint // a constant at every call
}

// requestAttrs are what both records have.
func requestAttrs(request *bare.HttpRequest) []slog.Attr {
	scope := request.Scope
	attrs := make([]slog.Attr, 0, 12) //nolint:mnd // all that there may be
	attrs = append(attrs, slog.String("method", clipped(scope.Method)))
	if route := request.Matches.Route(); route != "" {
		attrs = append(attrs, slog.String("route", route))
	}
	attrs = append(attrs, slog.String("path", clipped(scope.URL.Path)), slog.String("protocol", scope.Proto))
	if addr := ClientAddr(request); addr.IsValid() {
		attrs = append(attrs, slog.String("client", addr.String()))
	} else {
		attrs = append(attrs, slog.String("client", scope.RemoteAddr))
	}
	if id := RequestIDOf(request); id != "" {
		attrs = append(attrs, slog.String(RequestIDKey, id))
	}
	return attrs
}

// endAttrs are what only the record at the end has.
func endAttrs(end bare.End) []slog.Attr {
	attrs := []slog.Attr{
		slog.Int("status", end.Status),
		slog.Int64("bytes", end.Bytes),
		slog.Duration("first_byte", end.FirstByte),
		slog.Duration("duration", end.Duration),
	}
	if end.Err != nil {
		attrs = append(attrs, slog.Any("error", end.Err))
	}
	return attrs
}

// clipped is the beginning of a text that a client has chosen.
func clipped(text string) string {
	if len(text) <= maxLogged {
		return text
	}
	end := maxLogged
	for end > maxLogged-utf8.UTFMax && !utf8.RuneStart(text[end]) {
		end--
	}
	return strings.ToValidUTF8(text[:end], "\ufffd") + "…"
}
