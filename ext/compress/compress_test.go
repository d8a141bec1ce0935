package compress_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/ext/compress"
)

// eachEncoding runs a test for each encoding, over each protocol, in a bubble of fake
// time.
func eachEncoding(t *testing.T, test func(t *testing.T, protocol baretest.Protocol, encoding bare.ContentEncoding)) {
	t.Helper()
	for _, encoding := range compress.Encodings() {
		for _, protocol := range baretest.Protocols() {
			t.Run(encoding.Name+" over "+protocol.String(), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { test(t, protocol, encoding) })
			})
		}
	}
}

// newApp is an application with all encodings and one handler.
func newApp(handler bare.HttpHandler) *bare.Application {
	app := bare.NewApplication()
	app.Logger = slog.New(slog.DiscardHandler)
	app.Compression = &bare.Compression{Encodings: compress.Encodings()}
	app.HttpRouter.Add(bare.Methods{"GET", "POST"}, "/", handler)
	return app
}

// serve runs an application as in production: chunks wait for company.
func serve(t *testing.T, protocol baretest.Protocol, app *bare.Application) *baretest.Server {
	t.Helper()
	return baretest.Config{Protocol: protocol, FlushDelay: true}.NewServer(t, app)
}

// do makes a request with one header.
func do(t *testing.T, server *baretest.Server, method string, body io.Reader, name, value string) *baretest.Stream {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, server.URL, body)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set(name, value)
	return server.Do(request)
}

// get asks for a response in an encoding.
func get(t *testing.T, server *baretest.Server, encoding bare.ContentEncoding) *baretest.Stream {
	t.Helper()
	stream := do(t, server, "GET", http.NoBody, "Accept-Encoding", encoding.Name)
	if got := stream.Response.Header.Get("Content-Encoding"); got != encoding.Name {
		t.Errorf("the encoding is %q, want %q", got, encoding.Name)
	}
	return stream
}

// decode decodes all of a source.
func decode(t *testing.T, encoding bare.ContentEncoding, source io.Reader) (string, error) {
	t.Helper()
	decoder, err := encoding.NewDecoder(source)
	if err != nil {
		return "", err
	}
	defer func() { _ = decoder.Close() }()
	text, err := io.ReadAll(decoder)
	return string(text), err
}

// encode encodes a text.
func encode(t *testing.T, encoding bare.ContentEncoding, text string) []byte {
	t.Helper()
	var buffer bytes.Buffer
	encoder := encoding.NewEncoder()
	encoder.Reset(&buffer)
	if _, err := io.WriteString(encoder, text); err != nil {
		t.Fatal(err)
	}
	if err := encoder.Close(); err != nil {
		t.Fatal(err)
	}
	return buffer.Bytes()
}

func longText() string { return strings.Repeat("The quick brown fox jumps over the lazy dog. ", 2000) }

// events is a body of an event each second, with its time.
func events(request *bare.HttpRequest) bare.HttpResponse {
	return bare.HttpResponse{
		Headers: bare.Headers("content-type", "text/event-stream"),
		Body: func(yield func([]byte) bool) {
			for now := range request.Every(time.Second) {
				if !yield([]byte("data: " + now.Format(time.StampNano) + "\n\n")) {
					return
				}
			}
		},
	}
}

func TestEventsReachTheClientAsSoonAsTheyAreYielded(t *testing.T) {
	t.Parallel()
	eachEncoding(t, func(t *testing.T, protocol baretest.Protocol, encoding bare.ContentEncoding) {
		stream := get(t, serve(t, protocol, newApp(events)), encoding)
		decoder, err := encoding.NewDecoder(stream.Response.Body)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = decoder.Close() }()
		event := make([]byte, len("data: "+time.StampNano+"\n\n"))
		for range 10 {
			_, err := io.ReadFull(decoder, event)
			// No time has passed since the event was made.
			if want := "data: " + time.Now().Format(time.StampNano) + "\n\n"; err != nil || string(event) != want {
				t.Fatalf("got %q (%v), want %q", event, err, want)
			}
		}
		stream.Close()
	})
}

func TestALongTextIsCompressed(t *testing.T) {
	t.Parallel()
	eachEncoding(t, func(t *testing.T, protocol baretest.Protocol, encoding bare.ContentEncoding) {
		server := serve(t, protocol, newApp(func(*bare.HttpRequest) bare.HttpResponse { return bare.TextResponse(200, longText()) }))
		var all sync.WaitGroup
		for i := range 6 { // one after the other has the same encoder
			all.Go(func() {
				stream := get(t, server, encoding)
				if i%5 == 0 {
					stream.Close()
					return
				}
				encoded := stream.Rest()
				text, err := decode(t, encoding, strings.NewReader(encoded))
				if text != longText() || err != nil || len(encoded) > len(text)/20 {
					t.Errorf("%d bytes decode to %d (%v)", len(encoded), len(text), err)
				}
			})
		}
		all.Wait()
	})
}

func TestACutResponseDoesNotDecodeAsAWholeOne(t *testing.T) {
	t.Parallel()
	eachEncoding(t, func(t *testing.T, protocol baretest.Protocol, encoding bare.ContentEncoding) {
		app := newApp(func(*bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{
				Headers: bare.Headers("content-type", "text/plain"),
				Body: bare.StreamWriter(func(yield func([]byte) bool) error {
					yield([]byte(longText()))
					return errors.New("broken")
				}),
			}
		})
		stream := get(t, serve(t, protocol, app), encoding)
		text, err := decode(t, encoding, strings.NewReader(stream.Rest()))
		if text != longText() || err == nil || stream.Err() == nil {
			t.Errorf("got %d bytes, %v, %v", len(text), err, stream.Err())
		}
	})
}

func TestAStreamTakesTheEncodingWithTheLeastMemory(t *testing.T) {
	t.Parallel()
	tests := []struct{ accept, page, stream string }{
		{"gzip, deflate, br, zstd", "br", "gzip"},
		{"*", "br", "gzip"},
		{"br, zstd", "br", "zstd"},
		{"zstd, gzip;q=0.9", "zstd", "zstd"},
		{"deflate", "", ""},
	}
	synctest.Test(t, func(t *testing.T) {
		page := serve(t, baretest.HTTP2, newApp(func(*bare.HttpRequest) bare.HttpResponse { return bare.TextResponse(200, longText()) }))
		stream := serve(t, baretest.HTTP2, newApp(events))
		for _, test := range tests {
			for server, want := range map[*baretest.Server]string{page: test.page, stream: test.stream} {
				answer := do(t, server, "GET", http.NoBody, "Accept-Encoding", test.accept)
				if got := answer.Response.Header.Get("Content-Encoding"); got != want {
					t.Errorf("for %q the encoding is %q, want %q", test.accept, got, want)
				}
				answer.Close()
			}
		}
	})
}

func TestAnEncodedRequestIsDecoded(t *testing.T) {
	t.Parallel()
	eachEncoding(t, func(t *testing.T, protocol baretest.Protocol, encoding bare.ContentEncoding) {
		const limit = 1 << 20
		app := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			text, err := request.Text()
			if err != nil {
				return bare.ErrorResponse(err)
			}
			return bare.TextResponse(0, strconv.Itoa(len(text)))
		})
		app.ReadLimit = limit
		server := serve(t, protocol, app)
		whole := encode(t, encoding, longText())
		tests := []struct {
			name   string
			body   []byte
			status int
		}{
			{"whole", whole, 200},
			{"nothing", encode(t, encoding, ""), 200},
			{"as long as the limit", encode(t, encoding, strings.Repeat("x", limit)), 200},
			{"longer", encode(t, encoding, strings.Repeat("x", limit+1)), 413},
			{"a bomb", encode(t, encoding, strings.Repeat("\x00", 8<<20)), 413},
			{"half", whole[:len(whole)/2], 400},
			{"something behind it", append(bytes.Clone(whole), "behind"...), 400},
			{"something else", []byte("{\"this\": \"is not encoded at all\"}"), 400},
		}
		for _, test := range tests {
			stream := do(t, server, "POST", bytes.NewReader(test.body), "Content-Encoding", encoding.Name)
			if got := stream.Response.StatusCode; got != test.status {
				t.Errorf("%s: got %d %q, want %d", test.name, got, stream.Rest(), test.status)
			}
		}
		stream := do(t, server, "POST", strings.NewReader("x"), "Content-Encoding", "deflate")
		if got := stream.Response.Header.Get("Accept-Encoding"); stream.Response.StatusCode != http.StatusUnsupportedMediaType || got != "br, zstd, gzip, identity" {
			t.Errorf("an unknown encoding is answered with %d and %q", stream.Response.StatusCode, got)
		}
	})
}

// What an encoder says that it holds decides how many there may be. It is not parallel,
// as it measures the heap of the whole process.
//
//nolint:paralleltest // see above
func TestAnEncoderHoldsWhatItSays(t *testing.T) {
	for _, encoding := range compress.Encodings() {
		for name, kind := range map[string]struct {
			newEncoder func() bare.ContentEncoder
			says       int64
		}{
			"whole":  {encoding.NewEncoder, encoding.Memory},
			"stream": {encoding.NewStreamEncoder, encoding.StreamMemory},
		} {
			t.Run(encoding.Name+" "+name, func(t *testing.T) {
				holds := held(t, kind.newEncoder)
				t.Logf("%.1f KB", float64(holds)/1000)
				if holds > kind.says*11/10 || holds < kind.says*6/10 {
					t.Errorf("an encoder holds %d bytes, and says %d", holds, kind.says)
				}
			})
		}
	}
}

// held is how many bytes an encoder holds after a long text and many events.
func held(t *testing.T, newEncoder func() bare.ContentEncoder) int64 {
	t.Helper()
	const n = 20
	encoders := make([]bare.ContentEncoder, n)
	before := heap()
	for i := range encoders {
		encoders[i] = newEncoder()
		encoders[i].Reset(io.Discard)
		for j := range 100 {
			_, _ = io.WriteString(encoders[i], "event: price\ndata: "+strconv.Itoa(j*j)+"\n\n")
			_ = encoders[i].Flush()
		}
		for range 10 {
			_, _ = io.WriteString(encoders[i], longText()[:32<<10])
		}
		if err := encoders[i].Flush(); err != nil {
			t.Fatal(err)
		}
	}
	after := heap()
	runtime.KeepAlive(encoders)
	return (after - before) / n
}

func heap() int64 {
	runtime.GC()
	runtime.GC() // what a sync.Pool still holds
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

// hungry are bodies of a few bytes for which a decoder needs all of a window.
func hungry(window map[string]byte) map[string][]byte {
	text := strings.Repeat("x", 100)
	// The window, and the head of an uncompressed block of 16 MB (RFC 7932, section 9.2).
	br := binary.LittleEndian.AppendUint32(nil, 1|uint32(window["br"]-17)<<1|2<<5|0xffffff<<7|1<<31)
	// A frame with a window, whose exponent has 10 taken away, and a block of which more come
	// (RFC 8878, section 3.1.1).
	zstd := []byte{0x28, 0xb5, 0x2f, 0xfd, 0, (window["zstd"] - 10) << 3, 0x20, 0x03, 0}
	return map[string][]byte{"br": append(br, text...), "zstd": append(zstd, text...)}
}

func TestALargeWindowIsRefused(t *testing.T) {
	t.Parallel()
	for name, body := range hungry(map[string]byte{"br": 23, "zstd": 24}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, encoding := range compress.Encodings() {
				if encoding.Name != name {
					continue
				}
				text, err := decode(t, encoding, bytes.NewReader(body))
				if text != "" || err == nil || !strings.Contains(err.Error(), "window") {
					t.Errorf("got %q (%v)", text, err)
				}
			}
		})
	}
}

// It is not parallel, as it measures the heap of the whole process.
//
//nolint:paralleltest // see above
func TestADecoderHoldsNoMoreThanItSays(t *testing.T) {
	bodies := hungry(map[string]byte{"br": 22, "zstd": 23})
	bodies["gzip"] = encode(t, bare.Gzip(), longText())[:200]
	for _, encoding := range compress.Encodings() {
		t.Run(encoding.Name, func(t *testing.T) {
			const n = 10
			decoders := make([]io.ReadCloser, n)
			before := heap()
			for i := range decoders {
				decoder, err := encoding.NewDecoder(bytes.NewReader(bodies[encoding.Name]))
				if err != nil {
					t.Fatal(err)
				}
				decoders[i] = decoder
				if read, err := decoder.Read(make([]byte, 50)); read == 0 {
					t.Fatal(err)
				}
			}
			holds := (heap() - before) / n
			t.Logf("%.1f KB", float64(holds)/1000)
			if holds > encoding.DecoderMemory || holds < encoding.DecoderMemory/4 {
				t.Errorf("a decoder holds %d bytes, and says %d", holds, encoding.DecoderMemory)
			}
			for _, decoder := range decoders {
				_ = decoder.Close()
			}
		})
	}
}
