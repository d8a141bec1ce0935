package durable

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/eventlog"
)

// The answers that are always the same. They are never changed.
var (
	errNotFound     = refuse(http.StatusNotFound, "There is no such stream.")
	errForeign      = refuse(http.StatusNotFound, "There is no stream under this name.")
	errGone         = refuse(http.StatusGone, "The stream has been deleted.")
	errTrimmed      = refuse(http.StatusGone, "The stream no longer has what follows this offset. Begin at -1.")
	errClosed       = refuse(http.StatusConflict, "The stream is closed.")
	errType         = refuse(http.StatusConflict, "The stream has another content type.")
	errSequence     = refuse(http.StatusConflict, "The Stream-Seq is not greater than the last one.")
	errTaken        = refuse(http.StatusConflict, "There is another stream under this name.")
	errSourceGone   = refuse(http.StatusConflict, "The source has been deleted.")
	errNoSource     = refuse(http.StatusNotFound, "There is no stream to fork.")
	errBeyond       = refuse(http.StatusBadRequest, "The source has no such offset.")
	errSubOffset    = refuse(http.StatusBadRequest, "The Stream-Fork-Sub-Offset is beyond the next append.")
	errDeepFork     = refuse(http.StatusBadRequest, "The stream has too many sources behind each other.")
	errEpochStart   = refuse(http.StatusBadRequest, "A new Producer-Epoch begins with the Producer-Seq 0.")
	errEmptyBody    = refuse(http.StatusBadRequest, "There is nothing to append.")
	errNoType       = refuse(http.StatusBadRequest, "The Content-Type is missing.")
	errEmptyArray   = refuse(http.StatusBadRequest, "An empty array has no messages to append.")
	errNotJSON      = refuse(http.StatusBadRequest, "The body is not one JSON document in UTF-8.")
	errTooLarge     = refuse(http.StatusRequestEntityTooLarge, "The stream cannot hold as much.")
	errFull         = refuse(http.StatusTooManyRequests, "There are too many streams.")
	errInterrupted  = refuse(http.StatusServiceUnavailable, "The request was interrupted: whether it has taken effect is not known.")
	errOtherOrigin  = refuse(http.StatusForbidden, "Pages of this origin have no access.")
	errOffsetNeeded = refuse(http.StatusBadRequest, "A live read needs the parameter offset.")
	errLive         = refuse(http.StatusBadRequest, "The parameter live is neither long-poll nor sse.")
	errName         = refuse(http.StatusBadRequest, "The stream's name is empty, too long, or not printable.")
)

func refuse(status int, message string) *bare.HttpError {
	return &bare.HttpError{Status: status, Message: message}
}

// invalid is the answer to a header or a parameter that cannot be read.
func invalid(name string) error {
	return refuse(http.StatusBadRequest, "The value of "+name+" is not valid.")
}

// A headedError is an error whose response has headers that a client needs.
type headedError struct {
	bare.HttpError

	headers http.Header
}

// staleError is the answer to a producer that has been superseded.
func staleError(epoch uint64) error {
	return &headedError{
		*refuse(http.StatusForbidden, "The producer has been superseded."),
		bare.Headers(producerEpoch, strconv.FormatUint(epoch, 10)),
	}
}

// gapError is the answer to an append before which another one is missing.
func gapError(expected, received uint64) error {
	return &headedError{
		*refuse(http.StatusConflict, "An append of the producer is missing."),
		bare.Headers(producerExpected, strconv.FormatUint(expected, 10), producerReceived, strconv.FormatUint(received, 10)),
	}
}

// A duplicateError says that an append has been made before. It is no failure.
type duplicateError struct {
	last uint64 // the producer's last number
}

func (e *duplicateError) Error() string {
	return fmt.Sprintf("durable: the producer has appended this already, and through %d", e.last)
}

// fail is the response for an error.
func fail(err error) bare.HttpResponse {
	response := bare.ErrorResponse(answer(err))
	if headed, ok := errors.AsType[*headedError](err); ok {
		for name, values := range headed.headers {
			response = response.WithHeader(name, values[0])
		}
	}
	return response
}

// answer makes of a log's errors what a client may be told.
func answer(err error) error {
	switch {
	case errors.Is(err, eventlog.ErrNotFound), errors.Is(err, eventlog.ErrDeleted):
		return errNotFound
	case errors.Is(err, eventlog.ErrTooLarge):
		return errTooLarge
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return errInterrupted
	}
	return err
}
