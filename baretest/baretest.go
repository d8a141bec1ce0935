// Package baretest helps to test applications made with bare.
//
// A handler is a function, and its body an iterator: most tests need no server,
// only a request made by [NewRequest] and the first chunks by [Chunks].
//
// [NewServer] runs an application on a real server over an in-memory network,
// with a client beside it. Inside a bubble of [testing/synctest] its time is fake
// from end to end, so that an hour of stream takes milliseconds:
//
//	synctest.Test(t, func(t *testing.T) {
//		stream := baretest.NewServer(t, newApp()).Get("/events")
//		first := stream.Event()  // at once
//		second := stream.Event() // a fake second later
//		stream.Close()           // the tab is closed
//		synctest.Wait()          // the producer has ended
//	})
//
// The application must be made inside the bubble, as its timers belong to it.
//
// A [Stream] is read by what has come ([Stream.Next]), by lines, by events of an event
// stream, or whole. Chunks may share a write: a test that says what comes is best
// written with [Stream.Line] or [Stream.Event].
//
// In production a chunk, or the head of a silent stream, may wait a millisecond for
// company. In a bubble that takes a nanosecond of fake time, the least that shows
// that all goroutines wait: see [Config.FlushDelay]. A time is best compared after
// rounding.
//
// [NewHandlerServer] does the same for an [http.Handler]: a mux in which an
// application is mounted, or what goes around one.
package baretest

import (
	"context"
	"io"
	"iter"
	"net/http/httptest"

	"github.com/bare-go/bare"
)

// NewRequest returns a request that no server made, for a handler to be called
// with. A nil body is none; another is single use, as a server's is. The request's
// context ends with [bare.HttpRequest.Cut] or [bare.HttpRequest.Finish], which
// [bare.HttpRequest.OnEnd] waits for; [bare.HttpRequest.Duplex] does nothing. It panics when the method or the
// target is malformed.
func NewRequest(method, target string, body io.Reader) *bare.HttpRequest {
	return bare.NewHttpRequest(httptest.NewRequestWithContext(context.Background(), method, target, body))
}

// Chunks returns copies of the first n chunks of a body, or of all when there are
// fewer or n is negative. The body is stopped after them, as it is when a client
// leaves. A nil body has none.
func Chunks(body iter.Seq[[]byte], n int) []string {
	var chunks []string
	if body == nil || n == 0 {
		return chunks
	}
	for chunk := range body {
		chunks = append(chunks, string(chunk))
		if len(chunks) == n {
			break
		}
	}
	return chunks
}
