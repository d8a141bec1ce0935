package middleware

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/bare-go/bare"
)

// The defaults of [RateLimit].
const (
	DefaultRequests = 600
	DefaultPer      = time.Minute
	DefaultMaxKeys  = 65_536
)

// ErrRateLimited is what the response of [RateLimit] is for: [errors.Is] finds it in
// [bare.Application.OnError].
var ErrRateLimited = errors.New("middleware: too many requests")

// A RateLimit limits how many requests a client may send. The zero value lets each
// address have 600 requests a minute. What is over that gets a 429 with a Retry-After
// header, and does not count.
//
// It is a token bucket: a client that was silent may send Requests at once, and from then
// on they come back evenly, over Per. A stream is one request, however long it is. An
// EventSource that gets a 429 does not come back by itself.
//
// Each middleware has buckets of its own: around a login, a second one can be stricter
// than the one around all. Several servers do not share them.
type RateLimit struct {
	// Requests is how many a client may send in each Per, and at once; 0 means
	// [DefaultRequests].
	Requests int

	// Per is the time in which they come back; 0 means [DefaultPer].
	Per time.Duration

	// Key returns what counts as one client: a user, an API key. Requests for which it
	// is empty are not limited. nil means the client's address, and for IPv6 its /64
	// network, which one client has to itself; behind a proxy, [Proxies] must be around
	// it. Key is called in the goroutine of the request. Do not take from the request
	// what a client can choose anew each time.
	Key func(request *bare.HttpRequest) string

	// MaxKeys bounds the clients that are remembered, and so the memory; 0 means
	// [DefaultMaxKeys]. When there are more, those that were silent the longest are
	// forgotten, and may send Requests again. A key takes the same memory, however long
	// it is.
	MaxKeys int

	// Headers adds the RateLimit and RateLimit-Policy headers to each response that was
	// counted (draft-ietf-httpapi-ratelimit-headers-10): how many requests are left, and
	// in how many seconds all are back.
	Headers bool
}

// Middleware returns a middleware that limits requests. It panics when a field is
// negative.
func (c RateLimit) Middleware() bare.HttpMiddleware {
	c.Requests, c.Per = cmp.Or(c.Requests, DefaultRequests), cmp.Or(c.Per, DefaultPer)
	c.MaxKeys = cmp.Or(c.MaxKeys, DefaultMaxKeys)
	mistakes := []error{
		notNegative("Requests", c.Requests), notNegative("Per", c.Per), notNegative("MaxKeys", c.MaxKeys),
	}
	if c.Per > 0 && c.Per < time.Duration(c.Requests) {
		mistakes = append(mistakes, fmt.Errorf("%d requests in %v are more than one a nanosecond", c.Requests, c.Per))
	}
	check("RateLimit", mistakes...)
	if c.Key == nil {
		c.Key = clientKey
	}
	buckets := newBuckets(c.Requests, c.Per, c.MaxKeys)
	return func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
		key := c.Key(request)
		if key == "" {
			return handler(request)
		}
		taken := buckets.take(key)
		if !taken.ok {
			return c.announce(tooMany(taken), taken)
		}
		return c.announce(handler(request), taken)
	}
}

// tooMany is the response for a request that is over the limit.
func tooMany(taken taking) bare.HttpResponse {
	err := &bare.HttpError{Status: http.StatusTooManyRequests, Err: ErrRateLimited}
	return bare.ErrorResponse(err).WithHeader("Retry-After", seconds(taken.retry))
}

// announce tells the client what it has left, if that is wanted.
func (c RateLimit) announce(response bare.HttpResponse, taken taking) bare.HttpResponse {
	if !c.Headers {
		return response
	}
	policy := `"default";q=` + strconv.Itoa(c.Requests) + ";w=" + seconds(c.Per)
	left := `"default";r=` + strconv.Itoa(taken.left) + ";t=" + seconds(taken.reset)
	return response.WithHeader("RateLimit-Policy", policy).WithHeader("RateLimit", left)
}

// seconds rounds up: a client that comes back in time must find that it is time.
func seconds(d time.Duration) string {
	return strconv.FormatInt(int64((d+time.Second-1)/time.Second), 10)
}

// clientKey is the client's address, without the part that a client with IPv6 chooses.
func clientKey(request *bare.HttpRequest) string {
	addr := ClientAddr(request)
	if !addr.IsValid() {
		return cmp.Or(request.Scope.RemoteAddr, "unknown") // of a Unix-domain socket, say
	}
	if addr.Is6() {
		return netip.PrefixFrom(addr, 64).Masked().String()
	}
	return addr.String()
}
