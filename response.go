package bare

// An HttpResponse is what a handler returns.
type HttpResponse struct{}
