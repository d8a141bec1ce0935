package bare

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/bare-go/bare/internal/routing"
)

// A Group adds routes whose paths share a prefix, and whose handlers share
// middlewares. It is made by [Application.Group], and used before the application
// serves.
//
// Its middlewares also wrap what the application itself answers at the prefix and
// below it: 404, with [Application.NotFound], 405 and OPTIONS. So one that answers
// CORS preflights sees them. Of several groups that cover a path the most specific
// one does so, by the rule for routes: the innermost of those that are nested. Of
// groups with the same prefix it is the one that was made first, so that a group
// made by Group("/") leaves these answers to the one it was made of. The request's
// Matches then have the variables of the prefix, and no Route.
//
// The paths below the prefix belong to the group. A mount takes them only if its own
// prefix is the same or more specific: a frontend that is mounted at / leaves the 404
// of /api/nowhere to the group with the prefix /api.
type Group struct {
	app         *Application
	prefix      string           // "" for all paths
	middlewares []HttpMiddleware // those of the groups around it first
}

// Group returns a group of routes below a prefix. Its middlewares wrap the
// handlers, the first one outermost, inside [Application.Middlewares]; they are
// copied.
//
// The prefix begins with a slash, and does not end with one, except for "/" itself:
// that adds nothing to the paths, for a group that has only middlewares in common.
// It may hold variables, /users/{id:int}, but no {rest:path}. It is a pattern as
// for [NewHttpRouter], even with another router, which sees it before the paths of
// its routes. The same prefix may be given to several groups. Group panics when
// the prefix is another, or a middleware is nil.
func (a *Application) Group(prefix string, middlewares ...HttpMiddleware) *Group {
	return newGroup(&Group{app: a}, prefix, middlewares)
}

// Group returns a group inside this one: its prefix comes after this one's, and its
// middlewares are inside this one's. It panics as [Application.Group] does, and
// when both prefixes have a variable of the same name.
func (g *Group) Group(prefix string, middlewares ...HttpMiddleware) *Group {
	return newGroup(g, prefix, middlewares)
}

func newGroup(outer *Group, prefix string, middlewares []HttpMiddleware) *Group {
	g := &Group{app: outer.app, middlewares: slices.Concat(outer.middlewares, middlewares)}
	pattern, err := groupPattern(outer.prefix, prefix)
	if i := slices.IndexFunc(middlewares, func(m HttpMiddleware) bool { return m == nil }); i >= 0 {
		err = fmt.Errorf("middlewares[%d] is nil", i)
	}
	if err != nil {
		panic("bare: the group " + strconv.Quote(outer.prefix+prefix) + ": " + err.Error()) //nolint:forbidigo // a programmer's error, at registration
	}
	if g.prefix = outer.prefix; prefix != "/" {
		g.prefix += prefix
	}
	g.app.groups.Add(pattern, g)
	return g
}

// groupPattern is the pattern of a group's whole prefix, the zero one if that is
// before every path.
func groupPattern(outer, prefix string) (routing.Pattern, error) {
	switch {
	case !strings.HasPrefix(prefix, "/"):
		return routing.Pattern{}, fmt.Errorf("the prefix %q does not begin with a slash", prefix)
	case prefix == "/" && outer == "":
		return routing.Pattern{}, nil
	case prefix == "/":
		return routing.Parse(outer)
	case strings.HasSuffix(prefix, "/"):
		return routing.Pattern{}, fmt.Errorf("the prefix %q ends with a slash", prefix)
	}
	pattern, err := routing.Parse(outer + prefix)
	if pattern.HasRest() {
		err = errors.New("nothing can be below the rest of a path")
	}
	return pattern, err
}

// Add adds a route to the application's router, as [HttpRouter.Add] does and with
// its panics: its path is the group's prefix and then path, which begins with a
// slash. The path "" is the prefix itself, or "/" if the prefix is that.
func (g *Group) Add(methods Methods, path string, handler HttpHandler) {
	whole := g.path("the route", path)
	if handler != nil { // the router refuses that, and names the route
		handler = g.wrap(handler)
	}
	g.app.HttpRouter.Add(methods, whole, handler)
}

// Mount is [Application.Mount] below the group's prefix; the prefix "" is the
// group's own. The group's middlewares are not around the handler. It panics, too,
// when the group's prefix has a variable.
func (g *Group) Mount(prefix string, handler http.Handler) {
	g.app.Mount(g.path("Mount", prefix), handler)
}

// path is a path of the group as the application sees it.
func (g *Group) path(what, path string) string {
	if path != "" && !strings.HasPrefix(path, "/") {
		//nolint:forbidigo // a programmer's error, at registration
		panic(fmt.Sprintf("bare: %s %q in the group %q: it does not begin with a slash", what, path, cmp.Or(g.prefix, "/")))
	}
	return cmp.Or(g.prefix+path, "/")
}

// wrap puts a handler inside the group's middlewares.
func (g *Group) wrap(handler HttpHandler) HttpHandler { return Chain(handler, g.middlewares...) }

// unrouted is the fallback inside the middlewares of the group that covers path,
// with the variables of its prefix.
func (a *Application) unrouted(method, path string) (HttpHandler, Matches) {
	handler := a.fallback(method, path)
	group, match, ok := a.groups.Find(path)
	if !ok {
		return handler, Matches{}
	}
	return group.wrap(handler), Matches{match: match}
}
