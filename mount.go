package bare

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
)

// A mount stands for the route prefix/{rest:path}, for all methods.
type mount struct {
	prefix   string
	literals int // how many segments come before the rest
	handler  http.Handler
}

// Mount hands the requests whose path is the prefix, or lies below it, to an
// [http.Handler], whatever their method. It counts as the route prefix/{rest:path}
// for all methods, and the most specific of routes and mounts wins:
//
//   - A path that a more specific route has, for any method, belongs to the routes,
//     and the application answers 405 and OPTIONS for it. GET /users/{id} is more
//     specific than a mount at /.
//   - The mount at /static takes /static/x from GET /{user}/x.
//   - A route like POST /static/{rest:path} has its method (GET has HEAD as well),
//     and the mount all others.
//   - A path below the prefix of a [Group] belongs to the group: a mount at / does not
//     take /api/nowhere from a group with the prefix /api.
//
// Of several mounts the one with the longest prefix wins. The prefix /static covers
// /static, /static/ and /static/a, but not /statics; the prefix /static/ does not
// cover /static. A prefix has no variables.
//
// The handler gets the server's own ResponseWriter, and so may upgrade the
// connection or have a file sent by the kernel. Nothing of the application is
// around it: neither its middlewares nor those of a [Group]. It sees the whole
// path: see [http.StripPrefix].
//
// How specific a route is can be told for those of [NewHttpRouter], and of a router
// that returns its Matches. Any other route counts as more specific than any mount.
//
// Mount panics when the prefix does not begin with a slash, holds a brace or is
// there already, or the handler is nil.
func (a *Application) Mount(prefix string, handler http.Handler) {
	fault := ""
	switch {
	case !strings.HasPrefix(prefix, "/"):
		fault = "the prefix does not begin with a slash"
	case strings.ContainsAny(prefix, "{}"):
		fault = "the prefix of a mount has no variables"
	case handler == nil:
		fault = "the handler is nil"
	case slices.ContainsFunc(a.mounts, func(m mount) bool { return m.prefix == prefix }):
		fault = "the prefix is there already"
	}
	if fault != "" {
		panic("bare: Mount " + prefix + ": " + fault) //nolint:forbidigo // a programmer's error, at registration
	}
	literals := strings.Count(strings.TrimSuffix(prefix, "/"), "/")
	a.mounts = append(a.mounts, mount{prefix, literals, handler})
	slices.SortStableFunc(a.mounts, func(m, n mount) int { return cmp.Compare(len(n.prefix), len(m.prefix)) })
}

// mounted returns the handler of the mount that takes a request from the route that
// was found for it, if there was one; nil if none takes it.
func (a *Application) mounted(path string, found HttpHandler, matches Matches) http.Handler {
	if len(a.mounts) == 0 || found != nil && matches.match.Exact() {
		return nil
	}
	// The longest prefix comes first.
	i := slices.IndexFunc(a.mounts, func(m mount) bool { return m.covers(path) })
	if i < 0 {
		return nil
	}
	m := &a.mounts[i]
	switch {
	case found != nil && matches.match.CompareRest(m.literals) <= 0:
		return nil
	case a.routesOwn(path, m), a.groups.Beyond(path, m.literals):
		return nil
	}
	return m.handler
}

// routesOwn reports whether a route that is more specific than the mount has the
// path, by whatever method.
func (a *Application) routesOwn(path string, m *mount) bool {
	for _, method := range a.HttpRouter.Allowed(path) {
		if _, matches := a.HttpRouter.Resolve(method, path); matches.match.CompareRest(m.literals) < 0 {
			return true
		}
	}
	return false
}

// covers reports whether path is the prefix or lies below it: /static covers
// /static and /static/a, and not /statics.
func (m mount) covers(path string) bool {
	rest, ok := strings.CutPrefix(path, m.prefix)
	return ok && (rest == "" || strings.HasSuffix(m.prefix, "/") || strings.HasPrefix(rest, "/"))
}
