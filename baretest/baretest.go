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
//		first := stream.Next()  // at once
//		second := stream.Next() // a fake second later
//		stream.Close()          // the tab is closed
//		synctest.Wait()         // the producer has ended
//	})
//
// The application must be made inside the bubble, as its timers belong to it.
package baretest

import (
	"context"
	"errors"
	"io"
	"iter"
	"net/http/httptest"

	"github.com/bare-go/bare"
)

// readBuffer is the most bytes that a chunk of a request's body has.
const readBuffer = 32 << 10

// NewRequest returns a request that no server made, for a handler to be called
// with. A nil body is none; another is single use, as a server's is. The request's
// context never ends; [bare.HttpRequest.OnEnd] and [bare.HttpRequest.Duplex] do
// nothing. It panics when the method or the target is malformed.
func NewRequest(method, target string, body io.Reader) *bare.HttpRequest {
	return &bare.HttpRequest{
		Scope:  httptest.NewRequestWithContext(context.Background(), method, target, body),
		Info:   new(bare.Info),
		Locals: make(map[string]any),
		Body:   once(body),
	}
}

// once yields what source holds to its first reader.
func once(source io.Reader) iter.Seq2[[]byte, error] {
	if source == nil {
		return func(func([]byte, error) bool) {}
	}
	consumed := false
	return func(yield func([]byte, error) bool) {
		if consumed {
			yield(nil, bare.ErrBodyConsumed)
			return
		}
		consumed = true
		buffer := make([]byte, readBuffer)
		for {
			n, err := source.Read(buffer)
			if n > 0 && !yield(buffer[:n], nil) {
				return
			}
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(nil, err)
				return
			}
		}
	}
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
