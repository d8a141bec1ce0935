package bare_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

// saysRoute answers with the route and its variables.
func saysRoute(request *bare.HttpRequest) bare.HttpResponse {
	parts := []string{request.Matches.Route()}
	for name, value := range request.Matches.All() {
		parts = append(parts, fmt.Sprintf("%s=%v", name, value))
	}
	return bare.TextResponse(200, strings.Join(parts, " "))
}

// grouped is an application with groups inside groups, one of them with a
// variable, and one of middlewares only.
func grouped() *bare.Application {
	app := naming([]string{"GET /", "GET /apis"}, nil)
	api := app.Group("/api", inside("api"), inside("api2"))
	api.Add(bare.Methods{"GET"}, "", saysRoute)
	api.Add(bare.Methods{"GET"}, "/", saysRoute)
	api.Add(bare.Methods{"GET"}, "/status", saysRoute)
	user := api.Group("/users/{id:int}", inside("user"))
	user.Add(bare.Methods{"GET"}, "", saysRoute)
	user.Add(bare.Methods{"POST"}, "/posts/{post}", saysRoute)
	user.Group("/", inside("owner")).Add(bare.Methods{"DELETE"}, "", saysRoute)
	api.Group("/users/me", inside("me")).Add(bare.Methods{"GET"}, "/{rest:path}", saysRoute)
	return app
}

func TestAGroupAddsRoutesInsideItsMiddlewares(t *testing.T) {
	t.Parallel()
	app := grouped()
	for request, want := range map[string]string{
		"GET /":                     "200 app /",
		"GET /apis":                 "200 app /apis",
		"GET /api":                  "200 api2 api app /api",
		"GET /api/":                 "200 api2 api app /api/",
		"GET /api/status":           "200 api2 api app /api/status",
		"GET /api/users/7":          "200 user api2 api app /api/users/{id:int} id=7",
		"POST /api/users/7/posts/x": "200 user api2 api app /api/users/{id:int}/posts/{post} id=7 post=x",
		"DELETE /api/users/7":       "200 owner user api2 api app /api/users/{id:int} id=7",
		"GET /api/users/me/x/y":     "200 me api2 api app /api/users/me/{rest:path} rest=x/y",
	} {
		method, path, _ := strings.Cut(request, " ")
		if got := answer(app, method, path); got != want {
			t.Errorf("%s: got %q, want %q", request, got, want)
		}
	}
}

func TestTheInnermostGroupIsAroundWhatTheApplicationAnswers(t *testing.T) {
	t.Parallel()
	app := grouped()
	for request, want := range map[string]string{
		"GET /none":                   "404 app Not Found",
		"POST /apis":                  "405 app [GET, HEAD, OPTIONS] Method Not Allowed",
		"GET /apis/x":                 "404 app Not Found",
		"POST /api":                   "405 api2 api app [GET, HEAD, OPTIONS] Method Not Allowed",
		"GET /api/none":               "404 api2 api app Not Found",
		"OPTIONS /api/status":         "204 api2 api app [GET, HEAD, OPTIONS]",
		"GET /api/users/fred":         "404 api2 api app Not Found",
		"OPTIONS /api/users/7":        "204 user api2 api app [DELETE, GET, HEAD, OPTIONS]",
		"GET /api/users/7/none":       "404 user api2 api app Not Found",
		"PUT /api/users/7/posts/x":    "405 user api2 api app [OPTIONS, POST] Method Not Allowed",
		"GET /api/users/me":           "404 me api2 api app Not Found",
		"OPTIONS /api/users/me/x":     "204 me api2 api app [GET, HEAD, OPTIONS]",
		"GET /api/users/99999999999a": "404 api2 api app Not Found",
	} {
		method, path, _ := strings.Cut(request, " ")
		if got := answer(app, method, path); got != want {
			t.Errorf("%s: got %q, want %q", request, got, want)
		}
	}
}

func TestNotFoundAnswersInsideAGroupWithTheVariablesOfItsPrefix(t *testing.T) {
	t.Parallel()
	app := grouped()
	app.NotFound = saysRoute
	for path, want := range map[string]string{
		"/none":             "200 app",
		"/api/none":         "200 api2 api app",
		"/api/users/7/none": "200 user api2 api app  id=7", // there is no route
	} {
		if got := answer(app, "GET", path); got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
}

func TestGroupsWithTheSamePrefixLeaveTheRestToTheFirst(t *testing.T) {
	t.Parallel()
	app := naming(nil, nil)
	first := app.Group("/api/{x}", inside("first"))
	second := app.Group("/api/{y}", inside("second"))
	second.Add(bare.Methods{"GET"}, "/b", saysRoute)
	first.Add(bare.Methods{"GET"}, "/a", saysRoute)
	for path, want := range map[string]string{
		"GET /api/1/a":  "200 first app /api/{x}/a x=1",
		"GET /api/1/b":  "200 second app /api/{y}/b y=1",
		"GET /api/1/c":  "404 first app Not Found",
		"GET /api/1":    "404 first app Not Found",
		"POST /api/1/b": "405 first app [GET, HEAD, OPTIONS] Method Not Allowed",
	} {
		method, path, _ := strings.Cut(path, " ")
		if got := answer(app, method, path); got != want {
			t.Errorf("%s %s: got %q, want %q", method, path, got, want)
		}
	}
}

func TestAGroupAtTheRootIsAroundAllPaths(t *testing.T) {
	t.Parallel()
	app := naming([]string{"GET /outside"}, nil)
	root := app.Group("/", inside("root"))
	root.Add(bare.Methods{"GET"}, "", saysRoute)
	root.Add(bare.Methods{"GET"}, "/x", saysRoute)
	root.Group("/deep", inside("deep"))
	for path, want := range map[string]string{
		"/": "200 root app /", "/x": "200 root app /x", "/none": "404 root app Not Found",
		"/deep/x": "404 deep root app Not Found", "/outside": "200 app /outside",
	} {
		if got := answer(app, "GET", path); got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
}

func TestAGroupsMiddlewaresAreThoseItWasMadeWith(t *testing.T) {
	t.Parallel()
	app := naming(nil, nil)
	middlewares := make([]bare.HttpMiddleware, 1, 2)
	middlewares[0] = inside("a")
	outer := app.Group("/outer", middlewares...)
	one, two := outer.Group("/one", inside("one")), outer.Group("/two", inside("two"))
	middlewares[0] = inside("changed")
	outer.Add(bare.Methods{"GET"}, "", saysRoute)
	one.Add(bare.Methods{"GET"}, "", saysRoute)
	two.Add(bare.Methods{"GET"}, "", saysRoute)
	for path, want := range map[string]string{
		"/outer": "200 a app /outer", "/outer/one": "200 one a app /outer/one", "/outer/two": "200 two a app /outer/two",
		"/outer/one/x": "404 one a app Not Found",
	} {
		if got := answer(app, "GET", path); got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
}

func TestAGroupMountsOutsideOfAllMiddlewares(t *testing.T) {
	t.Parallel()
	app := naming(nil, nil)
	api := app.Group("/api", inside("api"))
	api.Mount("/files", mountSays("files"))
	api.Group("/docs", inside("docs")).Mount("", mountSays("docs"))
	api.Add(bare.Methods{"GET"}, "/files/{id:int}", saysRoute)
	for request, want := range map[string]string{
		"GET /api/files/x":  "200 mount files",
		"PUT /api/files/7":  "405 api app [GET, HEAD, OPTIONS] Method Not Allowed",
		"GET /api/docs":     "200 mount docs",
		"GET /api/docs/a/b": "200 mount docs",
		"GET /api/none":     "404 api app Not Found",
		"GET /files/x":      "404 app Not Found",
	} {
		method, path, _ := strings.Cut(request, " ")
		if got := answer(app, method, path); got != want {
			t.Errorf("%s: got %q, want %q", request, got, want)
		}
	}
}

func TestAGroupKeepsItsPathsFromMountsThatAreLessSpecific(t *testing.T) {
	t.Parallel()
	app := naming(nil, nil)
	app.Mount("/", mountSays("root"))
	app.Mount("/same", mountSays("same"))
	app.Mount("/static", mountSays("static"))
	app.Group("/", inside("all"))
	api := app.Group("/api", inside("api"))
	api.Add(bare.Methods{"GET"}, "/orders", saysRoute)
	api.Mount("/docs", mountSays("docs"))
	app.Group("/same", inside("same")).Add(bare.Methods{"GET"}, "/x", saysRoute)
	app.Group("/{tenant}/admin", inside("admin"))
	for request, want := range map[string]string{
		"GET /api":               "404 api app Not Found",
		"GET /api/nowhere":       "404 api app Not Found",
		"DELETE /api/orders":     "405 api app [GET, HEAD, OPTIONS] Method Not Allowed",
		"GET /api/docs/a":        "200 mount docs",
		"GET /apis":              "200 mount root",
		"GET /index.html":        "200 mount root",
		"GET /same/y":            "200 mount same",
		"GET /fred/admin/x":      "404 admin app Not Found",
		"GET /static/admin/page": "200 mount static",
	} {
		method, path, _ := strings.Cut(request, " ")
		if got := answer(app, method, path); got != want {
			t.Errorf("%s: got %q, want %q", request, got, want)
		}
	}
}

func TestAPreflightIsAnsweredByAGroupsMiddleware(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app := naming([]string{"POST /orders"}, nil)
		app.Group("/api", cors).Add(bare.Methods{"POST"}, "/orders/{id:int}", saysRoute)
		server := serve(t, protocol, app)
		if got := preflight(t, server, "/api/orders/7"); got != "https://example.com" {
			t.Errorf("the browser is told %q", got)
		}
		if got := preflight(t, server, "/orders"); got != "" {
			t.Errorf("outside of the group the browser is told %q", got)
		}
	})
}

func TestAGroupStreams(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app := naming(nil, nil)
		app.Group("/api", inside("api")).Add(bare.Methods{"GET"}, "/events", func(request *bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{Body: func(yield func([]byte) bool) {
				for yield([]byte("tick")) && request.Sleep(time.Minute) {
				}
			}}
		})
		stream := serve(t, protocol, app).Get("/api/events")
		defer stream.Close()
		if first, second := stream.Next(), stream.Next(); first != "tick" || second != "tick" {
			t.Errorf("got %q and %q", first, second)
		}
		if got := stream.Response.Header.Values("X-Inside"); len(got) != 2 || got[0] != "api" {
			t.Errorf("inside %q", got)
		}
	})
}

func TestAGroupRefusesWhatCannotBeMeant(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		do   func(app *bare.Application, api *bare.Group)
		want string
	}{
		"no slash":                  {func(app *bare.Application, _ *bare.Group) { app.Group("x") }, `bare: the group "x": the prefix "x" does not begin with a slash`},
		"no prefix":                 {func(_ *bare.Application, api *bare.Group) { api.Group("") }, `bare: the group "/api": the prefix "" does not begin with a slash`},
		"a slash at the end":        {func(_ *bare.Application, api *bare.Group) { api.Group("/x/") }, `bare: the group "/api/x/": the prefix "/x/" ends with a slash`},
		"two slashes":               {func(app *bare.Application, _ *bare.Group) { app.Group("//") }, `bare: the group "//": the prefix "//" ends with a slash`},
		"a bad pattern":             {func(_ *bare.Application, api *bare.Group) { api.Group("/{x:no}") }, `bare: the group "/api/{x:no}": {x:no} has the unknown type "no"`},
		"a rest":                    {func(app *bare.Application, _ *bare.Group) { app.Group("/{x:path}") }, `bare: the group "/{x:path}": nothing can be below the rest of a path`},
		"a rest inside a group":     {func(_ *bare.Application, api *bare.Group) { api.Group("/{x:path}/y") }, `bare: the group "/api/{x:path}/y": {x:path} is not at the end`},
		"a name twice":              {func(app *bare.Application, _ *bare.Group) { app.Group("/{x}").Group("/{x}") }, `bare: the group "/{x}/{x}": the variable "x" is there twice`},
		"a nil middleware":          {func(_ *bare.Application, api *bare.Group) { api.Group("/", cors, nil) }, `bare: the group "/api/": middlewares[1] is nil`},
		"a first one that is nil":   {func(_ *bare.Application, api *bare.Group) { api.Group("/x", nil) }, `bare: the group "/api/x": middlewares[0] is nil`},
		"a path without a slash":    {func(_ *bare.Application, api *bare.Group) { api.Add(bare.Methods{"GET"}, "x", empty) }, `bare: the route "x" in the group "/api": it does not begin with a slash`},
		"a nil handler":             {func(_ *bare.Application, api *bare.Group) { api.Add(bare.Methods{"GET"}, "/x", nil) }, `bare: the route "/api/x": the handler is nil`},
		"a route that is there":     {func(_ *bare.Application, api *bare.Group) { api.Add(bare.Methods{"GET"}, "/old", empty) }, `bare: the route "/api/old": GET is there already`},
		"a mount without a slash":   {func(app *bare.Application, _ *bare.Group) { app.Group("/").Mount("x", http.NotFoundHandler()) }, `bare: Mount "x" in the group "/": it does not begin with a slash`},
		"a mount below a variable":  {func(app *bare.Application, _ *bare.Group) { app.Group("/{x}").Mount("/y", http.NotFoundHandler()) }, `bare: Mount /{x}/y: the prefix of a mount has no variables`},
		"a mount with a variable":   {func(app *bare.Application, _ *bare.Group) { app.Mount("/{x}", http.NotFoundHandler()) }, `bare: Mount /{x}: the prefix of a mount has no variables`},
		"a mount that is there":     {func(_ *bare.Application, api *bare.Group) { api.Mount("/m", http.NotFoundHandler()) }, `bare: Mount /api/m: the prefix is there already`},
		"a mount without a handler": {func(_ *bare.Application, api *bare.Group) { api.Mount("/n", nil) }, `bare: Mount /api/n: the handler is nil`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := naming([]string{"GET /api/old"}, []string{"/api/m"})
			api := app.Group("/api", inside("api"))
			defer func() {
				if got := fmt.Sprint(recover()); !strings.HasPrefix(got, test.want) {
					t.Errorf("panicked with %q, want %q", got, test.want)
				}
				if got := answer(app, "GET", "/api/none"); got != "404 api app Not Found" {
					t.Errorf("what was refused left something behind: %q", got)
				}
			}()
			test.do(app, api)
		})
	}
}
