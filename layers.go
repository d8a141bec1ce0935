package bare

import "slices"

// Httprouter refuses a literal and a variable at the same place. Routes that
// collide so go to further trees, the layers, which are tried in order. A path
// leads to one leaf of a tree at most, so that the order of the layers, and of
// the routes in a leaf, decides which route wins.

// A leaf is the end of one path in a tree, with the routes that are alike but for
// the types and names of their variables. The most specific comes first.
type leaf struct {
	routes []*route
}

// match returns the first route that the wildcards fit, or nil.
func (l *leaf) match(values pathValues) *route {
	for _, r := range l.routes {
		if r.fits(values) {
			return r
		}
	}
	return nil
}

// arrange distributes routes that have variables over layers. The most specific
// route wins, whatever the order in which they were added: they are taken by
// specificity, and each goes into the first layer that accepts it and does not
// come before one with a more specific route that fits a common path.
func arrange(routes []*route) []*plan {
	routes = slices.Clone(routes)
	slices.SortStableFunc(routes, func(a, b *route) int { return a.pattern.compare(b.pattern) })
	var layers []*plan
	placed := make([]int, len(routes))
	for i, r := range routes {
		at := 0
		for j, earlier := range routes[:i] {
			if placed[j] > at && earlier.pattern.overlaps(r.pattern) {
				at = placed[j]
			}
		}
		for at < len(layers) && !layers[at].accepts(r.pattern) {
			at++
		}
		if at == len(layers) {
			layers = append(layers, newPlan())
		}
		layers[at].add(r)
		placed[i] = at
	}
	return layers
}

// A plan is what one layer will hold.
type plan struct {
	root   *place
	leaves map[string]*leaf // by the path in the tree's own syntax
	paths  []string         // of the leaves, in the order in which they were added
}

// A place is where a segment of a path begins in a tree. It has literals, one
// wildcard, or a tail, but never two of them.
type place struct {
	literals map[string]*place
	wildcard *place
	tail     bool
}

func newPlan() *plan {
	return &plan{root: new(place), leaves: make(map[string]*leaf)}
}

// accepts reports whether the tree can hold the pattern beside what it holds.
func (l *plan) accepts(p pattern) bool {
	at := l.root
	for i := range p.segments {
		s := &p.segments[i]
		literal, wildcard := len(at.literals) > 0, at.wildcard != nil
		switch {
		case s.kind == kindPath:
			return !literal && !wildcard
		case s.wild() && (literal || at.tail), !s.wild() && (wildcard || at.tail):
			return false
		}
		if at = at.next(s); at == nil {
			return true
		}
	}
	return true
}

func (l *plan) add(r *route) {
	at := l.root
	for i := range r.pattern.segments {
		at = at.extend(&r.pattern.segments[i])
	}
	path := r.pattern.tree()
	end := l.leaves[path]
	if end == nil {
		end = new(leaf)
		l.leaves[path] = end
		l.paths = append(l.paths, path)
	}
	end.routes = append(end.routes, r)
}

// next is the place after a segment, nil if nothing is there yet.
func (p *place) next(s *segment) *place {
	if s.wild() {
		return p.wildcard
	}
	return p.literals[s.text]
}

func (p *place) extend(s *segment) *place {
	switch next := p.next(s); {
	case s.kind == kindPath:
		p.tail = true
		return p
	case next != nil:
		return next
	case s.wild():
		p.wildcard = new(place)
		return p.wildcard
	}
	if p.literals == nil {
		p.literals = make(map[string]*place)
	}
	p.literals[s.text] = new(place)
	return p.literals[s.text]
}
