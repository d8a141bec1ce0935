package sse

import (
	"context"
	"iter"
	"net/http"
	"strings"
	"time"

	"github.com/bare-go/bare"
)

// The types of the events that end a [StreamResponse].
const (
	// Done is the type of the event that ends a stream which has reached its end, and
	// its id.
	Done = "done"
	// Failed is the type of the event that ends a stream which has failed. Its data is a
	// message that is safe to show.
	Failed = "failed"
)

// DefaultKeepAlive is the silence after which a stream sends a comment. Proxies cut
// connections after 60 to 100 silent seconds, and some earlier.
const DefaultKeepAlive = 15 * time.Second

// Options are what a stream can choose. The zero value is right for most.
type Options struct {
	// KeepAlive is the silence after which a comment is sent, which no listener sees; 0
	// means [DefaultKeepAlive], and a negative one that none is sent.
	KeepAlive time.Duration

	// Retry is how long the client waits before it reconnects. It is sent once, before
	// the first event, in milliseconds. Zero or less means that it is not sent: browsers
	// then wait for some seconds of their own choice.
	Retry time.Duration
}

// Response is a response that streams events, without an end: prices, a chat. For a
// stream that has an end to reach, or that may fail, see [StreamResponse].
//
// The response is not stored by any cache. Its first bytes, a comment or Retry, go out
// at once, and then each event as it is yielded. After a silence a comment keeps the
// connection alive: see [Options].
//
// The iterator is run once, in the goroutine of the request, after the handler has
// returned. Its yield returns false when the client has left or the server stops, and
// the iterator must then return: after a hundred such calls its goroutine is ended. One
// that waits for something else watches the request's context as well, as
// [bare.HttpRequest.Every], [bare.HttpRequest.Sleep] and [bare.Receive] do. Several
// goroutines may yield, each in its turn, as long as the iterator does not return before
// them. An event may be changed when yield has returned.
//
// When the iterator returns, the response ends cleanly, and an EventSource reconnects.
// An event that cannot be encoded (see [FieldError]) cuts the response, and is logged.
func Response(request *bare.HttpRequest, events iter.Seq[Event], options Options) bare.HttpResponse {
	return streaming(func(yield func([]byte) bool) error {
		w := newWriter(request, yield, options)
		defer w.close()
		w.open(options.Retry)
		events(w.send)
		return w.failure()
	})
}

// StreamResponse is a response that streams events and has an end to reach, or may
// fail: the progress of a job, an answer that is generated. It is to [Response] what
// [bare.StreamWriter] is to an iterator:
//
//   - When write returns nil, an event with the type and the id "done" ends the stream.
//     A page closes its EventSource when it gets it. One that does not reconnects, with
//     that id, and StreamResponse then answers 204 without running write: a browser
//     gives up at that. Other events must not have this id.
//   - When write returns an error, an event with the type "failed" ends the stream, and
//     the response is cut. Its data is the error's own text if it has the methods
//     StatusCode() int and SafeMessage() string, as [bare.HttpError] does. Otherwise it is
//     "Internal Server Error". The error is logged. An EventSource gets the event, and then
//     reconnects: a page that wants no second try closes it.
//   - When the request's context has ended, as the client has left or the server stops,
//     nothing has been reached: the response is cut, whatever write returns. An
//     EventSource comes back: see [LastEventID].
//
// The rest is as with [Response].
func StreamResponse(request *bare.HttpRequest, write func(yield func(Event) bool) error, options Options) bare.HttpResponse {
	if LastEventID(request) == Done {
		return bare.HttpResponse{Status: http.StatusNoContent, Headers: bare.Headers("cache-control", "no-store")}
	}
	return streaming(func(yield func([]byte) bool) error {
		w := newWriter(request, yield, options)
		defer w.close()
		w.open(options.Retry)
		err := write(w.send)
		if failure := w.failure(); failure != nil {
			err = failure
		}
		return w.finish(request.Context(), err)
	})
}

// streaming is a response with the headers of an event stream. The server adds those
// that keep proxies from holding it back.
func streaming(write func(yield func([]byte) bool) error) bare.HttpResponse {
	return bare.HttpResponse{
		Headers: bare.Headers("content-type", ContentType, "cache-control", "no-store"),
		Body:    bare.StreamWriter(write),
	}
}

// finish tells the client how the stream has ended, and returns the error that cuts the
// response.
func (w *writer) finish(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil && err == nil:
		return context.Cause(ctx) // write may have returned because of it
	case ctx.Err() != nil:
		return err
	case err == nil:
		w.put(Event{ID: Done, Type: Done})
		return nil
	}
	w.put(Event{Type: Failed, Data: []byte(bare.SafeMessage(err))})
	return err
}

// MaxIDLength is how many bytes [LastEventID] returns at most.
const MaxIDLength = 1024

// LastEventID is the id of the last event that a client has had, so that the stream
// can go on after it; empty if the client names none. It is the header Last-Event-ID,
// which an EventSource sends when it reconnects, or else the query parameter
// last-event-id: for the first connection of an EventSource, which cannot send headers,
// and for clients whose header would cost a preflight request.
//
// Whoever sends the request chooses the id: one that you have never sent is to be
// expected. It is cut at [MaxIDLength] bytes, and before the first CR, LF or NUL, so
// that an [Event] can have it.
func LastEventID(request *bare.HttpRequest) string {
	id := ""
	if request.Scope != nil {
		id = request.Scope.Header.Get("Last-Event-ID")
	}
	if id == "" {
		id = fromQuery(request)
	}
	id = id[:min(len(id), MaxIDLength)]
	if i := strings.IndexAny(id, "\r\n\x00"); i >= 0 {
		id = id[:i]
	}
	return id
}

// fromQuery returns the query parameter that stands for the header. The query is parsed
// only if it may have it.
//
//go:noinline
func fromQuery(request *bare.HttpRequest) string {
	if request.Scope == nil || request.Scope.URL == nil {
		return ""
	}
	raw := request.Scope.URL.RawQuery
	if !strings.Contains(raw, idParameter) && !strings.Contains(raw, "%") {
		return ""
	}
	return request.Query().Get(idParameter)
}

const idParameter = "last-event-id"
