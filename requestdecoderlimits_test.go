package bare_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

// counted is gzip whose decoders are counted while they are open.
func counted(open *atomic.Int64) bare.ContentEncoding {
	encoding := bare.Gzip()
	inner := encoding.NewDecoder
	encoding.NewDecoder = func(source io.Reader) (io.ReadCloser, error) {
		decoder, err := inner(source)
		if err != nil {
			return nil, err
		}
		open.Add(1)
		return &countedDecoder{decoder, open}, nil
	}
	return encoding
}

type countedDecoder struct {
	io.ReadCloser

	open *atomic.Int64
}

func (d *countedDecoder) Close() error {
	d.open.Add(-1)
	return d.ReadCloser.Close()
}

func TestOnlySoManyRequestsAreDecodedAtATime(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, log := echoing(func(request *bare.HttpRequest) (string, error) { return request.Text() })
		app.Compression.MaxMemory = 2 * bare.Gzip().DecoderMemory
		server := serve(t, protocol, app)
		var held []*io.PipeWriter
		var answers []chan int
		for range 2 {
			reader, writer := io.Pipe()
			answer := make(chan int, 1)
			go func() {
				answer <- submit(t, server, "POST", "/", reader, "Content-Encoding", "gzip").Response.StatusCode
			}()
			_, _ = writer.Write(zip(t, longText())[:50])
			held, answers = append(held, writer), append(answers, answer)
		}
		synctest.Wait()
		stream := submit(t, server, "POST", "/", bytes.NewReader(zip(t, "x")), "Content-Encoding", "gzip")
		if stream.Response.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("one too many is answered with %d", stream.Response.StatusCode)
		}
		wantHead(t, stream, "Retry-After", "1")
		if plain := submit(t, server, "POST", "/", strings.NewReader("x")); plain.Rest() != "x" {
			t.Error("a request that is not encoded is not read")
		}
		for i, writer := range held {
			_ = writer.Close()
			if status := <-answers[i]; status != http.StatusBadRequest {
				t.Errorf("half a body is answered with %d", status)
			}
		}
		for range 3 { // what failed and what was read is free again
			if stream := submit(t, server, "POST", "/", bytes.NewReader(zip(t, "x")), "Content-Encoding", "gzip"); stream.Rest() != "x" {
				t.Errorf("got %d", stream.Response.StatusCode)
			}
		}
		_ = log
	})
}

func TestADecoderDoesNotOutliveItsBody(t *testing.T) {
	t.Parallel()
	tests := map[string][]byte{
		"read to its end":        zip(t, "x"),
		"that cannot be decoded": append(zip(t, "x")[:15], "broken, and longer than it"...),
		"with something behind":  append(zip(t, "x"), "behind"...),
		"that is too long":       zip(t, strings.Repeat("x", 2000)),
	}
	for name, body := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				var open atomic.Int64
				app, _ := compressed(func(request *bare.HttpRequest) bare.HttpResponse {
					_, first := io.ReadAll(request.Reader())
					_, second := io.ReadAll(request.Reader())
					if (first == nil) != (second == nil) {
						t.Errorf("the first read ends with %v, and the next one with %v", first, second)
					}
					return bare.HttpResponse{Headers: bare.Headers("content-type", "text/event-stream"), Body: func(yield func([]byte) bool) {
						_ = yield([]byte("data: x\n\n")) && request.Sleep(time.Hour)
					}}
				})
				app.BodyLimit = 1000
				app.Compression.Encodings = []bare.ContentEncoding{counted(&open)}
				app.Compression.MaxMemory = bare.Gzip().DecoderMemory
				server := serve(t, protocol, app)
				for range 2 {
					stream := submit(t, server, "POST", "/", bytes.NewReader(body), "Content-Encoding", "gzip")
					if got := stream.Next(); got != "data: x\n\n" {
						t.Errorf("the stream begins with %q", got)
					}
					if n := open.Load(); n != 0 {
						t.Errorf("%d decoders are open while the response is", n)
					}
				}
			})
		})
	}
}

func TestADecoderThatIsNotReadToItsEndIsClosedWithTheRequest(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		var open atomic.Int64
		var later io.Reader
		app, _ := compressed(func(request *bare.HttpRequest) bare.HttpResponse {
			later = request.Reader()
			if n, err := later.Read(make([]byte, 1)); n != 1 || err != nil || open.Load() != 1 {
				t.Errorf("got %d bytes (%v) with %d decoders", n, err, open.Load())
			}
			return bare.HttpResponse{}
		})
		app.Compression.Encodings = []bare.ContentEncoding{counted(&open)}
		server := serve(t, protocol, app)
		submit(t, server, "POST", "/", bytes.NewReader(zip(t, longText())), "Content-Encoding", "gzip").Rest()
		synctest.Wait()
		if n := open.Load(); n != 0 {
			t.Errorf("%d decoders are open", n)
		}
		if _, err := later.Read(make([]byte, 1)); !errors.Is(err, bare.ErrBodyConsumed) {
			t.Errorf("a read that comes too late ends with %v", err)
		}
	})
}

// flushes is a gzip body in which a byte follows each of so many flushes.
func flushes(t *testing.T, times, between int) []byte {
	t.Helper()
	var buffer bytes.Buffer
	writer := gzip.NewWriter(&buffer)
	for range times {
		for range between {
			_ = writer.Flush()
		}
		_, _ = writer.Write([]byte("x"))
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return buffer.Bytes()
}

func TestTheLimitOfABodyHoldsForWhatIsSent(t *testing.T) {
	t.Parallel()
	padded := flushes(t, 10, 200_000)
	chatty := flushes(t, 5_000, 1)
	for _, test := range []struct {
		name   string
		limit  int64
		body   []byte
		status int
		most   int64 // bytes that are read of it
	}{
		{"ten bytes in ten megabytes", 10, padded, 413, 200_000},
		{"the same without a limit", -1, padded, 400, 2 << 20},
		{"a flush after each byte", 5_000, chatty, 200, int64(len(chatty))},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				app, _ := echoing(func(request *bare.HttpRequest) (string, error) { return request.Text() })
				app.BodyLimit = test.limit
				source := &countedReader{Reader: bytes.NewReader(test.body)}
				encoding := bare.Gzip()
				inner := encoding.NewDecoder
				encoding.NewDecoder = func(encoded io.Reader) (io.ReadCloser, error) {
					source.Reader = encoded
					return inner(source)
				}
				app.Compression.Encodings = []bare.ContentEncoding{encoding}
				stream := submit(t, serve(t, protocol, app), "POST", "/", io.MultiReader(bytes.NewReader(test.body)), "Content-Encoding", "gzip")
				if got := stream.Response.StatusCode; got != test.status || source.count > test.most {
					t.Errorf("%d bytes are read of %d, and the answer is %d, want %d", source.count, len(test.body), got, test.status)
				}
			})
		})
	}
}

// countedReader counts what is read.
type countedReader struct {
	io.Reader

	count int64
}

func (r *countedReader) Read(buffer []byte) (int, error) {
	n, err := r.Reader.Read(buffer)
	r.count += int64(n)
	return n, err
}

func TestAnEncodedBodyThatIsDeclaredTooLongIsNotAskedFor(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, _ := echoing(func(request *bare.HttpRequest) (string, error) { return readers()["Body"](request) })
		app.BodyLimit = 10
		conn := serve(t, baretest.HTTP1, app).Dial()
		defer conn.Close()
		_, _ = io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Encoding: gzip\r\nContent-Length: 1000000\r\n\r\n")
		answer := make([]byte, len("HTTP/1.1 413"))
		if _, err := io.ReadFull(conn, answer); string(answer) != "HTTP/1.1 413" || err != nil {
			t.Errorf("got %q (%v)", answer, err)
		}
	})
}

func TestWhatWasDecodedBeforeAFailureIsSeen(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		var seen int
		var failure error
		app, _ := compressed(func(request *bare.HttpRequest) bare.HttpResponse {
			for chunk, err := range request.Body {
				seen += len(chunk)
				failure = err
			}
			return bare.HttpResponse{}
		})
		var stored bytes.Buffer
		writer, _ := gzip.NewWriterLevel(&stored, gzip.NoCompression)
		_, _ = writer.Write(make([]byte, 20_000))
		_ = writer.Close()
		body := bytes.NewReader(stored.Bytes()[:15_000]) // of which 15 are heads
		submit(t, serve(t, protocol, app), "POST", "/", body, "Content-Encoding", "gzip").Rest()
		if seen != 14_985 || failure == nil {
			t.Errorf("the loop saw %d bytes before %v", seen, failure)
		}
	})
}
