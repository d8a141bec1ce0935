package bare_test

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

// respond is an application whose every response is the one given.
func respond(response bare.HttpResponse) (*bare.Application, *logbook) {
	return newApp(func(*bare.HttpRequest) bare.HttpResponse { return response })
}

func TestAResponseIsSentAsItWasReturned(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		response bare.HttpResponse
		status   int
		headers  map[string]string // "" means that it must not be there
		body     string
	}{
		{"the zero value is an empty 200", bare.HttpResponse{}, 200, map[string]string{"Content-Type": "", "Content-Length": "0"}, ""},
		{"headers in any case", bare.HttpResponse{Headers: http.Header{"x-one": {"1"}}}, 200, map[string]string{"X-One": "1"}, ""},
		{"nothing is sniffed", bare.HttpResponse{Body: bare.TextWriter("<html>")}, 200, map[string]string{"Content-Type": ""}, "<html>"},
		{"text", bare.TextResponse(418, "tea"), 418, map[string]string{"Content-Type": "text/plain; charset=utf-8", "Content-Length": "3"}, "tea"},
		{"bytes", bare.BytesResponse(0, "image/png", []byte("x")), 200, map[string]string{"Content-Type": "image/png"}, "x"},
		{"JSON", bare.JSONResponse(201, map[string]any{"a": "<b>"}), 201, map[string]string{"Content-Type": "application/json"}, `{"a":"<b>"}` + "\n"},
		{"a value that is no JSON", bare.JSONResponse(200, func() {}), 500, nil, "Internal Server Error"},
		{"a redirect", bare.RedirectResponse(303, "/there"), 303, map[string]string{"Location": "/there"}, ""},
		{"an error that hides its text", bare.ErrorResponse(errors.New("secret")), 500, nil, "Internal Server Error"},
		{"an error that chooses", bare.ErrorResponse(&bare.HttpError{Status: 404, Message: "No."}), 404, nil, "No."},
		{"a status line of one's own", bare.HttpResponse{Status: 999}, 999, nil, ""},
		{"204 has no body", bare.HttpResponse{Status: 204, Body: bare.TextWriter("no")}, 204, map[string]string{"Content-Length": ""}, ""},
		{"304 has no body", bare.HttpResponse{Status: 304, Body: bare.TextWriter("no")}, 304, nil, ""},
		{"a value with CR LF", bare.HttpResponse{Headers: http.Header{"X-A": {"1\r\nX-B: 2"}}}, 500, map[string]string{"X-A": "", "X-B": ""}, "Internal Server Error"},
		{"a value with NUL", bare.HttpResponse{Headers: http.Header{"X-A": {"1\x00"}}}, 500, map[string]string{"X-A": ""}, "Internal Server Error"},
		{"a name that is no token", bare.HttpResponse{Headers: http.Header{"X A": {"1"}}}, 500, nil, "Internal Server Error"},
		{"a name with a line", bare.HttpResponse{Headers: http.Header{"X\r\nY": {"1"}}}, 500, map[string]string{"Y": ""}, "Internal Server Error"},
		{"a status below 200", bare.HttpResponse{Status: 100}, 500, nil, "Internal Server Error"},
		{"a status above 999", bare.HttpResponse{Status: 1000}, 500, nil, "Internal Server Error"},
		{"a length that is no number", bare.HttpResponse{Headers: bare.Headers("content-length", "many")}, 500, nil, "Internal Server Error"},
		{"a chunk of nothing", bare.HttpResponse{Body: bare.ChunkWriter(nil, 3)}, 200, nil, ""},
		{"chunks", bare.HttpResponse{Body: bare.ChunkWriter([]byte("abcdefgh"), 3)}, 200, nil, "abcdefgh"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				app, log := respond(test.response)
				server := serve(t, protocol, app)
				server.Client().CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
				stream := server.Get("/")
				if got := stream.Rest(); stream.Response.StatusCode != test.status || got != test.body || stream.Err() != nil {
					t.Errorf("got %d %q (%v), want %d %q", stream.Response.StatusCode, got, stream.Err(), test.status, test.body)
				}
				for name, want := range test.headers {
					if got := strings.Join(stream.Response.Header.Values(name), "|"); got != want {
						t.Errorf("%s is %q, want %q", name, got, want)
					}
				}
				if refused := test.status == 500; refused != (len(log.above()) == 1) && test.status != 204 && test.status != 304 {
					t.Errorf("logged %q", log.above())
				}
			})
		})
	}
}

func TestDuplicateHeadersAreKeptInTheirOrder(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := respond(bare.HttpResponse{Headers: bare.Headers("set-cookie", "a=1", "Set-Cookie", "b=2")})
		got := serve(t, protocol, app).Get("/").Response.Header.Values("Set-Cookie")
		if strings.Join(got, " ") != "a=1 b=2" {
			t.Errorf("got %q", got)
		}
	})
}

func TestHopByHopHeadersAreForHTTP1Only(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := respond(bare.HttpResponse{Headers: bare.Headers("connection", "keep-alive", "keep-alive", "timeout=5", "upgrade", "x", "proxy-connection", "x", "transfer-encoding", "gzip")})
		header := serve(t, protocol, app).Get("/").Response.Header
		for _, name := range []string{"Connection", "Keep-Alive", "Upgrade", "Proxy-Connection"} {
			if got := header.Get(name); (got != "") != (protocol == baretest.HTTP1) {
				t.Errorf("%s is %q", name, got)
			}
		}
	})
}

func TestAPathWithoutAHandlerForTheMethod(t *testing.T) {
	t.Parallel()
	tests := []struct {
		method, path string
		status       int
		allow, body  string
	}{
		{"GET", "/nowhere", 404, "", "Not Found"},
		{"GET", "/nowhere", 404, "", "Not Found"}, // each of them has its body
		{"DELETE", "/", 405, "GET, HEAD, OPTIONS, POST, PUT", "Method Not Allowed"},
		{"OPTIONS", "/", 204, "GET, HEAD, OPTIONS, POST, PUT", ""},
		{"HEAD", "/", 200, "", ""},
		{"GET", "//", 404, "", "Not Found"},
		{"GET", "/%2F", 404, "", "Not Found"},
		{"GET", "/files/a%2Fb+c", 200, "", "a/b+c"},
		{"GET", "/files/..", 200, "", ".."},
		{"GET", "/int/abc", 404, "", "Not Found"},
		{"GET", "/files/%ff", 200, "", "\xff"},
	}
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := newApp(func(*bare.HttpRequest) bare.HttpResponse { return bare.TextResponse(200, "root") })
		seen := 0
		app.Middlewares = append(app.Middlewares, func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
			seen++
			return handler(request)
		})
		app.OnHttpRequest(bare.Methods{"GET"}, "/int/{id:int}", func(*bare.HttpRequest) bare.HttpResponse { return bare.HttpResponse{} })
		app.OnHttpRequest(bare.Methods{"GET"}, "/files/{rest:path}", func(request *bare.HttpRequest) bare.HttpResponse {
			return bare.TextResponse(200, request.Matches.String("rest"))
		})
		server := serve(t, protocol, app)
		for i, test := range tests {
			request, err := http.NewRequestWithContext(t.Context(), test.method, server.URL+test.path, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			stream := server.Do(request)
			got := stream.Rest()
			if stream.Response.StatusCode != test.status || got != test.body || stream.Response.Header.Get("Allow") != test.allow {
				t.Errorf("%s %s: got %d %q allow %q, want %d %q allow %q", test.method, test.path,
					stream.Response.StatusCode, got, stream.Response.Header.Get("Allow"), test.status, test.body, test.allow)
			}
			if seen != i+1 {
				t.Fatalf("%s %s: the middleware has seen %d requests, want %d", test.method, test.path, seen, i+1)
			}
		}
	})
}

func TestHEADNeverRunsTheBodyAndClosesItsSource(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		source := &closed{Reader: strings.NewReader("content"), done: make(chan struct{})}
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{Headers: bare.Headers("content-length", "7"), Body: bare.ReaderWriter(request.Context(), source)}
		})
		server := serve(t, protocol, app)
		request, err := http.NewRequestWithContext(t.Context(), http.MethodHead, server.URL+"/", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		stream := server.Do(request)
		if got := stream.Rest(); got != "" || stream.Response.ContentLength != 7 {
			t.Errorf("got %q with the length %d", got, stream.Response.ContentLength)
		}
		<-source.done
	})
}

// closed is a reader that says when it was closed.
type closed struct {
	io.Reader

	done chan struct{}
}

func (c *closed) Close() error {
	close(c.done)
	return nil
}

func TestMiddlewaresMayChangeHeadersThatHandlersShare(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		shared := http.Header{"x-shared": {"yes"}}
		app, _ := newApp(bare.Chain(
			func(*bare.HttpRequest) bare.HttpResponse { return bare.HttpResponse{Headers: shared} },
			func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
				response := handler(request)
				response.Headers.Set("X-Inner", fmt.Sprint(request.Locals["who"]))
				return response
			},
		))
		app.Middlewares = []bare.HttpMiddleware{
			func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
				request.Locals["who"] = "outer"
				response := handler(request)
				response.Headers.Set("X-Outer", response.Headers.Get("X-Inner"))
				return response
			},
		}
		server := serve(t, protocol, app)
		done := make(chan http.Header)
		for range 4 {
			go func() { done <- server.Get("/").Response.Header }()
		}
		for range 4 {
			if got := <-done; got.Get("X-Outer") != "outer" || got.Get("X-Shared") != "yes" {
				t.Errorf("the headers are %v", got)
			}
		}
		if len(shared) != 1 {
			t.Errorf("the shared headers became %v", shared)
		}
	})
}

func TestMountsTakeWhatNoRouteTakes(t *testing.T) {
	t.Parallel()
	named := func(name string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, name+" "+r.URL.Path) })
	}
	app, _ := newApp(func(*bare.HttpRequest) bare.HttpResponse { return bare.TextResponse(200, "route") })
	app.Mount("/static", named("static"))
	app.Mount("/static/deep/", named("deep"))
	for path, want := range map[string]string{
		"/": "route", "/static": "static /static", "/static/a": "static /static/a", "/statics": "Not Found",
		"/static/deep": "static /static/deep", "/static/deep/x": "deep /static/deep/x",
	} {
		recorder := httptest.NewRecorder()
		app.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), "GET", path, http.NoBody))
		if got := recorder.Body.String(); got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
}

func TestAHandlerServesAnotherRouter(t *testing.T) {
	t.Parallel()
	app, _ := newApp(empty)
	app.Info.Set("name", "Michael Caine")
	mux := http.NewServeMux()
	mux.Handle("GET /who", app.ToHTTPHandler(func(request *bare.HttpRequest) bare.HttpResponse {
		return bare.TextResponse(200, fmt.Sprint(request.Info.Get("name")))
	}))
	recorder := httptest.NewRecorder()
	mux.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), "GET", "/who", http.NoBody))
	if got := recorder.Body.String(); got != "Michael Caine" {
		t.Errorf("got %q", got)
	}
}

func empty(*bare.HttpRequest) bare.HttpResponse { return bare.HttpResponse{} }

func TestWritersYieldWhatTheyAreGiven(t *testing.T) {
	t.Parallel()
	seq := func(texts ...string) iter.Seq[string] {
		return func(yield func(string) bool) {
			for _, text := range texts {
				if !yield(text) {
					return
				}
			}
		}
	}
	channel := make(chan []byte, 2)
	channel <- []byte("a")
	channel <- []byte("b")
	close(channel)
	tests := map[string]struct {
		body iter.Seq[[]byte]
		want string
	}{
		"text":            {bare.TextWriter("abc"), "abc"},
		"no text":         {bare.TextWriter(""), ""},
		"bytes":           {bare.BytesWriter([]byte("abc")), "abc"},
		"chunks":          {bare.ChunkWriter([]byte("abcde"), 2), "ab|cd|e"},
		"strings":         {bare.StringsWriter(seq("a", "b")), "a|b"},
		"a reader":        {bare.ReaderWriter(t.Context(), strings.NewReader("abc")), "abc"},
		"a channel":       {bare.ChannelWriter(t.Context(), channel), "a|b"},
		"lines of JSON":   {bare.JSONLinesWriter(seq("a", "b")), "\"a\"\n|\"b\"\n"},
		"a stream's body": {bare.StreamWriter(func(yield func([]byte) bool) error { yield([]byte("a")); return nil }), "a"},
	}
	for name, test := range tests {
		if got := strings.Join(baretest.Chunks(test.body, -1), "|"); got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
	if got := baretest.Chunks(bare.StringsWriter(seq("a", "b", "c")), 2); len(got) != 2 {
		t.Errorf("two chunks of three are %q", got)
	}
}

func TestRegistrationPanicsOnAProgrammersError(t *testing.T) {
	t.Parallel()
	app, _ := newApp(empty)
	app.Mount("/m", http.NotFoundHandler())
	for want, do := range map[string]func(){
		"bare: Headers: a name has no value":                           func() { bare.Headers("one") }, //nolint:staticcheck // an odd count is what is tested
		"bare: Chain: the handler is nil":                              func() { bare.Chain(nil) },
		"bare: Chain: a middleware is nil":                             func() { bare.Chain(empty, nil) },
		"bare: OnStartup: the handler is nil":                          func() { app.OnStartup(nil) },
		"bare: FromHTTPHandler: the handler is nil":                    func() { bare.FromHTTPHandler(nil) },
		"bare: FromHTTPMiddleware: the middleware is nil":              func() { bare.FromHTTPMiddleware(nil) },
		"bare: FromHTTPMiddleware: the middleware returns nil":         func() { bare.FromHTTPMiddleware(func(http.Handler) http.Handler { return nil }) },
		"bare: Wrap: the middleware is nil":                            func() { app.Wrap(nil) },
		"bare: Wrap: the middleware returns nil":                       func() { app.Wrap(func(http.Handler) http.Handler { return nil }) },
		"bare: Mount m: the prefix does not begin with a slash":        func() { app.Mount("m", http.NotFoundHandler()) },
		"bare: Mount /m: the prefix is there already":                  func() { app.Mount("/m", http.NotFoundHandler()) },
		"bare: ChunkWriter: the size is not positive":                  func() { bare.ChunkWriter(nil, 0) },
		`bare: the route "/{": "{" is neither a literal nor one whole`: func() { app.OnHttpRequest(bare.Methods{"GET"}, "/{", empty) },
	} {
		func() {
			defer func() {
				if got, _ := recover().(string); !strings.HasPrefix(got, want) {
					t.Errorf("panicked with %q, want %q", got, want)
				}
			}()
			do()
		}()
	}
}

func TestAnApplicationWorksUnderAForeignServer(t *testing.T) {
	t.Parallel()
	app, _ := newApp(func(*bare.HttpRequest) bare.HttpResponse { return bare.TextResponse(200, "hello") })
	// A wrapper that hides everything but the three methods.
	plain := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		app.ServeHTTP(struct{ http.ResponseWriter }{w}, r)
	})
	for name, handler := range map[string]http.Handler{"itself": app, "behind a wrapper": plain} {
		server := httptest.NewServer(handler)
		response, err := server.Client().Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(response.Body)
		response.Body.Close()
		if string(got) != "hello" || err != nil {
			t.Errorf("%s: got %q (%v)", name, got, err)
		}
		server.Close()
	}
}

func TestAnErrorThatComesLateHasASafeMessage(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"an error that chooses", fmt.Errorf("around: %w", &bare.HttpError{Status: 409, Message: "Sold out."}), "Sold out."},
		{"an error without a message", &bare.HttpError{Status: 409}, "Conflict"},
		{"an error whose status is none of an error", &bare.HttpError{Status: 200, Message: "secret"}, "Internal Server Error"},
		{"any other error", errors.New("secret"), "Internal Server Error"},
		{"no error", nil, "Internal Server Error"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := bare.SafeMessage(test.err); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
