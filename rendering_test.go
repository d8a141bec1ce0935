package bare_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

var errSecret = errors.New("the secret")

// page renders an error as a page that names it, for the tests alone: the text of
// an error is not for clients.
func page(_ *bare.HttpRequest, err error) bare.HttpResponse {
	text, _, _ := strings.Cut(err.Error(), "\n")
	return bare.BytesResponse(0, "text/html", []byte("<p>"+text)).WithHeader("x-page", "yes").WithHeader("allow", "nothing")
}

// badHeader is a response that is refused.
func badHeader() bare.HttpResponse { return bare.TextResponse(200, "fine").WithHeader("x-bad", "a\nb") }

// failAtOnce is a response whose body fails before its first byte.
func failAtOnce(fail func() error) bare.HttpResponse {
	return bare.HttpResponse{
		Headers: bare.Headers("content-type", "image/png", "x-image", "yes"),
		Body:    bare.StreamWriter(func(func([]byte) bool) error { return fail() }),
	}
}

func TestOnErrorRendersEveryError(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		method  string // GET without one
		path    string
		handler bare.HttpHandler
		status  int    // of the HttpError, and of the response
		cause   error  // in what OnError is given
		text    string // of the page
		allow   string
		logged  string
	}{
		{"a path that is not there", "", "/nowhere", empty, 404, nil, "bare: Not Found", "nothing", ""},
		{"a method that is not there", "DELETE", "/", empty, 405, nil, "bare: Method Not Allowed", "GET, HEAD, OPTIONS, POST, PUT", ""},
		{"a body that is no JSON", "POST", "/", func(request *bare.HttpRequest) bare.HttpResponse {
			return bare.ErrorResponse(request.JSON(new(int)))
		}, 415, nil, "bare: The request body must have the content type application/json.", "nothing", ""},
		{"a body over its limit", "POST", "/", func(request *bare.HttpRequest) bare.HttpResponse {
			_, err := request.Text()
			return bare.ErrorResponse(err)
		}, 413, bare.ErrBodyTooLarge, "bare: Request Entity Too Large: bare: the request body is too large", "nothing", ""},
		{"a panic", "", "/", func(*bare.HttpRequest) bare.HttpResponse {
			panic(errSecret)
		}, 500, errSecret, "bare: Internal Server Error: bare: panic: the secret", "nothing", "ERROR bare: the handler panicked method=GET route=/ panic=the secret"},
		{"a panic with an error that has a status", "", "/", func(*bare.HttpRequest) bare.HttpResponse {
			panic(&bare.HttpError{Status: 404, Err: errSecret})
		}, 500, errSecret, "bare: Internal Server Error: bare: panic: bare: Not Found: the secret", "nothing", "ERROR bare: the handler panicked"},
		{"a header that is refused", "", "/", func(*bare.HttpRequest) bare.HttpResponse {
			return badHeader()
		}, 500, nil, `bare: Internal Server Error: bare: the value "a\nb" of header X-Bad has a control character`, "nothing", "ERROR bare: the response was refused"},
		{"an error that chooses", "", "/", func(*bare.HttpRequest) bare.HttpResponse {
			return bare.ErrorResponse(fmt.Errorf("around: %w", &bare.HttpError{Status: 409, Err: errSecret}))
		}, 409, errSecret, "around: bare: Conflict: the secret", "nothing", ""},
		{"an error with a header", "", "/", func(*bare.HttpRequest) bare.HttpResponse {
			return bare.ErrorResponse(&bare.HttpError{Status: 503}).WithHeader("allow", "patience")
		}, 503, nil, "bare: Service Unavailable", "patience", "ERROR bare: the request failed"},
		{"a body that fails before its first byte", "", "/", func(*bare.HttpRequest) bare.HttpResponse {
			return failAtOnce(func() error { return &bare.HttpError{Status: 404, Err: errSecret} })
		}, 404, errSecret, "bare: Not Found: the secret", "nothing", "ERROR bare: the body failed"},
		{"one that panics then", "", "/", func(*bare.HttpRequest) bare.HttpResponse {
			return failAtOnce(func() error { panic(&bare.HttpError{Status: 404, Err: errSecret}) })
		}, 500, errSecret, "bare: Internal Server Error: bare: panic: bare: Not Found: the secret", "nothing", "ERROR bare: the body panicked"},
		{
			"a request that a middleware has made", "", "/own", empty, 500, nil,
			"bare: Internal Server Error: bare: a middleware has called its handler with a request of its own", "nothing", "ERROR bare: the request failed",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				app, log := newApp(test.handler)
				app.BodyLimit = 3
				var given []error
				app.OnError = func(request *bare.HttpRequest, err error) bare.HttpResponse {
					given = append(given, err)
					if request.Scope == nil || request.Locals == nil {
						t.Error("the request is not the server's")
					}
					return page(request, err)
				}
				if test.path == "/own" {
					app.Middlewares = append(app.Middlewares, func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
						return handler(&bare.HttpRequest{Scope: request.Scope})
					})
				}
				server := serve(t, protocol, app)
				var content io.Reader = http.NoBody
				if test.method == "POST" {
					content = strings.NewReader("content")
				}
				request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+test.path, content)
				if err != nil {
					t.Fatal(err)
				}
				if test.method != "" {
					request.Method = test.method
				}
				stream := server.Do(request)
				got := stream.Rest()
				if got != "<p>"+test.text || stream.Response.StatusCode != test.status || stream.Err() != nil {
					t.Errorf("got %d %q (%v), want %d %q", stream.Response.StatusCode, got, stream.Err(), test.status, test.text)
				}
				header := stream.Response.Header
				if header.Get("Content-Type") != "text/html" || header.Get("X-Page") != "yes" || header.Get("Allow") != test.allow ||
					header.Get("Vary") != "" || header.Get("X-Image") != "" || stream.Response.ContentLength != int64(len(got)) {
					t.Errorf("the headers are %v", header)
				}
				if len(given) != 1 {
					t.Fatalf("OnError was given %v", given)
				}
				told, ok := errors.AsType[*bare.HttpError](given[0])
				if !ok || told.Status != test.status || test.cause != nil && !errors.Is(given[0], test.cause) {
					t.Errorf("OnError was given %v", given[0])
				}
				if test.logged == "" {
					wantLogged(t, log)
				} else {
					wantLogged(t, log, test.logged)
				}
			})
		})
	}
}

func TestAMiddlewareSeesAnErrorAsTheClientWill(t *testing.T) {
	t.Parallel()
	type seen struct {
		status int
		kind   string
		body   string
	}
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, log := newApp(func(*bare.HttpRequest) bare.HttpResponse { return bare.ErrorResponse(errSecret) })
		var outer, inner []seen
		look := func(into *[]seen) bare.HttpMiddleware {
			return func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
				response := handler(request)
				*into = append(*into, seen{
					response.Status, response.Headers.Get("Content-Type"), strings.Join(baretest.Chunks(response.Body, -1), ""),
				})
				return response
			}
		}
		calls := 0
		app.OnError = func(_ *bare.HttpRequest, err error) bare.HttpResponse {
			calls++
			return bare.BytesResponse(503, "text/x-error", fmt.Appendf(nil, "%v", errors.Is(err, errSecret)))
		}
		app.Middlewares = []bare.HttpMiddleware{
			look(&outer),
			func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
				response := handler(request)
				if request.Scope.URL.Path == "/nowhere" {
					return bare.ErrorResponse(&bare.HttpError{Status: 401}).WithHeader("www-authenticate", "Basic")
				}
				return response
			},
			look(&inner),
		}
		server := serve(t, protocol, app)
		for path, want := range map[string]struct{ outer, inner string }{
			"/":        {"true", "true"},
			"/nowhere": {"false", "false"},
		} {
			outer, inner, calls = nil, nil, 0
			stream := server.Get(path)
			if got := stream.Rest(); got != want.outer || stream.Response.StatusCode != http.StatusServiceUnavailable {
				t.Errorf("%s: got %d %q", path, stream.Response.StatusCode, got)
			}
			if got := stream.Response.Header.Get("Www-Authenticate"); (got != "") != (path == "/nowhere") {
				t.Errorf("%s: Www-Authenticate is %q", path, got)
			}
			if !slices.Equal(outer, []seen{{503, "text/x-error", want.outer}}) || !slices.Equal(inner, []seen{{503, "text/x-error", want.inner}}) {
				t.Errorf("%s: the outer one saw %v, the inner one %v", path, outer, inner)
			}
			if want := map[string]int{"/": 1, "/nowhere": 2}[path]; calls != want {
				t.Errorf("%s: OnError was called %d times, want %d", path, calls, want)
			}
		}
		wantLogged(t, log, "ERROR bare: the request failed method=GET route=/ error=the secret")
	})
}

func TestAnErrorResponseThatWasChangedIsSentAsItIs(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(response *bare.HttpResponse)
		status int
		text   string
	}{
		"another status": {func(r *bare.HttpResponse) { r.Status = 503 }, 503, "Internal Server Error"},
		"another type":   {func(r *bare.HttpResponse) { *r = r.WithHeader("content-type", "text/x-own") }, 500, "Internal Server Error"},
		"another body": {func(r *bare.HttpResponse) {
			r.Headers.Del("content-length")
			r.Body = bare.TextWriter("own")
		}, 500, "own"},
		"no body":           {func(r *bare.HttpResponse) { r.Body = nil; r.Headers = nil }, 500, ""},
		"headers of others": {func(r *bare.HttpResponse) { r.Headers = bare.Headers("x-own", "1") }, 500, "Internal Server Error"},
	}
	for name, test := range tests {
		synctest.Test(t, func(t *testing.T) {
			app, log := newApp(func(*bare.HttpRequest) bare.HttpResponse {
				response := bare.ErrorResponse(errSecret)
				test.change(&response)
				return response
			})
			app.OnError = page
			app.Middlewares = []bare.HttpMiddleware{passing, passing}
			stream := ask(t, serve(t, baretest.HTTP1, app), "GET", "/", "application/json")
			if got := stream.Rest(); got != test.text || stream.Response.StatusCode != test.status || stream.Response.Header.Get("X-Page") != "" {
				t.Errorf("%s: got %d %q, want %d %q", name, stream.Response.StatusCode, got, test.status, test.text)
			}
			wantLogged(t, log, "ERROR bare: the request failed method=GET route=/ error=the secret")
		})
	}
}

func TestOnErrorMayChangeWhatErrorResponseMakes(t *testing.T) {
	t.Parallel()
	app, log := respond(bare.ErrorResponse(errSecret))
	app.Middlewares = []bare.HttpMiddleware{passing, passing}
	app.OnError = func(_ *bare.HttpRequest, err error) bare.HttpResponse {
		response := bare.ErrorResponse(err)
		response.Status = 503
		return response
	}
	synctest.Test(t, func(t *testing.T) {
		stream := ask(t, serve(t, baretest.HTTP1, app), "GET", "/", "application/json")
		if got := stream.Rest(); got != "Internal Server Error" || stream.Response.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("got %d %q", stream.Response.StatusCode, got)
		}
	})
	wantLogged(t, log, "ERROR bare: the request failed")
}

func TestHeadersOfAnErrorResponseAreKept(t *testing.T) {
	t.Parallel()
	for cookies, onError := range map[string]func(*bare.HttpRequest, error) bare.HttpResponse{
		"a=1": nil,
		"b=2|a=1": func(*bare.HttpRequest, error) bare.HttpResponse {
			return bare.TextResponse(429, "Later.").WithHeader("vary", "Accept").WithHeader("retry-after", "never").
				WithCookie(http.Cookie{Name: "b", Value: "2"})
		},
	} {
		eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
			app, log := newApp(func(*bare.HttpRequest) bare.HttpResponse {
				return bare.ErrorResponse(&bare.HttpError{Status: 429}).WithHeader("retry-after", "5").
					WithHeader("vary", "Origin").WithCookie(http.Cookie{Name: "a", Value: "1"})
			})
			app.OnError = onError
			server := serve(t, protocol, app)
			for _, method := range []string{"GET", "HEAD"} {
				stream := ask(t, server, method, "/", "application/json")
				length := len(stream.Rest())
				header := stream.Response.Header
				vary := slices.Sorted(slices.Values(header["Vary"]))
				if header.Get("Retry-After") != "5" || strings.Join(header["Set-Cookie"], "|") != cookies || !slices.Equal(vary, []string{"Accept", "Origin"}) {
					t.Errorf("%s: the headers are %v", method, header)
				}
				if method == "GET" && stream.Response.ContentLength != int64(length) || stream.Response.ContentLength < 6 {
					t.Errorf("%s: the length is %d", method, stream.Response.ContentLength)
				}
			}
			wantLogged(t, log)
		})
	}
}

func TestVaryNamesAcceptOnce(t *testing.T) {
	t.Parallel()
	for vary, want := range map[string]string{
		"Origin|Accept": "Origin|Accept", "accept": "accept", "Origin, ACCEPT": "Origin, ACCEPT", "*": "*", "Accept-Language": "Accept-Language|Accept",
	} {
		synctest.Test(t, func(t *testing.T) {
			app, _ := newApp(func(*bare.HttpRequest) bare.HttpResponse {
				response := bare.ErrorResponse(errSecret)
				for value := range strings.SplitSeq(vary, "|") {
					response = response.AddHeader("vary", value)
				}
				return response
			})
			if got := strings.Join(serve(t, baretest.HTTP1, app).Get("/").Response.Header["Vary"], "|"); got != want {
				t.Errorf("%q became %q, want %q", vary, got, want)
			}
		})
	}
}

func TestNotFoundAndOPTIONSAreNoErrors(t *testing.T) {
	t.Parallel()
	app, _ := newApp(empty)
	app.OnError = page
	app.NotFound = func(*bare.HttpRequest) bare.HttpResponse { return bare.TextResponse(404, "no page") }
	synctest.Test(t, func(t *testing.T) {
		server := serve(t, baretest.HTTP1, app)
		if got := ask(t, server, "GET", "/nowhere").Rest(); got != "no page" {
			t.Errorf("NotFound says %q", got)
		}
		if response := ask(t, server, "OPTIONS", "/").Response; response.StatusCode != http.StatusNoContent || response.Header.Get("X-Page") != "" {
			t.Errorf("OPTIONS is a %d", response.StatusCode)
		}
	})
}

func TestAnErrorOfARouteForAnotherRouterIsRendered(t *testing.T) {
	t.Parallel()
	app, _ := newApp(empty)
	app.OnError = page
	handler := app.ToHTTPHandler(func(*bare.HttpRequest) bare.HttpResponse {
		return bare.ErrorResponse(&bare.HttpError{Status: 409})
	})
	outer := bare.NewApplication()
	outer.Mount("/", handler)
	synctest.Test(t, func(t *testing.T) {
		if got := serve(t, baretest.HTTP1, outer).Get("/").Rest(); got != "<p>bare: Conflict" {
			t.Errorf("got %q", got)
		}
	})
}

func TestAFailureIsLoggedWhateverTheHandlerMakesOfItsResponse(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, log := newApp(func(*bare.HttpRequest) bare.HttpResponse {
			response := bare.JSONResponse(0, make(chan int)) // cannot be encoded
			response.Status = http.StatusCreated
			return response
		})
		if got := serve(t, protocol, app).Get("/").Response.StatusCode; got != http.StatusCreated {
			t.Errorf("status %d", got)
		}
		wantLogged(t, log, "ERROR bare: the request failed method=GET route=/ error=bare: JSONResponse: json: unsupported type")
	})
}

func TestAHeaderIsNamedOnceInVary(t *testing.T) {
	t.Parallel()
	for want, onError := range map[string]func(request *bare.HttpRequest, err error) bare.HttpResponse{
		"Cookie, accept": nil,
		"Accept, Cookie": func(_ *bare.HttpRequest, err error) bare.HttpResponse { return bare.ErrorResponse(err) },
	} {
		app, _ := newApp(func(*bare.HttpRequest) bare.HttpResponse {
			err := &bare.HttpError{Status: 403}
			return bare.ErrorResponse(err).AddHeader("vary", "Cookie").AddHeader("vary", "accept")
		})
		app.OnError = onError
		recorder := httptest.NewRecorder()
		app.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/", http.NoBody))
		if got := strings.Join(recorder.Header()["Vary"], ", "); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
