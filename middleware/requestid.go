package middleware

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/bare-go/bare"
)

// DefaultRequestIDHeader is the header of [RequestID] unless its field says otherwise.
const DefaultRequestIDHeader = "X-Request-Id"

// RequestIDKey is where [RequestID] puts the identifier in [bare.HttpRequest.Locals], and
// the name that it has in log records.
const RequestIDKey = "request_id"

// maxRequestID is how long a client's identifier may be, in bytes.
const maxRequestID = 128

// A RequestID gives each request an identifier, so that everything that was logged about
// it can be found. The zero value makes a random one for each request, and sends it in
// X-Request-Id.
//
// The identifier is in the response's header; in Locals and in the request's context,
// where [RequestIDOf] and [RequestIDFrom] find it; and in what the application logs about
// the request. [AccessLog] has it in its records, and [LogHandler] puts it into those of
// a program.
type RequestID struct {
	// Header is the name of the header, in requests and responses; empty means
	// [DefaultRequestIDHeader].
	Header string

	// Accept takes the identifier that the request has, if it has exactly one, which
	// has at most 128 ASCII letters, digits and "-_.:+/=~". It is for a service behind
	// one that has given the request its identifier already. A client can choose an
	// identifier that is in use: it is no proof of anything.
	Accept bool

	// New makes an identifier; nil means [rand.Text], with at least 128 random bits. It
	// is called by several goroutines at once. What it returns must fit into a header.
	New func() string
}

// Middleware returns a middleware that gives each request an identifier. It panics when
// Header is not the name of a header.
func (c RequestID) Middleware() bare.HttpMiddleware {
	header := http.CanonicalHeaderKey(cmp.Or(c.Header, DefaultRequestIDHeader))
	if !isToken(header) {
		check("RequestID", fmt.Errorf("the header %q is no name", header))
	}
	if c.New == nil {
		c.New = rand.Text
	}
	return func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
		var id string
		if c.Accept {
			id = acceptable(request.Scope.Header[header])
		}
		if id == "" {
			id = c.New()
		}
		if request.Locals == nil { // in a request made by hand
			request.Locals = make(map[string]any)
		}
		request.Locals[RequestIDKey] = id
		request.LogWith(slog.String(RequestIDKey, id))
		ctx := context.WithValue(request.Context(), requestIDKey{}, id)
		return handler(request.WithContext(ctx)).WithHeader(header, id)
	}
}

// acceptable returns the only value, if it is an identifier, and otherwise "".
func acceptable(values []string) string {
	if len(values) != 1 || len(values[0]) > maxRequestID {
		return ""
	}
	for i := range len(values[0]) {
		if b := values[0][i]; !isAlphanumeric(b) && !strings.ContainsRune("-_.:+/=~", rune(b)) {
			return ""
		}
	}
	return values[0]
}

// RequestIDOf returns the identifier that [RequestID] has given a request, "" if none
// has. As Locals are shared, a middleware outside of it sees the identifier as well,
// once the handler has returned.
func RequestIDOf(request *bare.HttpRequest) string {
	id, _ := request.Locals[RequestIDKey].(string)
	return id
}

// requestIDKey is the key of the identifier in a context.
type requestIDKey struct{}

// RequestIDFrom returns the identifier of the request that a context belongs to, "" if it
// has none: for code that gets a context and no request.
func RequestIDFrom(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}
