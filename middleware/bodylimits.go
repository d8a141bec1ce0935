package middleware

import "github.com/bare-go/bare"

// BodyLimits give the routes that they are around limits of their own for a request's
// body, lower or higher than those of the application. Of several the innermost ones
// hold. The zero value changes nothing.
//
// A body that is too large is refused with status 413 when it is read, as it is by the
// application's limits: one that declares its length before a byte is read.
type BodyLimits struct {
	// Body is how many bytes may be read at all, by a stream as well, in the place of
	// [bare.Application.BodyLimit]; 0 leaves that, and a negative one means no limit.
	Body int64

	// Read is how many bytes the methods that read a whole body accept, such as
	// [bare.HttpRequest.JSON], in the place of [bare.Application.ReadLimit]; 0 leaves
	// that, and a negative one means no limit. What is read so is in memory.
	Read int64
}

// Middleware returns a middleware that sets the limits: see [bare.HttpRequest.SetLimits].
func (c BodyLimits) Middleware() bare.HttpMiddleware {
	return func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
		request.SetLimits(c.Body, c.Read)
		return handler(request)
	}
}
