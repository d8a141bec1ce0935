package bare

import (
	"net/http"
	"slices"
)

// An HttpMiddleware answers a request with the help of the handler inside it:
// before it, after it, or in its place.
//
// The response that the handler returns has the status that will be sent, and
// headers of its own, which the middleware may change; they are never nil, and
// their names are canonical. A panic inside is a response like any other error's,
// for [Application.OnError]; a middleware does not see it. Its body has not run yet:
// what must happen when it has is for [HttpRequest.OnEnd]. To say something to what is inside it, a
// middleware calls the handler with [HttpRequest.WithContext], or uses Locals.
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

// wrap is one step of a chain.
func wrap(middleware HttpMiddleware, handler HttpHandler) HttpHandler {
	inner := func(request *HttpRequest) HttpResponse { return settled(request, handler) }
	return func(request *HttpRequest) HttpResponse {
		return middleware(request, inner)
	}
}

// settled calls a handler for a middleware. Handlers may share a map of headers,
// so that it is given a copy; and it sees an error's response as the client will,
// or may put a page of its own in its place, so that the error is logged and
// rendered here. So are panics: the headers that middlewares add, those of CORS
// among them, are on their responses as well.
func settled(request *HttpRequest, handler HttpHandler) HttpResponse {
	var response HttpResponse
	if x := request.exchange; x != nil {
		x.attempt(request, handler, &response)
	} else {
		response = handler(request)
	}
	if response.Status == 0 {
		response.Status = http.StatusOK
	}
	response.Headers = canonicalHeaders(response.Headers)
	return response
}
