package bare_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

// longText is worth compressing.
func longText() string { return strings.Repeat("The quick brown fox jumps over the lazy dog. ", 1000) }

// compressed is an application with one handler, and compression.
func compressed(handler bare.HttpHandler) (*bare.Application, *logbook) {
	app, log := newApp(handler)
	app.Compression = new(bare.Compression)
	return app, log
}

// fetch makes a request with headers in pairs.
func fetch(t *testing.T, server *baretest.Server, method, path string, headers ...string) *baretest.Stream {
	t.Helper()
	return submit(t, server, method, path, http.NoBody, headers...)
}

// submit is fetch with a body.
func submit(t *testing.T, server *baretest.Server, method, path string, body io.Reader, headers ...string) *baretest.Stream {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, body)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Add(headers[i], headers[i+1])
	}
	return server.Do(request)
}

// unzip decodes all of a text.
func unzip(text string) (string, error) {
	reader, err := gzip.NewReader(strings.NewReader(text))
	if err != nil {
		return "", err
	}
	plain, err := io.ReadAll(reader)
	return string(plain), err
}

func zip(t *testing.T, text string) []byte {
	t.Helper()
	var buffer bytes.Buffer
	writer := gzip.NewWriter(&buffer)
	if _, err := io.WriteString(writer, text); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return buffer.Bytes()
}

// wantHead fails the test unless the headers have these values, in pairs; "" is none.
func wantHead(t *testing.T, stream *baretest.Stream, pairs ...string) {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if got := strings.Join(stream.Response.Header[pairs[i]], " | "); got != pairs[i+1] {
			t.Errorf("%s is %q, want %q", pairs[i], got, pairs[i+1])
		}
	}
}

func TestALongTextIsCompressedForClientsThatAcceptIt(t *testing.T) {
	t.Parallel()
	bodies := map[string]func() bare.HttpResponse{
		"of a known length": func() bare.HttpResponse { return bare.TextResponse(200, longText()) },
		"of an unknown length": func() bare.HttpResponse {
			return bare.HttpResponse{Headers: bare.Headers("content-type", "text/plain; charset=utf-8"), Body: bare.ChunkWriter([]byte(longText()), 100)}
		},
	}
	for name, response := range bodies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				ends := make(chan bare.End, 1)
				app, log := compressed(func(request *bare.HttpRequest) bare.HttpResponse {
					request.OnEnd(func(end bare.End) { ends <- end })
					return response().WithHeader("etag", `"tag"`).WithHeader("accept-ranges", "bytes").WithHeader("vary", "Cookie")
				})
				stream := fetch(t, serve(t, protocol, app), "GET", "/", "Accept-Encoding", "gzip")
				encoded := stream.Rest()
				plain, err := unzip(encoded)
				if err != nil || plain != longText() || len(encoded) > len(plain)/10 {
					t.Errorf("%d bytes decode to %d bytes (%v)", len(encoded), len(plain), err)
				}
				wantHead(t, stream, "Content-Encoding", "gzip", "Content-Length", "", "Etag", `W/"tag"`, "Accept-Ranges", "", "Vary", "Cookie | Accept-Encoding")
				if end := <-ends; end.Err != nil || end.Bytes != int64(len(plain)) {
					t.Errorf("OnEnd was told of %d bytes and %v", end.Bytes, end.Err)
				}
				wantLogged(t, log)
			})
		})
	}
}

func TestEventsReachTheClientAsSoonAsTheyAreYielded(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := compressed(func(request *bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{Headers: bare.Headers("content-type", "text/event-stream"), Body: func(yield func([]byte) bool) {
				for now := range request.Every(time.Second) {
					if !yield([]byte("data: " + now.Format(time.StampNano) + "\n\n")) {
						return
					}
				}
			}}
		})
		stream := fetch(t, serve(t, protocol, app), "GET", "/", "Accept-Encoding", "gzip")
		wantHead(t, stream, "Content-Encoding", "gzip", "Vary", "Accept-Encoding")
		events, err := gzip.NewReader(stream.Response.Body)
		if err != nil {
			t.Fatal(err)
		}
		buffer := make([]byte, 1000)
		for range 10 {
			n, err := events.Read(buffer)
			want := "data: " + time.Now().Format(time.StampNano) + "\n\n"
			if got := string(buffer[:n]); err != nil || got != want {
				t.Fatalf("got %q (%v), want %q", got, err, want)
			}
		}
	})
}

var errBroken = errors.New("broken")

func TestACutResponseDoesNotDecodeAsAWholeOne(t *testing.T) {
	t.Parallel()
	for name, size := range map[string]int{"short": 10, "long": 100_000} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				text := strings.Repeat("x", size)
				app, log := compressed(func(*bare.HttpRequest) bare.HttpResponse {
					return bare.HttpResponse{Headers: bare.Headers("content-type", "text/plain"), Body: bare.StreamWriter(func(yield func([]byte) bool) error {
						yield([]byte(text))
						return errBroken
					})}
				})
				stream := fetch(t, serve(t, protocol, app), "GET", "/", "Accept-Encoding", "gzip")
				plain, err := unzip(stream.Rest())
				if plain != text || !errors.Is(err, io.ErrUnexpectedEOF) || stream.Err() == nil {
					t.Errorf("%d bytes, %v, and the response ends with %v", len(plain), err, stream.Err())
				}
				wantLogged(t, log, "ERROR bare: the body failed")
			})
		})
	}
}

func TestWhatIsNotWorthItOrMustNotBeIsNotCompressed(t *testing.T) {
	t.Parallel()
	text := bare.TextResponse(0, longText())
	tests := []struct {
		name     string
		response bare.HttpResponse
		vary     string
	}{
		{"a short text", bare.TextResponse(0, "short"), ""},
		{"nothing", bare.TextResponse(0, ""), ""},
		{"a picture", text.WithHeader("content-type", "image/png"), ""},
		{"something without a type", bare.HttpResponse{Body: bare.TextWriter(longText())}, ""},
		{"a part", bare.HttpResponse{Status: 206, Headers: bare.Headers("content-type", "text/plain"), Body: bare.TextWriter(longText())}, ""},
		{"a range", text.WithHeader("content-range", "bytes 0-44999/50000"), ""},
		{"what is encoded already", text.WithHeader("content-encoding", "br"), ""},
		{"what must not be transformed", text.WithHeader("cache-control", "private, No-Transform"), ""},
		{"what has a digest", text.WithHeader("repr-digest", "sha-256=:AA==:"), ""},
		{"nothing, with a status for it", bare.HttpResponse{Status: 204, Headers: bare.Headers("content-type", "text/plain")}, ""},
		{"what has not changed", bare.HttpResponse{Status: 304, Headers: bare.Headers("content-type", "text/plain")}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				app, log := compressed(func(*bare.HttpRequest) bare.HttpResponse { return test.response.WithHeader("etag", `"tag"`) })
				server := serve(t, protocol, app)
				with, without := fetch(t, server, "GET", "/", "Accept-Encoding", "gzip"), fetch(t, server, "GET", "/")
				if got, want := with.Rest(), without.Rest(); got != want {
					t.Errorf("got %d bytes, want %d", len(got), len(want))
				}
				for _, stream := range []*baretest.Stream{with, without} {
					wantHead(t, stream, "Content-Encoding", test.response.Headers.Get("content-encoding"), "Vary", test.vary, "Etag", `"tag"`)
				}
				wantLogged(t, log)
			})
		})
	}
}

func TestTheQualityOfAcceptEncodingDecides(t *testing.T) {
	t.Parallel()
	tests := []struct {
		accept string
		want   string
	}{
		{"", ""},
		{"gzip", "gzip"},
		{"GZIP", "gzip"},
		{"x-gzip", "gzip"},
		{"*", "best"},
		{"gzip, best", "best"},
		{"gzip;q=0.9, best;q=0.1", "gzip"},
		{"gzip;q=0.1, best;q=0.9", "best"},
		{"best;q=0, *", "gzip"},
		{"gzip;q=0", ""},
		{"*;q=0", ""},
		{"br, deflate", ""},
		{"identity, gzip;q=0.5", ""},
		{"identity;q=0.5, gzip;q=0.5", "gzip"},
		{"identity;q=0, gzip", "gzip"},
		{"gzip;q=2", ""},
	}
	app, _ := compressed(func(*bare.HttpRequest) bare.HttpResponse { return bare.TextResponse(0, longText()) })
	best := bare.Gzip()
	best.Name = "best"
	app.Compression.Encodings = []bare.ContentEncoding{best, bare.Gzip()}
	synctest.Test(t, func(t *testing.T) {
		server := serve(t, baretest.HTTP1, app)
		for _, test := range tests {
			stream := fetch(t, server, "GET", "/", "Accept-Encoding", test.accept)
			if got := stream.Response.Header.Get("Content-Encoding"); got != test.want {
				t.Errorf("for %q the encoding is %q, want %q", test.accept, got, test.want)
			}
			wantHead(t, stream, "Vary", "Accept-Encoding")
			text := stream.Rest()
			if test.want != "" {
				text, _ = unzip(text)
			}
			if text != longText() {
				t.Errorf("for %q %d bytes came", test.accept, len(text))
			}
		}
		// Who refuses what is not encoded gets even a short text encoded.
		stream := fetch(t, server, "GET", "/nowhere", "Accept-Encoding", "gzip, identity;q=0")
		if text, err := unzip(stream.Rest()); text != "Not Found" {
			t.Errorf("got %q (%v)", text, err)
		}
	})
}

func TestHEADHasTheHeadersOfGET(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, log := compressed(func(*bare.HttpRequest) bare.HttpResponse {
			return bare.TextResponse(0, longText()).WithHeader("etag", `"tag"`)
		})
		app.OnHttpRequest(bare.Methods{"GET"}, "/events", func(*bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{Headers: bare.Headers("content-type", "text/event-stream"), Body: bare.TextWriter("data: x\n\n")}
		})
		server := serve(t, protocol, app)
		for _, path := range []string{"/", "/events"} {
			for _, accept := range []string{"gzip", "identity"} {
				head, get := fetch(t, server, "HEAD", path, "Accept-Encoding", accept), fetch(t, server, "GET", path, "Accept-Encoding", accept)
				for _, name := range []string{"Content-Encoding", "Etag", "Vary", "Content-Type"} {
					wantHead(t, head, name, get.Response.Header.Get(name))
				}
				if accept == "gzip" {
					wantHead(t, head, "Content-Length", "") // it is not that of the plain text
				}
				if text := head.Rest(); text != "" || head.Err() != nil {
					t.Errorf("HEAD has the body %q (%v)", text, head.Err())
				}
				get.Rest()
			}
		}
		wantLogged(t, log)
	})
}

func TestAShortBodyOfUnknownLengthHasItsLength(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := compressed(func(request *bare.HttpRequest) bare.HttpResponse {
			request.OnEnd(func(bare.End) {}) // who is told has everything flushed before
			return bare.HttpResponse{Headers: bare.Headers("content-type", "text/plain"), Body: bare.ChunkWriter([]byte("short"), 2)}
		})
		stream := fetch(t, serve(t, protocol, app), "GET", "/", "Accept-Encoding", "gzip")
		wantHead(t, stream, "Content-Encoding", "", "Content-Length", "5")
		if got := stream.Rest(); got != "short" {
			t.Errorf("got %q", got)
		}
	})
}

func TestAHeldBodyIsSentWhenItFallsSilent(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := compressed(func(request *bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{Headers: bare.Headers("content-type", "text/plain"), Body: func(yield func([]byte) bool) {
				_ = yield([]byte("first")) && request.Sleep(time.Hour) && yield([]byte(", second"))
			}}
		})
		start := time.Now()
		stream := fetch(t, serve(t, protocol, app), "GET", "/", "Accept-Encoding", "gzip")
		reader, err := gzip.NewReader(stream.Response.Body)
		if err != nil {
			t.Fatal(err)
		}
		buffer := make([]byte, 100)
		if n, err := reader.Read(buffer); string(buffer[:n]) != "first" || time.Since(start) > time.Millisecond {
			t.Errorf("got %q (%v) after %v", buffer[:n], err, time.Since(start))
		}
		if rest, err := io.ReadAll(reader); string(rest) != ", second" || err != nil {
			t.Errorf("the rest is %q (%v)", rest, err)
		}
	})
}

func TestASilentStreamThatEndsIsAWholeOne(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := compressed(func(request *bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{Headers: bare.Headers("content-type", "text/event-stream"), Body: func(func([]byte) bool) {
				request.Sleep(time.Second)
			}}
		})
		stream := fetch(t, serve(t, protocol, app), "GET", "/", "Accept-Encoding", "gzip")
		if text, err := unzip(stream.Rest()); text != "" || err != nil || stream.Err() != nil {
			t.Errorf("got %q, %v, %v", text, err, stream.Err())
		}
	})
}

func TestTheDeclaredLengthIsThatOfThePlainBody(t *testing.T) {
	t.Parallel()
	for _, length := range []int{44_999, 45_001} {
		t.Run(strconv.Itoa(length), func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				app, log := compressed(func(*bare.HttpRequest) bare.HttpResponse {
					headers := bare.Headers("content-type", "text/plain", "content-length", strconv.Itoa(length))
					return bare.HttpResponse{Headers: headers, Body: bare.ChunkWriter([]byte(longText()), 1000)}
				})
				stream := fetch(t, serve(t, protocol, app), "GET", "/", "Accept-Encoding", "gzip")
				plain, err := unzip(stream.Rest())
				if !errors.Is(err, io.ErrUnexpectedEOF) || stream.Err() == nil || len(plain) > min(length, len(longText())) {
					t.Errorf("got %d bytes, %v, %v", len(plain), err, stream.Err())
				}
				wantLogged(t, log, "ERROR bare: the body failed")
			})
		})
	}
}

func TestABodyThatFailsBeforeItsHeadIsAnErrorStill(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := compressed(func(*bare.HttpRequest) bare.HttpResponse {
			body := bare.StreamWriter(func(func([]byte) bool) error { return errBroken })
			return bare.HttpResponse{Headers: bare.Headers("content-type", "text/html", "etag", `"tag"`), Body: body}
		})
		stream := fetch(t, serve(t, protocol, app), "GET", "/", "Accept-Encoding", "gzip")
		if got := stream.Rest(); stream.Response.StatusCode != http.StatusInternalServerError || got != "Internal Server Error" {
			t.Errorf("got %d %q", stream.Response.StatusCode, got)
		}
		wantHead(t, stream, "Content-Encoding", "", "Etag", "", "Content-Length", "21")
	})
}

func TestOnlySoManyResponsesAreCompressedAtATime(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := compressed(func(request *bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{Headers: bare.Headers("content-type", "text/event-stream"), Body: func(yield func([]byte) bool) {
				_ = yield([]byte("data: x\n\n")) && request.Sleep(time.Minute)
			}}
		})
		app.Compression.MaxMemory = 2 * bare.Gzip().StreamMemory
		server := serve(t, protocol, app)
		var streams []*baretest.Stream
		for _, want := range []string{"gzip", "gzip", ""} {
			stream := fetch(t, server, "GET", "/", "Accept-Encoding", "gzip")
			wantHead(t, stream, "Content-Encoding", want, "Vary", "Accept-Encoding")
			streams = append(streams, stream)
		}
		streams[0].Close()
		streams[1].Rest()
		synctest.Wait()
		for range 2 { // the one that was left and the one that has ended are free again
			wantHead(t, fetch(t, server, "GET", "/", "Accept-Encoding", "gzip"), "Content-Encoding", "gzip")
		}
	})
}

func TestAStalledClientOfACompressedStreamIsCutOff(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		ended := make(chan error, 1)
		app, _ := compressed(func(request *bare.HttpRequest) bare.HttpResponse {
			request.OnEnd(func(end bare.End) { ended <- end.Err })
			return bare.HttpResponse{Headers: bare.Headers("content-type", "text/plain"), Body: func(yield func([]byte) bool) {
				noise := newNoise()
				for yield(noise.next()) {
				}
			}}
		})
		app.StallTimeout = 20 * time.Second
		start := time.Now()
		fetch(t, serve(t, protocol, app), "GET", "/", "Accept-Encoding", "gzip") // never read
		if err := <-ended; !errors.Is(err, bare.ErrStalled) || time.Since(start) > 30*time.Second {
			t.Errorf("after %v the end is %v", time.Since(start), err)
		}
	})
}

// noise is text that hardly becomes shorter.
type noise struct{ state uint32 }

func newNoise() *noise { return &noise{1} }

func (n *noise) next() []byte {
	chunk := make([]byte, 32<<10)
	for i := range chunk {
		n.state = n.state*1664525 + 1013904223
		chunk[i] = byte(n.state >> 24)
	}
	return chunk
}

func TestAnEndOfTheServerIsACleanEndOfTheEncoding(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := compressed(func(request *bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{Headers: bare.Headers("content-type", "text/event-stream"), Body: func(yield func([]byte) bool) {
				for range request.Every(time.Second) {
					if !yield([]byte("data: x\n\n")) {
						return
					}
				}
				yield([]byte("data: bye\n\n"))
			}}
		})
		server := serve(t, protocol, app)
		stream := fetch(t, server, "GET", "/", "Accept-Encoding", "gzip")
		go func() {
			time.Sleep(3500 * time.Millisecond)
			_ = server.Stop()
		}()
		text, err := unzip(stream.Rest())
		if want := strings.Repeat("data: x\n\n", 4) + "data: bye\n\n"; text != want || err != nil || stream.Err() != nil {
			t.Errorf("got %q, %v, %v", text, err, stream.Err())
		}
	})
}

func TestACutEndsTheEncodingWithoutItsEnd(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := compressed(func(request *bare.HttpRequest) bare.HttpResponse {
			time.AfterFunc(time.Second, func() { request.Cut(nil) })
			return bare.HttpResponse{Headers: bare.Headers("content-type", "text/event-stream"), Body: func(yield func([]byte) bool) {
				_ = yield([]byte("data: x\n\n")) && request.Sleep(time.Hour)
			}}
		})
		stream := fetch(t, serve(t, protocol, app), "GET", "/", "Accept-Encoding", "gzip")
		if text, err := unzip(stream.Rest()); text != "data: x\n\n" || !errors.Is(err, io.ErrUnexpectedEOF) || stream.Err() == nil {
			t.Errorf("got %q, %v, %v", text, err, stream.Err())
		}
	})
}

func TestWhatAMiddlewareHasCompressedIsNotCompressedAgain(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := compressed(bare.Chain(func(*bare.HttpRequest) bare.HttpResponse {
			return bare.TextResponse(0, longText())
		}, bare.FromHTTPMiddleware(func(inside http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("X-Seen", r.Header.Get("Accept-Encoding"))
				inside.ServeHTTP(w, r)
			})
		})))
		stream := fetch(t, serve(t, protocol, app), "GET", "/", "Accept-Encoding", "gzip")
		if text, err := unzip(stream.Rest()); text != longText() || err != nil {
			t.Errorf("got %d bytes (%v)", len(text), err)
		}
		wantHead(t, stream, "Content-Encoding", "gzip", "X-Seen", "gzip")
	})
}

func TestAMountIsNotTouched(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := compressed(empty)
		app.Mount("/mounted", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			w.Header().Set("X-Encoding", r.Header.Get("Content-Encoding"))
			_, _ = io.WriteString(w, longText())
		}))
		stream := submit(t, serve(t, protocol, app), "POST", "/mounted", strings.NewReader("x"), "Accept-Encoding", "gzip", "Content-Encoding", "gzip")
		if got := stream.Rest(); got != longText() {
			t.Errorf("got %d bytes", len(got))
		}
		wantHead(t, stream, "Content-Encoding", "", "X-Encoding", "gzip")
	})
}

func TestAnHTTP10ClientGetsAnEncodedBody(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, _ := compressed(func(*bare.HttpRequest) bare.HttpResponse { return bare.TextResponse(0, longText()) })
		conn := serve(t, baretest.HTTP1, app).Dial()
		defer conn.Close()
		if _, err := io.WriteString(conn, "GET / HTTP/1.0\r\nAccept-Encoding: gzip\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		answer, err := io.ReadAll(conn)
		if err != nil {
			t.Fatal(err)
		}
		head, body, _ := strings.Cut(string(answer), "\r\n\r\n")
		if text, err := unzip(body); text != longText() || err != nil || !strings.Contains(head, "Content-Encoding: gzip") {
			t.Errorf("got %q and %d bytes (%v)", head, len(text), err)
		}
	})
}

func TestManyResponsesShareTheEncoders(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := compressed(func(request *bare.HttpRequest) bare.HttpResponse {
			text := strings.Repeat(request.Scope.URL.RawQuery+" ", 1000)
			return bare.HttpResponse{Headers: bare.Headers("content-type", "text/plain"), Body: bare.ChunkWriter([]byte(text), 300)}
		})
		server := serve(t, protocol, app)
		var all sync.WaitGroup
		for i := range 50 {
			all.Go(func() {
				stream := fetch(t, server, "GET", "/?"+strconv.Itoa(i), "Accept-Encoding", "gzip")
				if i%5 == 0 {
					stream.Close()
					return
				}
				if text, err := unzip(stream.Rest()); text != strings.Repeat(strconv.Itoa(i)+" ", 1000) || err != nil {
					t.Errorf("%d got %.20q (%v)", i, text, err)
				}
			})
		}
		all.Wait()
	})
}
