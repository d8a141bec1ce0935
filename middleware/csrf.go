package middleware

import (
	"net/http"

	"github.com/bare-go/bare"
)

// A CSRF refuses requests that a browser sends for another site's page: forms that post
// to your service in the name of your users. The zero value allows only requests of your
// own origin.
//
// It is [http.CrossOriginProtection]: GET, HEAD and OPTIONS pass, and so does what no
// browser sent. All others are looked at by their Sec-Fetch-Site header, or else their
// Origin, which must be the host that the request is for. Behind a proxy that replaces
// the Host header, [Proxies] must be around it. What is refused gets a 403. It needs no
// token in forms. As GET passes, a GET must change nothing.
type CSRF struct {
	// TrustedOrigins are other origins that may send requests, as scheme://host or
	// scheme://host:port.
	TrustedOrigins []string
}

// Middleware returns a middleware that refuses the requests of other origins. It panics
// when one of TrustedOrigins is not an origin.
func (c CSRF) Middleware() bare.HttpMiddleware {
	protection := http.NewCrossOriginProtection()
	var mistakes []error
	for _, origin := range c.TrustedOrigins {
		mistakes = append(mistakes, protection.AddTrustedOrigin(origin))
	}
	check("CSRF", mistakes...)
	return func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
		if err := protection.Check(request.Scope); err != nil {
			return bare.ErrorResponse(&bare.HttpError{
				Status:  http.StatusForbidden,
				Message: "The request comes from another site.",
				Err:     err,
			})
		}
		return handler(request)
	}
}
