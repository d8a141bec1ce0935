package bare

import (
	"fmt"
	"strconv"

	"github.com/bare-go/bare/internal/routing"
)

// Methods is a set of HTTP methods: tokens, in which case matters (RFC 9110,
// section 9.1).
type Methods []string

// An HttpRouter finds the handler for a method and a path. The one that
// [NewHttpRouter] makes is safe for concurrent use.
//
// A router may also have a method Build(): the application calls it before it
// serves, so that a router which compiles its routes need not do so while the
// first request waits. It may be called again, and routes may be added after it.
type HttpRouter interface {
	// Add registers handler for each of the methods and the path pattern. It
	// panics, with a message that begins "bare:", on a bad pattern or a route
	// that is already there.
	Add(methods Methods, path string, handler HttpHandler)
	// Resolve is strict about the method; path is decoded. A nil handler means
	// no match.
	Resolve(method, path string) (HttpHandler, Matches)
	// Allowed lists the methods that have a route for path, sorted; the
	// application adds HEAD and OPTIONS.
	Allowed(path string) Methods
}

// NewHttpRouter returns a router without routes. A path pattern is made of
// segments between slashes, each a literal or a variable:
//
//	{name}  {name:str}     one segment that is not empty, a string
//	{name:int}             ASCII decimal digits with an optional sign, an int64
//	{name:float}           an ASCII decimal number, a float64
//	{name:datetime}        a time as in RFC 3339, a time.Time
//	{name:datetime:%Y-%m}  a time in a strptime format
//	{name:path}            the rest of the path, which may be empty; only at the end
//
// The most specific route wins, whatever the order in which they were added:
// segment by segment from the left, a literal comes before a datetime, an int, a
// float, a str and a path. A text that does not convert falls through to the next
// route, and so does a number of more than 400 bytes, or a time that is longer
// than its format can mean: white space (%n, %t), a zone's name (%Z) and Unix
// seconds (%s) have room for 32 bytes. Two datetimes with different formats are
// tried in the order in which they were added, so that each format costs something. Slashes are never added, dropped or collapsed.
func NewHttpRouter() HttpRouter { return new(router) }

// router puts the routes of this package into those of package routing, and the
// mistakes of a program into panics.
type router struct {
	routes routing.Router[HttpHandler]
}

func (r *router) Add(methods Methods, path string, handler HttpHandler) {
	pattern, err := routing.Parse(path)
	switch {
	case err != nil:
		refuse(path, err.Error())
	case handler == nil:
		refuse(path, "the handler is nil")
	case len(methods) == 0:
		refuse(path, "there is no method")
	}
	for _, method := range methods {
		if !isToken(method) {
			refuse(path, fmt.Sprintf("the method %q is no token", method))
		}
	}
	if err := r.routes.Add(methods, pattern, handler); err != nil {
		refuse(path, err.Error())
	}
}

func refuse(path, fault string) {
	panic("bare: the route " + strconv.Quote(path) + ": " + fault) //nolint:forbidigo // a programmer's error, at registration
}

func (r *router) Resolve(method, path string) (HttpHandler, Matches) {
	handler, match, _ := r.routes.Resolve(method, path)
	return handler, Matches{match: match}
}

func (r *router) Allowed(path string) Methods { return r.routes.Allowed(path) }

func (r *router) Build() { r.routes.Build() }
