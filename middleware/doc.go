// Package middleware has what most services need around their handlers. Each is made
// from a struct whose zero value is useful, and none holds a stream back or ends one:
//
//	app.Middlewares = append(app.Middlewares,
//		middleware.Proxies{}.Middleware(),   // the client's address, not the proxy's
//		middleware.RequestID{}.Middleware(), // before what logs
//		middleware.AccessLog{}.Middleware(),
//		middleware.RateLimit{}.Middleware(),
//		middleware.CSRF{}.Middleware())
//
// The first one is the outermost. A group or a route has its own: see
// [bare.Application.Group] and [bare.Chain].
//
//	struct      | what it makes                                               | it answers
//	------------+-------------------------------------------------------------+-----------
//	Proxies     | the client's address, scheme and host, behind a proxy       |
//	RequestID   | an identifier, for logs and the client                      |
//	AccessLog   | a record for each response, two for a stream                |
//	RateLimit   | a limit of requests for each client                         | 429
//	CSRF        | a check that a request does not come from another site      | 403
//	Timeout     | a limit of time until the handler returns                   | 503
//	BodyLimits  | limits for a request's body, lower or higher than all others | 413
//	Readiness   | a handler that tells a load balancer when to stop sending   | 200, 503
//
// # Order
//
// Proxies comes first, as the others look at what it has found: it changes the request
// that is inside it, and no other. RequestID comes before AccessLog, whose records then
// have the identifier. What refuses requests comes after both, so that refusals are
// logged.
//
// # Errors
//
// What is refused is a [bare.ErrorResponse]: it has the form that all errors have in the
// application (see [bare.Application.OnError]).
//
// # Mistakes
//
// A struct that cannot work, such as one with a negative limit, is a programmer's error:
// Middleware panics with all of them. The struct is copied; changes after that have no
// effect. Middlewares are safe for concurrent use.
package middleware
