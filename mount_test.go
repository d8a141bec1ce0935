package bare_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

// inside is a middleware that adds its name to a header of the response: the first
// name is that of the innermost one.
func inside(name string) bare.HttpMiddleware {
	return func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
		response := handler(request)
		response.Headers.Add("X-Inside", name)
		return response
	}
}

// answer is what an application says to a request: its status, the names of the
// middlewares around it, what it allows, and its body.
func answer(app http.Handler, method, path string) string {
	recorder := httptest.NewRecorder()
	app.ServeHTTP(recorder, httptest.NewRequest(method, path, http.NoBody))
	parts := []string{recorder.Result().Status[:3]}
	parts = append(parts, recorder.Header().Values("X-Inside")...)
	if allow := recorder.Header().Get("Allow"); allow != "" {
		parts = append(parts, "["+allow+"]")
	}
	return strings.TrimSpace(strings.Join(append(parts, recorder.Body.String()), " "))
}

// naming is an application with routes, like "GET /users", that answer with their
// pattern, and mounts that answer with their prefix. Its middleware is called app.
func naming(routes, mounts []string) *bare.Application {
	app := bare.NewApplication()
	app.Middlewares = []bare.HttpMiddleware{inside("app")}
	for _, route := range routes {
		method, pattern, _ := strings.Cut(route, " ")
		app.OnHttpRequest(bare.Methods{method}, pattern, says(pattern))
	}
	for _, prefix := range mounts {
		app.Mount(prefix, mountSays(prefix))
	}
	return app
}

func says(text string) bare.HttpHandler {
	return func(*bare.HttpRequest) bare.HttpResponse { return bare.TextResponse(200, text) }
}

func mountSays(prefix string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "mount "+prefix) })
}

func TestTheMostSpecificOfRoutesAndMountsWins(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name           string
		routes, mounts []string
		requests       map[string]string
	}{
		{
			"a mount at the root leaves the routes their 405 and OPTIONS",
			[]string{"GET /", "POST /orders", "GET /users/{id:int}"},
			[]string{"/"},
			map[string]string{
				"GET /":           "200 app /",
				"POST /":          "405 app [GET, HEAD, OPTIONS] Method Not Allowed",
				"OPTIONS /orders": "204 app [OPTIONS, POST]",
				"HEAD /orders":    "405 app [OPTIONS, POST]",
				"PUT /users/1":    "405 app [GET, HEAD, OPTIONS] Method Not Allowed",
				"GET /users/fred": "200 mount /",
				"OPTIONS /users":  "200 mount /",
				"POST /none":      "200 mount /",
			},
		},
		{
			"a mount takes its paths from a route that is less specific",
			[]string{"GET /{user}/x", "GET /{rest:path}"},
			[]string{"/static"},
			map[string]string{
				"GET /static/x":  "200 mount /static",
				"HEAD /static/x": "200 mount /static",
				"POST /static/x": "200 mount /static",
				"GET /static":    "200 mount /static",
				"GET /fred/x":    "200 app /{user}/x",
				"GET /statics":   "200 app /{rest:path}",
				"POST /fred/x":   "405 app [GET, HEAD, OPTIONS] Method Not Allowed",
			},
		},
		{
			"where neither is more specific, the route has its methods",
			[]string{"POST /files/{rest:path}", "GET /files/log/{rest:path}", "GET /{rest:path}"},
			[]string{"/files"},
			map[string]string{
				"POST /files/x":       "200 app /files/{rest:path}",
				"GET /files/x":        "200 mount /files",
				"OPTIONS /files/x":    "200 mount /files",
				"POST /files":         "200 mount /files",
				"GET /files/log/x":    "200 app /files/log/{rest:path}",
				"POST /files/log/x":   "200 app /files/{rest:path}",
				"DELETE /files/log/x": "405 app [GET, HEAD, OPTIONS, POST] Method Not Allowed",
			},
		},
		{
			"a slash at the end of a prefix makes it no more specific than a route",
			[]string{"POST /files/{rest:path}", "GET /{x}/{y}"},
			[]string{"/files/"},
			map[string]string{
				"POST /files/x": "200 app /files/{rest:path}",
				"GET /files/x":  "200 mount /files/",
				"GET /files":    "404 app Not Found",
			},
		},
		{
			"a route inside a mount, literal or not, is more specific than it",
			[]string{"GET /static/version", "GET /static/{id:int}", "GET /static/"},
			[]string{"/static", "/static/version/all"},
			map[string]string{
				"GET /static/version":       "200 app /static/version",
				"PUT /static/version":       "405 app [GET, HEAD, OPTIONS] Method Not Allowed",
				"GET /static/7":             "200 app /static/{id:int}",
				"PUT /static/7":             "405 app [GET, HEAD, OPTIONS] Method Not Allowed",
				"GET /static/":              "200 app /static/",
				"GET /static":               "200 mount /static",
				"GET /static/version/x":     "200 mount /static",
				"GET /static/version/all/x": "200 mount /static/version/all",
			},
		},
		{
			"a path that a route owns is the routes' for every method",
			[]string{"GET /static/{name}", "POST /{rest:path}", "DELETE /{rest:path}"},
			[]string{"/static"},
			map[string]string{
				"POST /static/a":   "200 app /{rest:path}",
				"PUT /static/a":    "405 app [DELETE, GET, HEAD, OPTIONS, POST] Method Not Allowed",
				"POST /static/a/b": "200 mount /static",
			},
		},
		{
			"the longest prefix wins, whatever the order, and asks the routes itself",
			[]string{"GET /a/{rest:path}", "GET /a/b/{rest:path}"},
			[]string{"/", "/a/b", "/a"},
			map[string]string{
				"GET /a/x":    "200 app /a/{rest:path}",
				"GET /a/b/x":  "200 app /a/b/{rest:path}",
				"POST /a/x":   "200 mount /a",
				"POST /a/b/x": "200 mount /a/b",
				"GET /a/b":    "200 mount /a/b",
				"GET /b":      "200 mount /",
			},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			app := naming(test.routes, test.mounts)
			for request, want := range test.requests {
				method, path, _ := strings.Cut(request, " ")
				if got := answer(app, method, path); got != want {
					t.Errorf("%s: got %q, want %q", request, got, want)
				}
			}
		})
	}
}

func TestHeadGoesWhereGetGoesWithAMount(t *testing.T) {
	t.Parallel()
	app := naming([]string{"GET /static/{name}", "GET /files/{rest:path}", "GET /{rest:path}"}, []string{"/static", "/files", "/more"})
	for path, want := range map[string]string{"/static/a": "app", "/static/a/b": "", "/files/a": "app", "/more/a": "", "/a": "app"} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			recorder := httptest.NewRecorder()
			app.ServeHTTP(recorder, httptest.NewRequest(method, path, http.NoBody))
			if got := recorder.Header().Get("X-Inside"); got != want {
				t.Errorf("%s %s: inside %q, want %q", method, path, got, want)
			}
		}
	}
}

// A shuntRouter is a router of one's own around that of bare: its Matches say which
// route was found, though nothing else of the router does.
type shuntRouter struct{ inner bare.HttpRouter }

func (r shuntRouter) Add(methods bare.Methods, path string, handler bare.HttpHandler) {
	r.inner.Add(methods, path, handler)
}

func (r shuntRouter) Resolve(method, path string) (bare.HttpHandler, bare.Matches) {
	return r.inner.Resolve(method, path)
}

func (r shuntRouter) Allowed(path string) bare.Methods { return r.inner.Allowed(path) }

// An opaqueRouter has the routes of another one, but Matches of its own.
type opaqueRouter struct{ shuntRouter }

func (r opaqueRouter) Resolve(method, path string) (bare.HttpHandler, bare.Matches) {
	handler, _ := r.inner.Resolve(method, path)
	return handler, bare.NewMatches("path", path)
}

// An emptyRouter has the routes of another one, and no Matches at all.
type emptyRouter struct{ shuntRouter }

func (r emptyRouter) Resolve(method, path string) (bare.HttpHandler, bare.Matches) {
	handler, _ := r.inner.Resolve(method, path)
	return handler, bare.Matches{}
}

func TestARouterOfOnesOwnWorksWithMounts(t *testing.T) {
	t.Parallel()
	first := map[string]string{ // the routes come first, as nobody knows how specific they are
		"GET /static/x":  "200 app /{user}/x",
		"POST /static/x": "405 app [GET, HEAD, OPTIONS] Method Not Allowed",
		"GET /static/y":  "200 mount /static",
		"GET /fred/x":    "200 app /{user}/x",
		"PUT /fred/x":    "405 app [GET, HEAD, OPTIONS] Method Not Allowed",
		"GET /none":      "404 app Not Found",
	}
	for name, test := range map[string]struct {
		router func(inner bare.HttpRouter) bare.HttpRouter
		want   map[string]string
	}{
		"that returns the Matches of bare's": {
			func(inner bare.HttpRouter) bare.HttpRouter { return shuntRouter{inner} },
			map[string]string{"GET /static/x": "200 mount /static", "POST /static/x": "200 mount /static", "GET /fred/x": "200 app /{user}/x"},
		},
		"that makes its Matches":  {func(inner bare.HttpRouter) bare.HttpRouter { return opaqueRouter{shuntRouter{inner}} }, first},
		"that returns no Matches": {func(inner bare.HttpRouter) bare.HttpRouter { return emptyRouter{shuntRouter{inner}} }, first},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := naming([]string{"GET /{user}/x"}, []string{"/static"})
			app.HttpRouter = test.router(app.HttpRouter)
			for request, want := range test.want {
				method, path, _ := strings.Cut(request, " ")
				if got := answer(app, method, path); got != want {
					t.Errorf("%s: got %q, want %q", request, got, want)
				}
			}
		})
	}
}

func TestAPreflightIsAnsweredByAMiddlewareBesideAMountAtTheRoot(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app := naming([]string{"POST /orders"}, []string{"/"})
		app.Middlewares = []bare.HttpMiddleware{cors}
		server := serve(t, protocol, app)
		if got := preflight(t, server, "/orders"); got != "https://example.com" {
			t.Errorf("the browser is told %q", got)
		}
		if got := preflight(t, server, "/page.html"); got != "" {
			t.Errorf("a mount is inside a middleware: the browser is told %q", got)
		}
	})
}

// cors lets a page of another site use the application.
func cors(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
	return handler(request).WithHeader("Access-Control-Allow-Origin", request.Scope.Header.Get("Origin"))
}

// preflight asks as a browser does before a request to another site.
func preflight(t *testing.T, server *baretest.Server, path string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, server.URL+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Origin", "https://example.com")
	request.Header.Set("Access-Control-Request-Method", http.MethodPost)
	stream := server.Do(request)
	defer stream.Close()
	return stream.Response.Header.Get("Access-Control-Allow-Origin")
}
