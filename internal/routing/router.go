// Package routing finds what is registered for a method and a path. It knows
// path patterns, and nothing of HTTP but that a method is a string.
//
// A [Pattern] is parsed from its text, and is added to a [Router] with what it
// leads to. [Router.Build] compiles the routes; [Router.Resolve] looks a path up
// and returns a [Match], which has the variables.
//
// From a pattern to a look-up:
//
//   - pattern.go parses a pattern into segments, each with a kind;
//   - convert.go, datetime.go and offset.go read the texts of variables;
//   - route.go holds what a match needs of a pattern;
//   - layers.go distributes routes over trees that can hold them, and overlaps.go
//     tells it which ones have a path in common;
//   - tree.go is one such tree, of httprouter, and table.go all those of a method;
//   - match.go has the variables of a path.
//
// [Prefixes] finds what is registered for the beginning of a path.
package routing

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// A Router finds handlers by method and path; what a handler is, is up to its
// user. The zero value has no routes. It is safe for concurrent use, and must not
// be copied.
type Router[H any] struct {
	built atomic.Pointer[snapshot[H]] // nil after a route was added

	mutex    sync.Mutex
	methods  []*routeSet
	handlers []H // by the number of their route
}

// A routeSet has the routes of one method.
type routeSet struct {
	method string
	shapes map[string]*route
	routes []*route // as they were added
	table  *table   // of the routes; nil after one was added
}

// A snapshot is what look-ups use. It never changes once made.
type snapshot[H any] struct {
	tables   []*table // sorted by method
	handlers []H
}

// Add registers a handler for each of the methods. It adds it for all of them or,
// where one of them has a route of the same shape, for none: the error names the
// fault only. Until the next [Router.Build], or look-up, the tables of these
// methods are out of date.
func (r *Router[H]) Add(methods []string, pattern Pattern, handler H) error {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	shape := pattern.shape()
	for i, method := range methods {
		var before *route
		if set := r.set(method); set != nil {
			before = set.shapes[shape]
		}
		if before != nil || slices.Contains(methods[:i], method) {
			return fmt.Errorf("%s is there already%s", method, givenAs(before, pattern.text))
		}
	}
	added := newRoute(pattern, len(r.handlers))
	r.handlers = append(r.handlers, handler)
	for _, method := range methods {
		set := r.set(method)
		if set == nil {
			set = &routeSet{method: method, shapes: make(map[string]*route)}
			r.methods = append(r.methods, set)
		}
		set.shapes[shape] = added
		set.routes = append(set.routes, added)
		set.table = nil
	}
	r.built.Store(nil)
	return nil
}

// set finds the routes of a method. There are few methods: a loop beats a map.
func (r *Router[H]) set(method string) *routeSet {
	for _, set := range r.methods {
		if set.method == method {
			return set
		}
	}
	return nil
}

// givenAs names the route that is there, where it is spelled in another way.
func givenAs(before *route, path string) string {
	if before == nil || before.pattern.text == path {
		return ""
	}
	return ", as " + strconv.Quote(before.pattern.text)
}

// Build makes the tables that look-ups need, of the methods that have new routes.
// The first look-up after an Add does so otherwise, and all others wait for it.
func (r *Router[H]) Build() { r.snapshot() }

// snapshot returns the tables of all methods, and makes them if routes were added.
func (r *Router[H]) snapshot() *snapshot[H] {
	if built := r.built.Load(); built != nil {
		return built
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if built := r.built.Load(); built != nil {
		return built // another one made it meanwhile
	}
	built := &snapshot[H]{handlers: r.handlers}
	for _, set := range r.methods {
		if set.table == nil {
			set.table = newTable(set.method, set.routes)
		}
		built.tables = append(built.tables, set.table)
	}
	slices.SortFunc(built.tables, func(a, b *table) int { return strings.Compare(a.method, b.method) })
	r.built.Store(built)
	return built
}

// Resolve returns the handler of the most specific route that method and path
// lead to; false if there is none.
func (r *Router[H]) Resolve(method, path string) (handler H, match Match, ok bool) {
	built := r.snapshot()
	for _, t := range built.tables {
		if t.method != method {
			continue
		}
		if found, values := t.find(path); found != nil {
			return built.handlers[found.number], Match{route: found, values: values}, true
		}
		break
	}
	return handler, Match{}, false
}

// Allowed lists the methods that have a route for path, sorted.
func (r *Router[H]) Allowed(path string) []string {
	var allowed []string
	for _, t := range r.snapshot().tables {
		if found, _ := t.find(path); found != nil {
			allowed = append(allowed, t.method)
		}
	}
	return allowed
}
