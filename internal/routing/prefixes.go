package routing

// Prefixes finds what is registered for the beginning of a path: what Router is for
// whole paths. The most specific prefix wins, by the same rule. The zero value is
// empty. It is safe for concurrent use, and must not be copied.
type Prefixes[H any] struct {
	routes Router[prefix[H]]
}

// A prefix is what Find returns.
type prefix[H any] struct {
	handler H
	route   *route // the prefix's variables; it has no text, as it is no route of a user
}

// prefixMethod is the one method of the routes that prefixes are made of.
const prefixMethod = "*"

// Add registers a handler for the paths that p matches, and for those below them.
// The zero Pattern is before every path. p has no variable of kind path, behind
// which nothing could be. Of two prefixes of the same shape the first one stays.
func (s *Prefixes[H]) Add(p Pattern, handler H) {
	found := prefix[H]{handler, newRoute(Pattern{segments: p.segments}, 0)}
	if len(p.segments) > 0 {
		_ = s.routes.Add([]string{prefixMethod}, p, found) // fails if there is a first one
	}
	_ = s.routes.Add([]string{prefixMethod}, p.below(), found)
}

// Build makes the tables that Find needs: see [Router.Build].
func (s *Prefixes[H]) Build() { s.routes.Build() }

// Beyond reports whether the most specific prefix of path is more specific than one
// of that many literals, which is before path, too.
func (s *Prefixes[H]) Beyond(path string, literals int) bool {
	_, match, ok := s.Find(path)
	if !ok {
		return false
	}
	p := match.route.pattern
	own := p.literals()
	return own > literals || own == literals && len(p.segments) > own
}

// Find returns the handler of the most specific prefix of path, and the prefix's
// variables; false if there is none.
func (s *Prefixes[H]) Find(path string) (handler H, match Match, ok bool) {
	found, match, ok := s.routes.Resolve(prefixMethod, path)
	if !ok {
		return handler, Match{}, false
	}
	// The wildcards of the prefix are the first ones of the path's.
	return found.handler, Match{route: found.route, values: match.values}, true
}
