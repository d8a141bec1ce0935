// Package longpoll has what the endpoints that answer long polls share: where a
// reader begins, how a poll waits, and the headers that say where to go on. The
// names are those of the Durable Streams protocol, version 1.0.
package longpoll

import (
	"context"
	"net/http"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/eventlog"
)

// The headers of an answer, in their canonical form (sections 5.6 and 5.7).
const (
	NextOffset = "Stream-Next-Offset" // the offset to go on from
	UpToDate   = "Stream-Up-To-Date"  // "true": there is nothing after it yet
	Closed     = "Stream-Closed"      // "true": there will never be anything
	Cursor     = "Stream-Cursor"      // to be echoed by the next poll
)

// A Source is what a poll reads and waits for: an [eventlog.Log], or what is made
// of several.
type Source interface {
	Read(ctx context.Context, after eventlog.Offset, bytes int) (eventlog.Page, error)
	Watch(changed func()) (stop func())
}

// Watch tells of changes through a channel: several that nobody has taken are one.
func Watch(source Source) (changed <-chan struct{}, stop func()) {
	channel := make(chan struct{}, 1)
	stop = source.Watch(func() {
		select {
		case channel <- struct{}{}:
		default: // it has been told already
		}
	})
	return channel, stop
}

// Poll reads what is after an offset, and waits for it for as long as wait says. It
// returns an empty page when that is over, and when the server begins to stop: the
// client asks again, and elsewhere. So it does when the client closes its side of the
// connection, as it may still read. It waits in the goroutine that calls it, which is
// the handler's: the head has not been sent, so that the status can still be 204.
func Poll(request *bare.HttpRequest, source Source, after eventlog.Offset, bytes int, wait time.Duration) (eventlog.Page, error) {
	ctx := request.Context()
	changed, stop := Watch(source) // before the first read, so that nothing falls in between
	defer stop()
	timeout := time.NewTimer(wait)
	defer timeout.Stop()
	for {
		page, err := Ask(ctx, func(ctx context.Context) (eventlog.Page, error) { return source.Read(ctx, after, bytes) })
		if err != nil || len(page.Records) > 0 || page.Closed || page.Gap {
			return page, err
		}
		select {
		case <-changed:
		case <-timeout.C:
			return page, nil
		case <-request.Stopping():
			return page, nil
		case <-ctx.Done():
			return page, nil
		}
	}
}

// lastLook is how long a log may take to answer a client that has closed its side.
const lastLook = time.Second

// Ask asks a log for a request. A client that has closed its side of the connection may
// still read, and its context has ended: the log is asked once more, for a moment.
func Ask[T any](ctx context.Context, ask func(ctx context.Context) (T, error)) (T, error) {
	answer, err := ask(ctx)
	if err == nil || ctx.Err() == nil {
		return answer, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastLook)
	defer cancel()
	return ask(ctx)
}

// Headers says where to go on after an answer. An empty cursor is left out.
func Headers(next eventlog.Offset, cursor string, upToDate, closed bool) http.Header {
	headers := http.Header{NextOffset: {next.String()}}
	if cursor != "" {
		headers.Set(Cursor, cursor)
	}
	if upToDate {
		headers.Set(UpToDate, "true")
	}
	if closed {
		headers.Set(Closed, "true")
	}
	return headers
}
