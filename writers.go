package bare

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"iter"
	"reflect"
	"slices"
	"sync/atomic"
)

// TextWriter is a body of one chunk of text.
//
//go:noinline
func TextWriter(text string) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		if text != "" {
			yield([]byte(text))
		}
	}
}

// BytesWriter is a body of one chunk. It is not copied: it must not change until
// the response has been sent.
//
//go:noinline
func BytesWriter(content []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		if len(content) > 0 {
			yield(content)
		}
	}
}

// ChunkWriter is a body of chunks of size bytes each, the last one shorter. It
// panics when size is not positive. The content is not copied: it must not change
// until the response has been sent.
func ChunkWriter(content []byte, size int) iter.Seq[[]byte] {
	if size <= 0 {
		panic("bare: ChunkWriter: the size is not positive") //nolint:forbidigo // a programmer's error
	}
	return func(yield func([]byte) bool) {
		for rest := content; len(rest) > 0; {
			n := min(size, len(rest))
			if !yield(rest[:n:n]) {
				return
			}
			rest = rest[n:]
		}
	}
}

// StringsWriter is a body of a chunk for each string. It is pulled as the client
// reads, and stopped when the client leaves.
func StringsWriter(texts iter.Seq[string]) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		var lock gate
		var buffer []byte
		// Called rather than ranged over: as any body it may yield from several
		// goroutines, and too late, which a range loop makes a panic of.
		texts(func(text string) bool {
			lock.lock()
			defer lock.unlock()
			buffer = append(buffer[:0], text...)
			return yield(buffer)
		})
	}
}

// StreamWriter is a body that has an end to reach. When write returns nil the
// response is complete. With any error it is cut, so that the client can tell
// that something is missing, and the error is logged, unless it is what the
// request's own context has ended with. As long as nothing has been sent, the response is [ErrorResponse] instead. An
// error that is returned after yield has returned false is ignored.
//
// A download is a StreamWriter; an event stream, which has no end, is a plain
// iterator.
func StreamWriter(write func(yield func([]byte) bool) error) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		var stopped atomic.Bool
		err := write(func(chunk []byte) bool {
			more := yield(chunk)
			if !more {
				stopped.Store(true)
			}
			return more
		})
		if err != nil && !stopped.Load() {
			failBody(err)
		}
	}
}

// ReaderWriter is a body that is read from source, whose failure, or the end of
// ctx, cuts the response. A source that is an [io.Closer] is closed when the body
// ends, or, if the body is never run, when ctx does: give it the request's
// context. The body can be run once.
func ReaderWriter(ctx context.Context, source io.Reader) iter.Seq[[]byte] {
	closeSource := func() error { return nil }
	if closer, ok := source.(io.Closer); ok {
		closeSource = closer.Close
	}
	// It also frees a Read that waits for something that will not come.
	unhook := context.AfterFunc(ctx, func() {
		_ = closeSource() // there is nobody left to tell
	})
	return StreamWriter(func(yield func([]byte) bool) error {
		defer func() {
			if unhook() {
				_ = closeSource() // it has been read, and a reader's close loses nothing
			}
		}()
		buffer := make([]byte, largeBuffer)
		for {
			n, err := source.Read(buffer)
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if n > 0 && !yield(buffer[:n]) {
				return nil
			}
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
		}
	})
}

// ChannelWriter is a body of the chunks that come through a channel. When the
// channel is closed the response is complete; when ctx ends first it is cut. A
// sender must select on the same context, or it will wait forever once the
// client has left. A chunk must not change after it was sent.
func ChannelWriter(ctx context.Context, chunks <-chan []byte) iter.Seq[[]byte] {
	return StreamWriter(func(yield func([]byte) bool) error {
		for {
			select {
			case <-ctx.Done():
				return context.Cause(ctx)
			case chunk, ok := <-chunks:
				if !ok || !yield(chunk) {
					return nil
				}
			}
		}
	})
}

// JSONLinesWriter is a body of a line of JSON for each value (content type
// application/x-ndjson). A value that cannot be encoded cuts the response.
func JSONLinesWriter[T any](values iter.Seq[T]) iter.Seq[[]byte] {
	return JSONLinesStreamWriter(func(yield func(T) bool) error {
		values(yield)
		return nil
	})
}

// JSONLinesStreamWriter is to [JSONLinesWriter] what [StreamWriter] is to an
// iterator: write's error cuts the response.
func JSONLinesStreamWriter[T any](write func(yield func(T) bool) error) iter.Seq[[]byte] {
	return StreamWriter(func(yield func([]byte) bool) error {
		var lock gate
		var buffer bytes.Buffer
		var failure error
		err := write(func(value T) bool {
			lock.lock()
			defer lock.unlock()
			if failure != nil {
				return false
			}
			buffer.Reset()
			failure = encodeJSON(&buffer, value)
			return failure == nil && yield(buffer.Bytes())
		})
		lock.lock()
		defer lock.unlock()
		return cmp.Or(failure, err)
	})
}

// immediate are the bodies of one chunk: what the functions that TextWriter and
// BytesWriter return run. Those must not be inlined, or they would run copies.
var immediate = [...]uintptr{ //nolint:gochecknoglobals // it never changes
	reflect.ValueOf(TextWriter("")).Pointer(),
	reflect.ValueOf(BytesWriter(nil)).Pointer(),
}

// isImmediate reports whether a body yields once, and has returned at once after
// that: it cannot fail, and nobody need look after it.
func isImmediate(body iter.Seq[[]byte]) bool {
	return slices.Contains(immediate[:], reflect.ValueOf(body).Pointer())
}
