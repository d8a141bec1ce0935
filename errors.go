package bare

import (
	"errors"
	"net/http"
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
// into a response with its status and message; Err stays on the server.
type HttpError struct {
	// Status is the response's status; 0 means 500.
	Status int
	// Message is the response's text; empty means the status's own text.
	Message string
	// Err is the cause, for logs and [errors.Is]; nil means none.
	Err error
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

// A safeError is an error that chooses its own response. It needs both methods:
// an upstream client's error often has a StatusCode of its own, and a text that
// must not be shown.
type safeError interface {
	error
	StatusCode() int
	SafeMessage() string
}
