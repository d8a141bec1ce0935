package bare

// An HttpRequest is what a handler is given.
type HttpRequest struct{}
