package bare

// Methods is a set of HTTP methods.
type Methods []string

// An HttpRouter finds the handler for a method and a path.
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

type literalRouter map[string]HttpHandler

// NewHttpRouter stands in until the router on httprouter lands.
func NewHttpRouter() HttpRouter { return literalRouter{} }

func (r literalRouter) Add(methods Methods, path string, handler HttpHandler) {
	for _, method := range methods {
		r[method+" "+path] = handler
	}
}

func (r literalRouter) Resolve(method, path string) (HttpHandler, Matches) {
	return r[method+" "+path], Matches{}
}

func (r literalRouter) Allowed(path string) (methods Methods) {
	for _, m := range []string{"DELETE", "GET", "PATCH", "POST", "PUT"} {
		if r[m+" "+path] != nil {
			methods = append(methods, m)
		}
	}
	return methods
}
