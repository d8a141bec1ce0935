// Package routing is the code of the user guide's page about routing.
package routing

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/bare-go/bare"
)

// docs:start routes

func newApp() *bare.Application {
	app := bare.NewApplication()
	add := app.HttpRouter.Add
	add(bare.Methods{"GET", "POST"}, "/users", show)
	add(bare.Methods{"GET"}, "/users/me", show)
	add(bare.Methods{"GET", "PUT", "DELETE"}, "/users/{id:int}", show)
	add(bare.Methods{"GET"}, "/users/{name}", show)
	add(bare.Methods{"GET"}, "/prices/{limit:float}", show)
	add(bare.Methods{"GET"}, "/log/{from:datetime}", show)
	add(bare.Methods{"GET"}, "/log/{day:datetime:%Y-%m-%d}", show)
	add(bare.Methods{"GET"}, "/log/{day:datetime:%Y-%m-%d}/lines/{line:int}", show)
	add(bare.Methods{"GET"}, "/files/{rest:path}", show)
	add(bare.Methods{"GET"}, "/folder/", show)
	return app
}

// show answers with the route that was found and what it found in the path.
func show(request *bare.HttpRequest) bare.HttpResponse {
	found := []string{request.Matches.Route()}
	for name, value := range request.Matches.All() {
		found = append(found, fmt.Sprintf("%s = %v (%T)", name, value, value))
	}
	return bare.TextResponse(200, strings.Join(found, "  "))
}

// docs:end routes

// docs:start matches

func showUser(request *bare.HttpRequest) bare.HttpResponse {
	id := request.Matches.Int("id") // an int64: the route has made sure of it
	return bare.TextResponse(200, fmt.Sprintf("User number %d", id))
}

// docs:end matches

// docs:start notfound

func newShop() *bare.Application {
	app := bare.NewApplication()
	app.OnHttpRequest(bare.Methods{"GET"}, "/users/{id:int}", showUser)
	app.NotFound = func(request *bare.HttpRequest) bare.HttpResponse {
		return bare.TextResponse(404, "There is no page at "+request.Scope.URL.Path)
	}
	return app
}

// docs:end notfound

// docs:start group

func newShopAPI(users map[string]string) *bare.Application {
	app := bare.NewApplication()
	app.OnHttpRequest(bare.Methods{"GET"}, "/", show)

	api := app.Group("/api", allowOtherSites)
	api.Add(bare.Methods{"GET"}, "/articles", show)
	api.Add(bare.Methods{"GET", "PUT"}, "/articles/{id:int}", show)

	orders := api.Group("/orders", identify(users))
	orders.Add(bare.Methods{"GET", "POST"}, "", show) // /api/orders
	orders.Add(bare.Methods{"GET"}, "/{id:int}", show)
	return app
}

// allowOtherSites lets the pages of other sites use the API. It answers a browser's
// question (a CORS preflight) as well, which is an OPTIONS request.
func allowOtherSites(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
	response := handler(request)
	response.Headers.Set("access-control-allow-origin", "*")
	response.Headers.Set("access-control-allow-methods", "GET, POST, PUT")
	response.Headers.Set("access-control-allow-headers", "authorization")
	return response
}

// identify answers 401 to unknown users. It lets preflights pass, as they have no
// authorization.
func identify(users map[string]string) bare.HttpMiddleware {
	return func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
		_, known := users[request.Scope.Header.Get("authorization")]
		if !known && request.Scope.Method != http.MethodOptions {
			return bare.TextResponse(401, "Who are you?").WithHeader("www-authenticate", "Bearer")
		}
		return handler(request)
	}
}

// docs:end group

// docs:start mount

func newSite(pages http.Handler) *bare.Application {
	app := bare.NewApplication()
	app.OnHttpRequest(bare.Methods{"GET"}, "/users/{id:int}", showUser)
	app.Mount("/static", http.StripPrefix("/static", pages))
	return app
}

// docs:end mount

// docs:start servemux

func newServeMux(app *bare.Application) *http.ServeMux {
	mux := http.NewServeMux()
	mux.Handle("GET /greet/{name}", app.ToHTTPHandler(func(request *bare.HttpRequest) bare.HttpResponse {
		return bare.TextResponse(200, "Hello, "+request.Scope.PathValue("name"))
	}))
	return mux
}

// docs:end servemux

// docs:start ownrouter

// A regexpRouter has regular expressions for patterns; of several that match, the
// first one added wins.
type regexpRouter []regexpRoute

type regexpRoute struct {
	methods bare.Methods
	pattern *regexp.Regexp
	handler bare.HttpHandler
}

// Add implements [bare.HttpRouter]. It panics on a bad expression.
func (r *regexpRouter) Add(methods bare.Methods, path string, handler bare.HttpHandler) {
	*r = append(*r, regexpRoute{methods, regexp.MustCompile("^(?:" + path + ")$"), handler})
}

// Resolve implements [bare.HttpRouter].
func (r *regexpRouter) Resolve(method, path string) (bare.HttpHandler, bare.Matches) {
	for _, route := range *r {
		found := route.pattern.FindStringSubmatch(path)
		if found == nil || !slices.Contains(route.methods, method) {
			continue
		}
		var pairs []any
		for i, name := range route.pattern.SubexpNames() {
			if name != "" {
				pairs = append(pairs, name, found[i])
			}
		}
		return route.handler, bare.NewMatches(pairs...)
	}
	return nil, bare.Matches{}
}

// Allowed implements [bare.HttpRouter].
func (r *regexpRouter) Allowed(path string) bare.Methods {
	var allowed bare.Methods
	for _, route := range *r {
		if route.pattern.MatchString(path) {
			allowed = append(allowed, route.methods...)
		}
	}
	slices.Sort(allowed)
	return slices.Compact(allowed)
}

func newRegexpApp() *bare.Application {
	app := bare.NewApplication()
	app.HttpRouter = new(regexpRouter)
	app.OnHttpRequest(bare.Methods{"GET"}, `/reports/(?P<year>\d{4})-(?P<name>\w+)\.pdf`, func(request *bare.HttpRequest) bare.HttpResponse {
		return bare.TextResponse(200, strings.ToUpper(request.Matches.String("name"))+" of "+request.Matches.String("year"))
	})
	return app
}

// docs:end ownrouter
