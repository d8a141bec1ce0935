package bare_test

import (
	"errors"
	"iter"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

func TestWhatOnErrorCannotRenderHasTheDefaultForm(t *testing.T) {
	t.Parallel()
	conflict := &bare.HttpError{Status: 409, Message: "Sold out."}
	tests := []struct {
		name    string
		err     error
		onError func(request *bare.HttpRequest, err error) bare.HttpResponse
		status  int
		text    string
		logged  []string
	}{
		{"it panics", conflict, func(*bare.HttpRequest, error) bare.HttpResponse { panic("no page") }, 409, "Sold out.", []string{
			"ERROR bare: OnError panicked method=GET route=/ panic=no page",
		}},
		{"it panics to drop the connection", conflict, func(*bare.HttpRequest, error) bare.HttpResponse { panic(http.ErrAbortHandler) }, 409, "Sold out.", []string{
			"ERROR bare: OnError panicked",
		}},
		{"it leaves the error to ErrorResponse", conflict, func(_ *bare.HttpRequest, err error) bare.HttpResponse {
			return bare.ErrorResponse(err)
		}, 409, "Sold out.", nil},
		{"likewise, when the error was logged", errSecret, func(_ *bare.HttpRequest, err error) bare.HttpResponse {
			return bare.ErrorResponse(err)
		}, 500, "Internal Server Error", []string{
			"ERROR bare: the request failed method=GET route=/ error=the secret",
		}},
		{"it makes another error of it", errSecret, func(_ *bare.HttpRequest, err error) bare.HttpResponse {
			return bare.ErrorResponse(&bare.HttpError{Status: 404, Message: "No such order.", Err: err})
		}, 404, "No such order.", nil},
		{"it makes another failure of it", errSecret, func(_ *bare.HttpRequest, err error) bare.HttpResponse {
			return bare.ErrorResponse(&bare.HttpError{Status: 503, Err: err})
		}, 503, "Service Unavailable", []string{
			"ERROR bare: the request failed method=GET route=/ error=the secret",
		}},
		{"it makes another error of one that is no fault", conflict, func(*bare.HttpRequest, error) bare.HttpResponse {
			return bare.ErrorResponse(&bare.HttpError{Status: 404})
		}, 404, "Not Found", nil},
		{"it fails itself", conflict, func(*bare.HttpRequest, error) bare.HttpResponse {
			return bare.JSONResponse(409, func() {})
		}, 500, "Internal Server Error", []string{
			"ERROR bare: the request failed method=GET route=/ error=bare: JSONResponse:",
		}},
		{"its response is refused", conflict, func(*bare.HttpRequest, error) bare.HttpResponse { return badHeader() }, 500, "Internal Server Error", []string{
			"ERROR bare: the response was refused", "ERROR bare: the response was refused",
		}},
		{"its body fails", conflict, func(*bare.HttpRequest, error) bare.HttpResponse {
			return failAtOnce(func() error { return errors.New("the template") })
		}, 500, "Internal Server Error", []string{
			"ERROR bare: the body failed method=GET route=/ error=the template", "ERROR bare: the response was refused method=GET route=/ error=the template",
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				app, log := newApp(func(*bare.HttpRequest) bare.HttpResponse {
					return bare.ErrorResponse(test.err).WithHeader("x-kept", "yes")
				})
				app.OnError = test.onError
				stream := ask(t, serve(t, protocol, app), "GET", "/", "application/json;q=0.5, text/plain")
				if got := stream.Rest(); got != test.text || stream.Response.StatusCode != test.status || stream.Err() != nil {
					t.Errorf("got %d %q (%v), want %d %q", stream.Response.StatusCode, got, stream.Err(), test.status, test.text)
				}
				header := stream.Response.Header
				if replaced := len(test.logged) == 2; header.Get("Vary") != "Accept" || (header.Get("X-Kept") == "yes") == replaced {
					t.Errorf("the headers are %v", header)
				}
				wantLogged(t, log, test.logged...)
			})
		})
	}
}

// TestAnErrorTakesThePlaceOfABodyThatFailed has OnError answer in the place of a
// response that has begun, where its own must not fail any more.
func TestAnErrorTakesThePlaceOfABodyThatFailed(t *testing.T) {
	t.Parallel()
	stream := func(body iter.Seq[[]byte], headers ...string) bare.HttpResponse {
		return bare.HttpResponse{Status: 502, Headers: bare.Headers(headers...), Body: body}
	}
	long, longest := strings.Repeat("long ", 20_000), strings.Repeat("longest!", 1<<17) // 1 MiB
	stream204 := func(body iter.Seq[[]byte]) bare.HttpResponse { return bare.HttpResponse{Status: 204, Body: body} }
	tests := []struct {
		name     string
		response func() bare.HttpResponse
		status   int
		text     string
		logged   string // after the failure of the first body
	}{
		{"a stream", func() bare.HttpResponse { return stream(bare.ChunkWriter([]byte("a page"), 2)) }, 502, "a page", ""},
		{"a long page", func() bare.HttpResponse { return bare.TextResponse(502, long) }, 502, long, ""},
		{"no body", func() bare.HttpResponse { return bare.HttpResponse{Status: 502} }, 502, "", ""},
		{"a status that has none", func() bare.HttpResponse { return stream204(func(func([]byte) bool) { panic("run") }) }, 204, "", ""},
		{"a page as long as can be", func() bare.HttpResponse { return stream(bare.TextWriter(longest)) }, 502, longest, ""},
		{"a page that is longer", func() bare.HttpResponse {
			return stream(bare.TextWriter(longest + "."))
		}, 500, "Internal Server Error", "ERROR bare: the response was refused method=GET route=/ error=bare: the body of an error's response is too long"},
		{"a body that fails", func() bare.HttpResponse {
			return stream(bare.StreamWriter(func(yield func([]byte) bool) error { yield([]byte("half")); return errors.New("again") }))
		}, 500, "Internal Server Error", "ERROR bare: the response was refused method=GET route=/ error=again"},
		{"a body that panics", func() bare.HttpResponse {
			return stream(func(func([]byte) bool) { panic("again") })
		}, 500, "Internal Server Error", "ERROR bare: the response was refused method=GET route=/ error=bare: panic: again"},
		{"a body without an end", func() bare.HttpResponse {
			return stream(func(yield func([]byte) bool) {
				for yield([]byte(long)) {
				}
			})
		}, 500, "Internal Server Error", "ERROR bare: the response was refused method=GET route=/ error=bare: the body of an error's response is too long"},
		{"a length that is wrong", func() bare.HttpResponse {
			return stream(bare.TextWriter("page"), "content-length", "9")
		}, 500, "Internal Server Error", "ERROR bare: the response was refused method=GET route=/ error=bare: the body does not have the declared length"},
		{"a length that says none", func() bare.HttpResponse {
			return stream(bare.TextWriter("page"), "content-length", "0")
		}, 500, "Internal Server Error", "ERROR bare: the response was refused method=GET route=/ error=bare: the body does not have the declared length"},
		{"a length of no body", func() bare.HttpResponse {
			return stream(nil, "content-length", "9")
		}, 500, "Internal Server Error", "ERROR bare: the response was refused method=GET route=/ error=bare: the body does not have the declared length"},
		{"a header that is refused", badHeader, 500, "Internal Server Error", "ERROR bare: the response was refused"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				app, log := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
					if request.Query().Has("declared") { // a byte is withheld when it fails
						return bare.HttpResponse{Headers: bare.Headers("content-length", "1"), Body: bare.TextWriter("too long")}
					}
					return failAtOnce(func() error { return errSecret })
				})
				app.OnError = func(*bare.HttpRequest, error) bare.HttpResponse { return test.response() }
				server := serve(t, protocol, app)
				for _, path := range []string{"/", "/?declared"} {
					stream := server.Get(path)
					if got := stream.Rest(); got != test.text || stream.Response.StatusCode != test.status || stream.Err() != nil {
						t.Errorf("%s: got %d %.40q (%v), want %d %.40q", path, stream.Response.StatusCode, got, stream.Err(), test.status, test.text)
					}
				}
				want := []string{"ERROR bare: the body failed", "ERROR bare: the body failed"}
				if test.logged != "" {
					want = []string{want[0], test.logged, want[1], test.logged}
				}
				wantLogged(t, log, want...)
			})
		})
	}
}

// TestASlowErrorPageIsNotOvertakenByTheHead has OnError take its time, in which
// the clock would send the head of the response that has failed.
func TestASlowErrorPageIsNotOvertakenByTheHead(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := newApp(func(*bare.HttpRequest) bare.HttpResponse { return failAtOnce(func() error { return errSecret }) })
		app.OnError = func(request *bare.HttpRequest, _ error) bare.HttpResponse {
			request.Sleep(time.Second)
			return bare.TextResponse(502, "a page")
		}
		stream := serve(t, protocol, app).Get("/")
		if got := stream.Rest(); got != "a page" || stream.Response.StatusCode != http.StatusBadGateway || stream.Err() != nil {
			t.Errorf("got %d %q (%v)", stream.Response.StatusCode, got, stream.Err())
		}
	})
}

func TestAnErrorsResponseKeepsTheHeadersThatWereSetAroundIt(t *testing.T) {
	t.Parallel()
	outer := func(next http.Handler) http.Handler { // as CORS does
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Access-Control-Allow-Origin", "*")
			w.Header().Set("Vary", "Origin")
			w.Header().Set("X-Bad", "no")
			next.ServeHTTP(w, r)
		})
	}
	wrapped := func(handler bare.HttpHandler) (*bare.Application, *logbook) {
		app, log := newApp(handler)
		app.Wrap(outer)
		return app, log
	}
	inside := func(handler bare.HttpHandler) (*bare.Application, *logbook) {
		return newApp(bare.Chain(handler, bare.FromHTTPMiddleware(outer)))
	}
	malformedLength := bare.TextResponse(200, "fine").WithHeader("content-length", "4 bytes").WithHeader("x-bad", "yes")
	for name, test := range map[string]struct {
		app      func(handler bare.HttpHandler) (*bare.Application, *logbook)
		response bare.HttpResponse
	}{
		"Wrap, a header that is refused":               {wrapped, badHeader()},
		"Wrap, a length that is refused":               {wrapped, malformedLength},
		"Wrap, a body that fails before it begins":     {wrapped, failAtOnce(func() error { return errSecret }).WithHeader("x-bad", "yes")},
		"FromHTTPMiddleware, a header that is refused": {inside, badHeader()},
		"FromHTTPMiddleware, a length that is refused": {inside, malformedLength},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				app, _ := test.app(func(*bare.HttpRequest) bare.HttpResponse { return test.response })
				stream := serve(t, protocol, app).Get("/")
				head := stream.Response.Header
				if stream.Response.StatusCode != http.StatusInternalServerError || head.Get("Access-Control-Allow-Origin") != "*" || head.Get("X-Bad") != "no" || head.Get("X-Image") != "" {
					t.Errorf("status %d with %v", stream.Response.StatusCode, head)
				}
				if got := strings.Join(head["Vary"], ", "); got != "Origin, Accept" {
					t.Errorf("Vary is %q", got)
				}
			})
		})
	}
}
