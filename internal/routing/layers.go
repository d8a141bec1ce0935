package routing

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
	var placed overlaps
	for _, r := range routes {
		at := placed.last(r.pattern)
		for at < len(layers) && !layers[at].accepts(r.pattern) {
			at++
		}
		if at == len(layers) {
			layers = append(layers, new(plan))
		}
		layers[at].add(r)
		placed.add(r.pattern, at)
	}
	return layers
}

// A plan is what one layer will hold.
type plan struct {
	root   place
	leaves []*leaf // in the order in which they were added
}

// A place is where a segment of a path begins in a tree. It has literals, one
// wildcard, or a tail, but never two of them.
type place struct {
	literals children[place]
	wildcard *place
	tail     *leaf
	end      *leaf // of the path that ends before this place
}

// accepts reports whether the tree can hold the pattern beside what it holds.
func (l *plan) accepts(p Pattern) bool {
	at := &l.root
	for i := range p.segments {
		s := &p.segments[i]
		literal, wildcard := at.literals.count() > 0, at.wildcard != nil
		switch {
		case s.kind == kindPath:
			return !literal && !wildcard
		case s.wild && (literal || at.tail != nil), !s.wild && (wildcard || at.tail != nil):
			return false
		}
		if at = at.next(s); at == nil {
			return true
		}
	}
	return true
}

func (l *plan) add(r *route) {
	at := &l.root
	for i := range r.pattern.segments {
		s := &r.pattern.segments[i]
		if s.kind == kindPath {
			l.addTo(&at.tail, r)
			return
		}
		at = at.extend(s)
	}
	l.addTo(&at.end, r)
}

func (l *plan) addTo(end **leaf, r *route) {
	if *end == nil {
		*end = new(leaf)
		l.leaves = append(l.leaves, *end)
	}
	(*end).routes = append((*end).routes, r)
}

// next is the place after a segment, nil if nothing is there yet.
func (p *place) next(s *segment) *place {
	if s.wild {
		return p.wildcard
	}
	return p.literals.get(s.text)
}

func (p *place) extend(s *segment) *place {
	if next := p.next(s); next != nil {
		return next
	}
	next := new(place)
	if s.wild {
		p.wildcard = next
		return next
	}
	p.literals.put(s.text, next)
	return next
}
