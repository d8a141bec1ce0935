package bare_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

func TestCookiesAreSetBesideEachOther(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		shared := bare.Headers("set-cookie", "a=1")
		app, log := newApp(func(*bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{Headers: shared}.
				WithCookie(http.Cookie{Name: "b", Value: "2 2", Path: "/", HttpOnly: true, Secure: true, SameSite: http.SameSiteLaxMode}).
				WithCookie(http.Cookie{Name: "b", MaxAge: -1})
		})
		want := []string{"a=1", `b="2 2"; Path=/; HttpOnly; Secure; SameSite=Lax`, "b=; Max-Age=0"}
		if got := serve(t, protocol, app).Get("/").Response.Header["Set-Cookie"]; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		if len(shared["Set-Cookie"]) != 1 {
			t.Errorf("the shared headers became %v", shared)
		}
		wantLogged(t, log)
	})
}

func TestAnInvalidCookieIsRefused(t *testing.T) {
	t.Parallel()
	valid := http.Cookie{Name: "a", Value: "1"}
	for name, cookie := range map[string]http.Cookie{
		"no name":                      {Value: "1"},
		"a name that is no token":      {Name: "a b", Value: "1"},
		"a value with a semicolon":     {Name: "a", Value: "1; Domain=evil"},
		"a value with a line":          {Name: "a", Value: "1\r\nX-B: 2"},
		"a path with a semicolon":      {Name: "a", Path: "/;x"},
		"a domain that is none":        {Name: "a", Domain: "a b"},
		"a time before there was any":  {Name: "a", Expires: time.Date(1500, 1, 1, 0, 0, 0, 0, time.UTC)},
		"partitioned, and not secure":  {Name: "a", Partitioned: true},
		"a value with a control's DEL": {Name: "a", Value: "\x7f"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				app, log := respond(bare.TextResponse(200, "fine").WithCookie(cookie).WithCookie(valid))
				app.Middlewares = []bare.HttpMiddleware{func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
					return handler(request).WithHeader("x-a", "1")
				}}
				stream := serve(t, protocol, app).Get("/")
				if got := stream.Rest(); stream.Response.StatusCode != http.StatusInternalServerError || got != "Internal Server Error" {
					t.Errorf("got %d %q", stream.Response.StatusCode, got)
				}
				if got := stream.Response.Header; got.Get("Set-Cookie") != "" || got.Get("X-A") != "" {
					t.Errorf("the headers are %v", got)
				}
				wantLogged(t, log, "ERROR bare: the response was refused method=GET route=/ error=bare: the cookie "+`"`+strings.TrimSpace(cookie.Name))
			})
		})
	}
}

func TestAnInvalidCookieOfAnErrorIsRefused(t *testing.T) {
	t.Parallel()
	for name, onError := range map[string]func(*bare.HttpRequest, error) bare.HttpResponse{"by default": nil, "with OnError": page} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				app, log := respond(bare.ErrorResponse(&bare.HttpError{Status: 409}).WithCookie(http.Cookie{}))
				app.OnError = onError
				if stream := serve(t, protocol, app).Get("/"); stream.Response.StatusCode != http.StatusInternalServerError {
					t.Errorf("got %d", stream.Response.StatusCode)
				}
				wantLogged(t, log, "ERROR bare: the response was refused")
			})
		})
	}
}

func TestAddHeaderLeavesTheOriginalAlone(t *testing.T) {
	t.Parallel()
	list := append(make([]string, 0, 4), "1") // with room for more
	original := bare.HttpResponse{Headers: http.Header{"link": list}}
	one, other := original.AddHeader("Link", "2"), original.AddHeader("link", "3").AddHeader("x-b", "4")
	if len(original.Headers) != 1 || list[:2][1] != "" {
		t.Errorf("the original became %v", original.Headers)
	}
	if !slices.Equal(one.Headers["Link"], []string{"1", "2"}) || len(one.Headers) != 1 {
		t.Errorf("one copy is %v", one.Headers)
	}
	if !slices.Equal(other.Headers["Link"], []string{"1", "3"}) || other.Headers.Get("X-B") != "4" {
		t.Errorf("the other one is %v", other.Headers)
	}
}
