package bare

// An HttpHandler answers a request.
type HttpHandler func(request *HttpRequest) HttpResponse
