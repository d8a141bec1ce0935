package sse

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"time"
)

// What the zero values of a [Client] stand for.
const (
	DefaultRetry      = 3 * time.Second
	DefaultMaxRetry   = time.Minute
	DefaultMaxSilence = 90 * time.Second
)

// A Client receives event streams, and reconnects when one breaks off, as a browser's
// EventSource does. It can do more: send other methods, headers and bodies, notice a
// connection that has gone silent, and try again after a 503. The zero value is ready
// for use. A Client is not changed by its methods, and is safe for concurrent use.
type Client struct {
	// HTTP sends the requests; nil means a client with [http.DefaultTransport]. A Timeout
	// of its own ends each connection when it is over, whatever comes.
	HTTP *http.Client

	// Retry is how long the client waits before it reconnects, until the stream says
	// otherwise (see [Event].Retry); 0 or less means [DefaultRetry]. It never waits for less
	// than 100 ms, whoever asks for that. Up to half of the wait is added to it at random,
	// so that the clients of a server that restarts do not come back all at once.
	Retry time.Duration

	// MaxRetry is the longest wait. The wait doubles with each attempt in a row that
	// brings nothing: neither an event, nor anything that comes after the first bytes of the
	// stream, such as a comment that keeps it alive. 0 or less means [DefaultMaxRetry]. What
	// the server asks for, in the stream or by Retry-After, may be longer, and is kept to.
	MaxRetry time.Duration

	// MaxFailures is how many attempts in a row may bring nothing (see MaxRetry) before the
	// last one's error ends the events; 0 or less means any number.
	MaxFailures int

	// MaxSilence is how long the server may send nothing, neither a head nor an event nor
	// a comment, before the client gives the connection up and reconnects; 0 means
	// [DefaultMaxSilence], and a negative one any time. Time that your loop takes does
	// not count.
	MaxSilence time.Duration

	// Limits bound the memory that a stream can take.
	Limits Limits

	// OnRetry is told why a connection has ended, and when the next attempt comes; nil
	// means that nobody is. The error is [io.EOF] if the server has ended the stream
	// cleanly. It is called by the goroutine of the loop, which waits for it.
	OnRetry func(err error, wait time.Duration)
}

var (
	// ErrSilent says that the server has sent nothing for [Client].MaxSilence. OnRetry is
	// told it.
	ErrSilent = errors.New("sse: the server is silent")

	// ErrContentType is wrapped by the error that ends the events of a [Client] when the
	// response is no event stream.
	ErrContentType = errors.New("sse: the response is no event stream")

	// ErrBodyConsumed ends the events of a [Client] whose request has a body that cannot be
	// sent again, as it has no GetBody.
	ErrBodyConsumed = errors.New("sse: the request's body cannot be sent again")
)

// A StatusError says that the server has answered with a status other than 200 and 204.
// With 408, 425, 429 and those from 500 on the [Client] tries again. Any other ends the
// events.
type StatusError struct {
	// Status is the response's status.
	Status int
	// Text is the beginning of the response's body, at most 1 KiB.
	Text string
	// RetryAfter is how long the server wants the client to wait (RFC 9110, section
	// 10.2.3); 0 if it has not said.
	RetryAfter time.Duration
}

// Error has the status, and not the text, which the server has chosen.
func (e *StatusError) Error() string {
	return fmt.Sprintf("sse: the server answered %d %s", e.Status, http.StatusText(e.Status))
}

// temporary reports whether another attempt may fare better.
func (e *StatusError) temporary() bool {
	switch e.Status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return e.Status >= http.StatusInternalServerError
}

// Get yields the events at a URL: see [Client.Events]. A URL that is malformed is yielded
// as an error.
func (c Client) Get(ctx context.Context, url string) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
		if err != nil {
			yield(Event{}, fmt.Errorf("sse: %w", err))
			return
		}
		c.Events(ctx, request)(yield)
	}
}

// Events sends a request, and yields the events that come, as [Read] does. When the
// connection fails, or ends, it waits, and sends the request again, with the header
// Last-Event-ID if an event had an id. To begin after an event that you had before, set
// that header of the request. An id with a control character, which no header can hold, is
// not sent: the client then names the last one before it that can be, and may get some
// events twice.
//
// A POST is sent again as well. Its body must have a GetBody, as those of
// [http.NewRequestWithContext] made from bytes or strings do. Where doing it twice
// does harm, send it yourself and give the response's body to [Read].
//
// The loop ends in one of these ways:
//
//   - Break out of it: the connection is closed.
//   - The server answers 204 (No Content): there is nothing more to come. The loop ends
//     without an error.
//   - ctx ends: its cause is yielded last. The request's own context does not count.
//   - Another attempt is of no use: the error is yielded last. It is a [StatusError], or
//     wraps [ErrContentType], [ErrTooLarge] or [ErrBodyConsumed]; or it is any error, when
//     MaxFailures is reached.
//
// The request is not changed. It has the headers Accept, Cache-Control: no-cache and
// Accept-Encoding: identity, unless you have set them; compression would hold events
// back. Redirects are followed as [http.Client] does. The iterator reads only when the
// loop asks for the next event, and has no goroutine.
func (c Client) Events(ctx context.Context, request *http.Request) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		s := session{
			client:  c.withDefaults(),
			request: request,
			yield:   yield,
		}
		s.retry = s.client.Retry
		s.reach(request.Header.Get("Last-Event-ID"))
		if err := s.run(ctx); err != nil {
			yield(Event{}, err)
		}
	}
}

func (c Client) withDefaults() Client {
	if c.HTTP == nil {
		c.HTTP = new(http.Client)
	}
	c.Retry = positive(c.Retry, DefaultRetry)
	c.MaxRetry = positive(c.MaxRetry, DefaultMaxRetry)
	c.MaxSilence = cmp.Or(c.MaxSilence, DefaultMaxSilence)
	return c
}

// positive is value, or else what stands for one that is zero or less.
func positive[T int | time.Duration](value, otherwise T) T {
	if value > 0 {
		return value
	}
	return otherwise
}
