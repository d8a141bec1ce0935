package bare

import (
	"errors"
	"maps"
	"net/http"
	"slices"
)

// The errors that say why a response or a request's body ended before its end.
// They are found with [errors.Is], and stand in [End.Err].
var (
	// ErrClientGone says that the client left: a write failed, as the connection or
	// the stream was reset, or a body ended because its context did. A request's
	// body that breaks off ends with it, too.
	ErrClientGone = errors.New("bare: the client is gone")

	// ErrShutdown is the cause of a request's context (see [context.Cause]) that
	// the server ended because it is stopping.
	ErrShutdown = errors.New("bare: the server is shutting down")

	// ErrStalled says that the client made no progress for as long as
	// [Application.StallTimeout]: it did not take what was sent, or did not send
	// the body that it had promised, or only at less than
	// [Application.MinUploadRate].
	ErrStalled = errors.New("bare: the client stalled")

	// ErrCut is the reason of a [HttpRequest.Cut] that was given none.
	ErrCut = errors.New("bare: the response was cut")

	// ErrBodyConsumed is what a second reader of a request's body gets.
	ErrBodyConsumed = errors.New("bare: the request body has been consumed")

	// ErrBodyTooLarge is wrapped by the [HttpError] with status 413 that ends a
	// request's body at its limit.
	ErrBodyTooLarge = errors.New("bare: the request body is too large")

	// ErrContentLength says that a body was longer or shorter than the
	// Content-Length that its response declared.
	ErrContentLength = errors.New("bare: the body does not have the declared length")
)

// HttpError is an error that may be told to the client. [ErrorResponse] turns it
// into a response with its status, message and members; Err stays on the server.
type HttpError struct {
	// Status is the response's status; 0 means 500.
	Status int
	// Message is the response's text; empty means the status's own text.
	Message string
	// Err is the cause, for logs and [errors.Is]; nil means none.
	Err error
	// Members are what a program must know beside the status and the message: the
	// fields of a form that are wrong, say. A client that gets its errors as JSON
	// sees them as extension members of the problem (RFC 9457, section 3.2), and no
	// other client does. The names of the standard members (type, title, status,
	// detail, instance) are left out. A value that cannot be encoded is logged, and
	// no member is sent then. nil means none.
	Members map[string]any

	headers http.Header // of the response, beside those that every error has; nil for none
}

// Error returns the message and the cause, for logs.
func (e *HttpError) Error() string {
	text := "bare: " + e.SafeMessage()
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *HttpError) Unwrap() error { return e.Err }

// StatusCode returns the status of the response that the error asks for.
func (e *HttpError) StatusCode() int {
	if e.Status == 0 {
		return http.StatusInternalServerError
	}
	return e.Status
}

// SafeMessage returns the text that may be shown to the client.
func (e *HttpError) SafeMessage() string {
	if e.Message == "" {
		return http.StatusText(e.StatusCode())
	}
	return e.Message
}

// members makes Members known of any type that embeds an HttpError.
func (e *HttpError) members() map[string]any { return e.Members }

func (e *HttpError) responseHeaders() http.Header { return e.headers }

// A safeError is an error that chooses its own response. It needs both methods:
// an upstream client's error often has a StatusCode of its own, and a text that
// must not be shown.
type safeError interface {
	error
	StatusCode() int
	SafeMessage() string
}

// A fault is an error, and what the client may be told of it.
type fault struct {
	err     error
	status  int // from 400 to 599
	text    string
	members map[string]any
	headers http.Header // nil for none
}

// errNoError is what a response to no error says to the log.
var errNoError = errors.New("bare: ErrorResponse: the error is nil")

// newFault asks an error for its own response. One that does not have both
// methods, or whose status is no error's, is a plain 500.
func newFault(err error) *fault {
	if err == nil {
		err = &HttpError{Status: http.StatusInternalServerError, Err: errNoError}
	}
	f := &fault{err: err, status: http.StatusInternalServerError}
	if safe, ok := errors.AsType[safeError](err); ok {
		if status := safe.StatusCode(); status >= 400 && status <= 599 {
			f.status, f.text = status, safe.SafeMessage()
			if further, ok := safe.(interface{ members() map[string]any }); ok {
				f.members = further.members()
			}
			if further, ok := safe.(interface{ responseHeaders() http.Header }); ok {
				f.headers = further.responseHeaders()
			}
			return f
		}
	}
	f.text = http.StatusText(f.status)
	return f
}

// SafeMessage returns what a client may be told of an error that comes too late for an
// [ErrorResponse], such as that of a stream: the error's own text if it has the methods
// StatusCode() int, with a result from 400 to 599, and SafeMessage() string, as
// [HttpError] does. For any other error, and for nil, it is "Internal Server Error".
func SafeMessage(err error) string { return newFault(err).text }

// response is the fault as plain text.
func (f *fault) response() HttpResponse {
	response := TextResponse(f.status, f.text)
	maps.Copy(response.Headers, f.headers)
	response.fault = f
	return response
}

// made reports whether a response is still the one that the fault has made, but
// for headers that were added.
func (f *fault) made(response HttpResponse) bool {
	own, headers := f.response(), canonicalHeaders(response.Headers)
	return response.Status == f.status &&
		slices.Equal(headers["Content-Type"], own.Headers["Content-Type"]) &&
		slices.Equal(headers["Content-Length"], own.Headers["Content-Length"])
}
