package routing

import (
	"iter"
	"time"
)

// A Match has the variables that a route found in a path. It is a small value,
// nothing changes it, and the zero value has none. Values are converted when they
// are asked for.
type Match struct {
	route  *route
	values pathValues
}

// NewMatch returns a match of no route, which has values of its own by their
// names: there are as many of either, and no name twice.
func NewMatch(names []string, values []any) Match {
	r := &route{fixed: append([]any{}, values...)} // not nil, even when there are none
	for i, name := range names {
		r.variables = append(r.variables, variable{name: name, index: i})
	}
	return Match{route: r}
}

// Route returns the pattern's text, "" if there is none.
func (m Match) Route() string {
	if m.route == nil {
		return ""
	}
	return m.route.pattern.text
}

// Exact reports whether the route has no variables: then it is the most specific
// of all patterns that its path fits.
func (m Match) Exact() bool {
	return m.route != nil && m.route.fixed == nil && len(m.route.variables) == 0
}

// CompareRest compares the route with a pattern of that many literals and the rest
// of the path, which fits the same path: it is negative if the route is more
// specific, zero if neither is, and positive if the other one is. What is no route of
// a Router cannot be compared, and counts as more specific.
func (m Match) CompareRest(literals int) int {
	if m.route == nil || m.route.fixed != nil {
		return -1
	}
	p := m.route.pattern
	switch own := p.literals(); {
	case own < literals:
		return 1
	case own == literals && own < len(p.segments) && p.segments[own].kind == kindPath:
		return 0
	default:
		return -1
	}
}

// Get returns the variable called name, of the type that its kind stands for; nil
// if there is none.
func (m Match) Get(name string) any {
	v := m.find(name)
	if v == nil {
		return nil
	}
	return m.value(v)
}

// String returns the variable called name, if it is a string.
func (m Match) String(name string) string {
	v := m.find(name)
	switch {
	case v == nil:
	case m.route.fixed != nil:
		s, _ := m.route.fixed[v.index].(string)
		return s
	case v.kind == kindStr || v.kind == kindPath:
		return v.text(m.values)
	}
	return ""
}

// Int returns the variable called name, if it is an int64.
func (m Match) Int(name string) int64 {
	v := m.find(name)
	switch {
	case v == nil:
	case m.route.fixed != nil:
		n, _ := m.route.fixed[v.index].(int64)
		return n
	case v.kind == kindInt:
		n, _ := parseInt(v.text(m.values))
		return n
	}
	return 0
}

// Float returns the variable called name, if it is a float64.
func (m Match) Float(name string) float64 {
	v := m.find(name)
	switch {
	case v == nil:
	case m.route.fixed != nil:
		x, _ := m.route.fixed[v.index].(float64)
		return x
	case v.kind == kindFloat:
		x, _ := parseFloat(v.text(m.values))
		return x
	}
	return 0
}

// Time returns the variable called name, if it is a [time.Time].
func (m Match) Time(name string) time.Time {
	v := m.find(name)
	switch {
	case v == nil:
	case m.route.fixed != nil:
		t, _ := m.route.fixed[v.index].(time.Time)
		return t
	case v.kind == kindDatetime:
		t, _ := v.format.parse(v.text(m.values))
		return t
	}
	return time.Time{}
}

// All yields the names and the values, as [Match.Get] returns them, from left to
// right. It may be used any number of times.
func (m Match) All() iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		if m.route == nil {
			return
		}
		for i := range m.route.variables {
			v := &m.route.variables[i]
			if !yield(v.name, m.value(v)) {
				return
			}
		}
	}
}

func (m Match) find(name string) *variable {
	if m.route == nil {
		return nil
	}
	return m.route.variable(name)
}

func (m Match) value(v *variable) any {
	if m.route.fixed != nil {
		return m.route.fixed[v.index]
	}
	// The route has matched, so that the conversions cannot fail here.
	text := v.text(m.values)
	switch v.kind {
	case kindInt:
		n, _ := parseInt(text)
		return n
	case kindFloat:
		x, _ := parseFloat(text)
		return x
	case kindDatetime:
		t, _ := v.format.parse(text)
		return t
	case kindLiteral, kindStr, kindPath:
	}
	return text
}
