package bare_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

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

func TestWhatIsNotWorthItOrMustNotBeIsNotCompressed(t *testing.T) {
	t.Parallel()
	text := bare.TextResponse(0, longText())
	tests := []struct {
		name     string
		response bare.HttpResponse
		vary     string
	}{
		{"a short text", bare.TextResponse(0, "short"), "Accept-Encoding"},
		{"nothing", bare.TextResponse(0, ""), ""},
		{"a picture", text.WithHeader("content-type", "image/png"), ""},
		{"something without a type", bare.HttpResponse{Body: bare.TextWriter(longText())}, ""},
		{"a part", bare.HttpResponse{Status: 206, Headers: bare.Headers("content-type", "text/plain"), Body: bare.TextWriter(longText())}, "Accept-Encoding"},
		{"a part of a picture", bare.HttpResponse{Status: 206, Headers: bare.Headers("content-type", "image/png", "content-range", "bytes 0-3/4"), Body: bare.TextWriter("abcd")}, ""},
		{"several parts", bare.HttpResponse{Status: 206, Headers: bare.Headers("content-type", "multipart/byteranges; boundary=b"), Body: bare.TextWriter("--b--")}, "Accept-Encoding"},
		{"a range", text.WithHeader("content-range", "bytes 0-44999/50000"), ""},
		{"what is encoded already", text.WithHeader("content-encoding", "br"), ""},
		{"what must not be transformed", text.WithHeader("cache-control", "private, No-Transform"), ""},
		{"what has a digest", text.WithHeader("repr-digest", "sha-256=:AA==:"), ""},
		{"nothing, with a status for it", bare.HttpResponse{Status: 204, Headers: bare.Headers("content-type", "text/plain")}, ""},
		{"what has not changed", bare.HttpResponse{Status: 304, Headers: bare.Headers("content-type", "text/plain")}, "Accept-Encoding"},
		{"what has not changed, of no type", bare.HttpResponse{Status: 304}, "Accept-Encoding"},
		{"a picture that has not changed", bare.HttpResponse{Status: 304, Headers: bare.Headers("content-type", "image/png")}, ""},
		{"what has not changed and must not be transformed", bare.HttpResponse{Status: 304, Headers: bare.Headers("cache-control", "no-transform")}, ""},
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

func TestTheConfigurationDecidesWhatIsCompressed(t *testing.T) {
	t.Parallel()
	kinds := func(kinds ...string) *bare.Compression { return &bare.Compression{Types: kinds} }
	tests := []struct {
		name        string
		compression *bare.Compression
		kind        string
		size        int
		want        string
	}{
		{"no compression", nil, "text/plain", 10_000, ""},
		{"the least size", &bare.Compression{}, "text/plain", bare.DefaultMinCompressSize, "gzip"},
		{"a byte less", &bare.Compression{}, "text/plain", bare.DefaultMinCompressSize - 1, ""},
		{"another least size", &bare.Compression{MinSize: 10}, "text/plain", 10, "gzip"},
		{"less than that", &bare.Compression{MinSize: 10}, "text/plain", 9, ""},
		{"no least size", &bare.Compression{MinSize: -1}, "text/plain", 1, "gzip"},
		{"nothing at all", &bare.Compression{MinSize: -1}, "text/plain", 0, ""},
		{"a short stream of a known length", &bare.Compression{}, "text/event-stream", 10, "gzip"},
		{"parameters of a type", &bare.Compression{}, "Text/HTML; charset=utf-8", 10_000, "gzip"},
		{"JSON", &bare.Compression{}, "application/json", 10_000, "gzip"},
		{"a kind of JSON", &bare.Compression{}, "application/problem+json", 10_000, "gzip"},
		{"SVG", &bare.Compression{}, "image/svg+xml", 10_000, "gzip"},
		{"WebAssembly", &bare.Compression{}, "application/wasm", 10_000, "gzip"},
		{"a film", &bare.Compression{}, "video/mp4", 10_000, ""},
		{"no types", kinds(), "text/plain", 10_000, "gzip"},
		{"another type", kinds("a/b"), "text/plain", 10_000, ""},
		{"a type", kinds("x/y", "a/b"), "a/b", 10_000, "gzip"},
		{"a longer type", kinds("a/b"), "a/bc", 10_000, ""},
		{"a family", kinds("a/*"), "a/b", 10_000, "gzip"},
		{"another family", kinds("a/*"), "ab/c", 10_000, ""},
		{"all types", kinds("*/*"), "a/b", 10_000, "gzip"},
		{"a type in another case", kinds("TEXT/Plain"), "text/plain", 10_000, "gzip"},
		{"a name in all families", kinds("*/b"), "a/b", 10_000, "gzip"},
		{"a suffix", kinds("*+cbor"), "a/b+cbor", 10_000, "gzip"},
		{"another suffix", kinds("*+cbor"), "a/b+cbors", 10_000, ""},
		{"enough memory", &bare.Compression{MaxMemory: bare.Gzip().Memory}, "text/plain", 10_000, "gzip"},
		{"too little memory", &bare.Compression{MaxMemory: bare.Gzip().Memory - 1}, "text/plain", 10_000, ""},
		{"any memory", &bare.Compression{MaxMemory: -1}, "text/plain", 10_000, "gzip"},
	}
	synctest.Test(t, func(t *testing.T) {
		for _, test := range tests {
			app, log := newApp(func(*bare.HttpRequest) bare.HttpResponse {
				return bare.BytesResponse(0, test.kind, make([]byte, test.size))
			})
			app.Compression = test.compression
			stream := fetch(t, serve(t, baretest.HTTP1, app), "GET", "/", "Accept-Encoding", "gzip")
			if got := stream.Response.Header.Get("Content-Encoding"); got != test.want {
				t.Errorf("%s: the encoding is %q, want %q", test.name, got, test.want)
			}
			stream.Rest()
			wantLogged(t, log)
		}
	})
}

func TestACompressionThatIsWrongKeepsTheApplicationFromStarting(t *testing.T) {
	t.Parallel()
	named := func(name string) []bare.ContentEncoding {
		encoding := bare.Gzip()
		encoding.Name = name
		return []bare.ContentEncoding{bare.Gzip(), encoding}
	}
	for want, compression := range map[string]*bare.Compression{
		`Encodings[1] ("")`:         {Encodings: named("")},
		`Encodings[1] ("identity")`: {Encodings: named("identity")},
		`Encodings[1] ("GZIP")`:     {Encodings: named("GZIP")},
		`Encodings[1] ("a b")`:      {Encodings: named("a b")},
		`Encodings[0] ("br")`:       {Encodings: []bare.ContentEncoding{{Name: "br"}}},
		`Types[1] ("json")`:         {Types: []string{"text/*", "json"}},
		`Types[0] ("text/")`:        {Types: []string{"text/"}},
		`Types[0] ("/html")`:        {Types: []string{"/html"}},
		`Types[0] ("*+")`:           {Types: []string{"*+"}},
		`Types[0] ("*+js*")`:        {Types: []string{"*+js*"}},
		`Types[0] ("te*t/html")`:    {Types: []string{"te*t/html"}},
		`Types[0] ("*/ht*")`:        {Types: []string{"*/ht*"}},
		`Types[0] ("a/b; c=d")`:     {Types: []string{"a/b; c=d"}},
	} {
		app, _ := newApp(empty)
		app.Compression = compression
		if err := app.Startup(t.Context()); err == nil || !strings.Contains(err.Error(), "bare: Compression."+want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
