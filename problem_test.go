package bare_test

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

const problemType = "application/problem+json"

// ask sends a request that accepts what it says, or says nothing of it.
func ask(t *testing.T, server *baretest.Server, method, path string, accept ...string) *baretest.Stream {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Header["Accept"] = accept
	return server.Do(request)
}

func TestAnErrorIsAProblemForThoseWhoAskForJSON(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		accept  []string
		problem bool
	}{
		{"no header", nil, false},
		{"anything", []string{"*/*"}, false},
		{"a browser", []string{"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}, false},
		{"an image", []string{"image/avif,image/webp,*/*;q=0.8"}, false},
		{"JSON", []string{"application/json"}, true},
		{"problems", []string{"application/problem+json"}, true},
		{"any application's type", []string{"application/*"}, true},
		{"JSON in capitals", []string{"Application/JSON"}, true},
		{"JSON of a character set", []string{"application/json; charset=utf-8"}, true},
		{"JSON, and text just as well", []string{"application/json, text/plain, */*"}, true},
		{"JSON in a second header", []string{"text/plain;q=0.5", "application/json"}, true},
		{"JSON rather than the rest", []string{"application/json, text/javascript, */*; q=0.01"}, true},
		{"text rather than JSON", []string{"text/plain, application/json;q=0.9"}, false},
		{"HTML rather than JSON", []string{"application/json;q=0.9, text/html"}, false},
		{"any text rather than JSON", []string{"application/json;q=0.1, text/*;q=0.2"}, false},
		{"anything rather than JSON", []string{"application/json;q=0.5, */*"}, false},
		{"JSON rather than any text", []string{"application/*;q=0.3, text/*;q=0.2"}, true},
		{"no JSON, and nothing else", []string{"application/json;q=0"}, false},
		{"no problems, but JSON", []string{"application/problem+json;q=0, application/json"}, false},
		{"another type of an application", []string{"application/xml"}, false},
	}
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, log := newApp(empty)
		server := serve(t, protocol, app)
		for _, test := range tests {
			stream := ask(t, server, "GET", "/nowhere", test.accept...)
			kind, want := "text/plain; charset=utf-8", "Not Found"
			if test.problem {
				kind, want = problemType, `{"title":"Not Found","status":404}`+"\n"
			}
			header := stream.Response.Header
			if got := stream.Rest(); got != want || header.Get("Content-Type") != kind || stream.Response.StatusCode != http.StatusNotFound {
				t.Errorf("%s: got %d %q %q", test.name, stream.Response.StatusCode, header.Get("Content-Type"), got)
			}
			if got := header.Values("Vary"); len(got) != 1 || got[0] != "Accept" {
				t.Errorf("%s: Vary is %q", test.name, got)
			}
		}
		wantLogged(t, log)
	})
}

// embedding is an error of an application's own that is an HttpError at heart.
type embedding struct{ *bare.HttpError }

// passing is a middleware that does nothing.
func passing(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
	return handler(request)
}

func TestAProblemSaysWhatTheErrorSays(t *testing.T) {
	t.Parallel()
	fields := map[string]any{"fields": map[string]string{"name": "is missing <here>"}, "a": 1}
	var cyclic []any
	cyclic = append(cyclic, &cyclic)
	tests := []struct {
		name    string
		err     error
		status  int
		problem string
		text    string
		logged  []string
	}{
		{
			"a message is its detail", &bare.HttpError{Status: 409, Message: `Sold "out" {}`}, 409,
			`{"title":"Conflict","status":409,"detail":"Sold \"out\" {}"}`, `Sold "out" {}`, nil,
		},
		{
			"the status's own text is no detail", &bare.HttpError{Status: 409, Message: "Conflict"}, 409,
			`{"title":"Conflict","status":409}`, "Conflict", nil,
		},
		{
			"a status without a name has no title", &bare.HttpError{Status: 499, Message: "Odd."}, 499,
			`{"status":499,"detail":"Odd."}`, "Odd.", nil,
		},
		{
			"members are in JSON only", fmt.Errorf("around: %w", &bare.HttpError{Status: 422, Message: "No.", Members: fields}), 422,
			`{"title":"Unprocessable Entity","status":422,"detail":"No.","a":1,"fields":{"name":"is missing <here>"}}`, "No.", nil,
		},
		{
			"members of an error that embeds one",
			embedding{&bare.HttpError{Status: 422, Members: map[string]any{"a": nil}}},
			422,
			`{"title":"Unprocessable Entity","status":422,"a":null}`, "Unprocessable Entity", nil,
		},
		{
			"the standard's members win",
			&bare.HttpError{Status: 422, Members: map[string]any{"type": "x", "title": "x", "status": 1, "detail": "x", "instance": "x"}}, 422,
			`{"title":"Unprocessable Entity","status":422}`, "Unprocessable Entity", nil,
		},
		{
			"members that are no JSON are left out", &bare.HttpError{Status: 422, Members: map[string]any{"a": math.NaN(), "b": 1}}, 422,
			`{"title":"Unprocessable Entity","status":422}`, "Unprocessable Entity",
			[]string{"ERROR bare: the members of an HttpError cannot be encoded method=GET route=/ error=json: unsupported value: NaN"},
		},
		{
			"so are those that panic", &bare.HttpError{Status: 422, Members: map[string]any{"a": panicking{}}}, 422,
			`{"title":"Unprocessable Entity","status":422}`, "Unprocessable Entity",
			[]string{"ERROR bare: the members of an HttpError cannot be encoded method=GET route=/ error=bare: panic: no text"},
		},
		{
			"so are those that contain themselves", &bare.HttpError{Status: 422, Members: map[string]any{"a": cyclic}}, 422,
			`{"title":"Unprocessable Entity","status":422}`, "Unprocessable Entity",
			[]string{"ERROR bare: the members of an HttpError cannot be encoded"},
		},
		{
			"what is hidden stays hidden", errors.New("secret"), 500,
			`{"title":"Internal Server Error","status":500}`, "Internal Server Error",
			[]string{"ERROR bare: the request failed method=GET route=/ error=secret"},
		},
		{
			"the last status of an error is told", &bare.HttpError{Status: 599, Message: "Odd."}, 599,
			`{"status":599,"detail":"Odd."}`, "Odd.",
			[]string{"ERROR bare: the request failed"},
		},
		{
			"one above it is not", &bare.HttpError{Status: 600, Message: "secret"}, 500,
			`{"title":"Internal Server Error","status":500}`, "Internal Server Error",
			[]string{"ERROR bare: the request failed"},
		},
		{
			"members of an error that may not be told are not", &bare.HttpError{Status: 200, Message: "secret", Members: fields}, 500,
			`{"title":"Internal Server Error","status":500}`, "Internal Server Error",
			[]string{"ERROR bare: the request failed"},
		},
		{
			"no error is a fault of the program", nil, 500,
			`{"title":"Internal Server Error","status":500}`, "Internal Server Error",
			[]string{"ERROR bare: the request failed method=GET route=/ error=bare: Internal Server Error: bare: ErrorResponse: the error is nil"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				app, log := newApp(func(*bare.HttpRequest) bare.HttpResponse { return bare.ErrorResponse(test.err) })
				app.Middlewares = []bare.HttpMiddleware{passing, passing} // of which none logs it again
				server := serve(t, protocol, app)
				stream := ask(t, server, "GET", "/", "application/json")
				if got := strings.TrimSuffix(stream.Rest(), "\n"); got != test.problem || stream.Response.StatusCode != test.status || stream.Err() != nil {
					t.Errorf("got %d %s (%v), want %d %s", stream.Response.StatusCode, got, stream.Err(), test.status, test.problem)
				}
				wantLogged(t, log, test.logged...)
				if got := ask(t, server, "GET", "/").Rest(); got != test.text {
					t.Errorf("as text it is %q, want %q", got, test.text)
				}
			})
		})
	}
}

// panicking cannot be encoded.
type panicking struct{}

func (panicking) MarshalJSON() ([]byte, error) { panic("no text") }

func TestAnErrorResponseMayBeShared(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		shared := bare.ErrorResponse(&bare.HttpError{Status: 409})
		app, _ := respond(shared)
		server := serve(t, protocol, app)
		for _, kind := range []string{problemType, "text/plain; charset=utf-8"} {
			if got := ask(t, server, "GET", "/", kind).Response.Header.Get("Content-Type"); got != kind {
				t.Errorf("got %q, want %q", got, kind)
			}
		}
		if len(shared.Headers) != 2 {
			t.Errorf("the shared headers became %v", shared.Headers)
		}
	})
}

func TestAProblemResponseIsJSONWhateverTheClientAccepts(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		err    error
		status int
		want   string
		logged []string
	}{
		{"an error for the client", &bare.HttpError{Status: 409, Message: "Sold out."}, 409, `{"title":"Conflict","status":409,"detail":"Sold out."}` + "\n", nil},
		{"one that is not", errSecret, 500, `{"title":"Internal Server Error","status":500}` + "\n", []string{
			"ERROR bare: the request failed method=GET route=/ error=the secret",
		}},
		{"members that cannot be encoded", &bare.HttpError{Status: 422, Members: map[string]any{"f": func() {}}}, 500, "Internal Server Error", []string{
			"ERROR bare: the request failed method=GET route=/ error=bare: ProblemResponse:",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				byHandler, log := newApp(func(*bare.HttpRequest) bare.HttpResponse { return bare.ProblemResponse(test.err) })
				byOnError, logToo := newApp(func(*bare.HttpRequest) bare.HttpResponse {
					return bare.ErrorResponse(test.err).WithHeader("x-kept", "yes")
				})
				byOnError.OnError = func(_ *bare.HttpRequest, err error) bare.HttpResponse { return bare.ProblemResponse(err) }
				for i, app := range []*bare.Application{byHandler, byOnError} {
					stream := ask(t, serve(t, protocol, app), "GET", "/", "text/plain")
					if got := stream.Rest(); got != test.want || stream.Response.StatusCode != test.status {
						t.Errorf("%d: got %d %q, want %d %q", i, stream.Response.StatusCode, got, test.status, test.want)
					}
				}
				wantLogged(t, log, test.logged...)
				if len(test.logged) == 0 || test.err == errSecret { //nolint:errorlint // the very one
					wantLogged(t, logToo, test.logged...)
				}
			})
		})
	}
}
