package bare

import "slices"

// An HttpMiddleware answers a request with the help of the handler inside it:
// before it, after it, or in its place.
//
// The response that the handler returns has headers of its own, which the
// middleware may change; they are never nil, and their names are canonical. Its
// body has not run yet: what must happen when it has is for
// [HttpRequest.OnEnd].
type HttpMiddleware func(request *HttpRequest, handler HttpHandler) HttpResponse

// Chain wraps a handler in middlewares, the first one outermost: for one route
// what [Application.Middlewares] is for all.
func Chain(handler HttpHandler, middlewares ...HttpMiddleware) HttpHandler {
	if handler == nil {
		panic("bare: Chain: the handler is nil") //nolint:forbidigo // a programmer's error, at registration
	}
	for _, middleware := range slices.Backward(middlewares) {
		if middleware == nil {
			panic("bare: Chain: a middleware is nil") //nolint:forbidigo // a programmer's error, at registration
		}
		handler = wrap(middleware, handler)
	}
	return handler
}

// wrap is one step of a chain. Handlers may share a map of headers, so that a
// middleware is given a copy.
func wrap(middleware HttpMiddleware, handler HttpHandler) HttpHandler {
	inner := func(request *HttpRequest) HttpResponse {
		response := handler(request)
		response.Headers = canonicalHeaders(response.Headers)
		return response
	}
	return func(request *HttpRequest) HttpResponse {
		return middleware(request, inner)
	}
}
