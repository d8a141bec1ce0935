package routing

import "strings"

// A route is a pattern, with what a match needs of it. It never changes once
// made.
type route struct {
	pattern   Pattern
	number    int // of its handler, in the router
	variables []variable
	checks    []check
	fixed     []any // the values of NewMatch; nil for a route of a router
}

// A variable is a named part of a route's path.
type variable struct {
	name   string
	kind   kind
	format *datetimeFormat
	index  int // among the tree's wildcards, or in fixed
}

// A check is what a tree leaves open: whether the text of a wildcard is what the
// pattern has in its place.
type check struct {
	segment *segment
	index   int // among the tree's wildcards
}

func newRoute(p Pattern, number int) *route {
	r := &route{pattern: p, number: number}
	wildcards := 0
	for i := range p.segments {
		s := &p.segments[i]
		if !s.wild {
			continue
		}
		if s.kind != kindLiteral {
			r.variables = append(r.variables, variable{name: s.text, kind: s.kind, format: s.format, index: wildcards})
		}
		if s.kind != kindPath {
			r.checks = append(r.checks, check{segment: s, index: wildcards})
		}
		wildcards++
	}
	return r
}

// fits reports whether the texts of the wildcards are what the pattern wants.
func (r *route) fits(values pathValues) bool {
	for _, c := range r.checks {
		text := values[c.index].Value
		if text == "" || c.segment.kind != kindStr && !c.segment.accepts(text) {
			return false // nothing but a path's rest is empty
		}
	}
	return true
}

// variable finds a variable by its name. There are few: a loop beats a map.
func (r *route) variable(name string) *variable {
	for i := range r.variables {
		if r.variables[i].name == name {
			return &r.variables[i]
		}
	}
	return nil
}

// text is the variable's text. The tree counts the slash before a path to it.
func (v *variable) text(values pathValues) string {
	text := values[v.index].Value
	if v.kind == kindPath {
		return strings.TrimPrefix(text, "/")
	}
	return text
}
