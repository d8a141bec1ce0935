package routing

// overlaps is an index of the patterns that have a layer: it finds the last layer
// with a pattern that has a path in common with another one, without comparing
// all of them. The zero value is empty.
type overlaps struct {
	root  junction
	reads map[reading]bool
}

// A reading is a question that comes again and again, and takes longer than the
// rest: whether a datetime reads a literal.
type reading struct {
	format, text string
}

// A junction is what follows one beginning of patterns.
type junction struct {
	end       int // the last layer of the patterns that end here
	tail      int // of those that go on with a path's rest
	below     int // of all that go on
	literals  children[junction]
	variables []branch // with different types or formats
	unions    []branch // what follows the literals that a variable accepts, in one
}

// A branch is a junction behind a variable.
type branch struct {
	segment *segment
	next    *junction
}

// last returns the last layer that holds a pattern which has a path in common
// with p; 0 if there is none. It may take two patterns for such that have none
// (two datetime formats, or a format and a number, are not compared); it never
// misses one.
func (o *overlaps) last(p Pattern) int { return o.after(0, &o.root, p.segments) }

// after returns the last layer that the segments ask for behind a junction, but
// at least at. What cannot lead beyond that is not visited: mostly the routes are
// in the first layers, and little need be.
func (o *overlaps) after(at int, j *junction, segments []segment) int {
	if len(segments) == 0 {
		return max(at, j.end)
	}
	s, rest := &segments[0], segments[1:]
	if j.below <= at || s.kind == kindPath {
		return max(at, j.below)
	}
	at = max(at, j.tail)
	for i := range j.variables {
		b := &j.variables[i]
		if b.next.later(at) && (s.kind != kindLiteral || o.accepts(b.segment, s.text)) {
			at = o.after(at, b.next, rest)
		}
	}
	switch {
	case s.kind == kindLiteral:
		if next := j.literals.get(s.text); next != nil {
			at = o.after(at, next, rest)
		}
	case j.literals.count() > manyLiterals:
		at = o.after(at, o.union(j, s), rest)
	default:
		j.literals.all(func(text string, next *junction) {
			if next.later(at) && o.accepts(s, text) {
				at = o.after(at, next, rest)
			}
		})
	}
	return at
}

// manyLiterals is how many literals may stand where a variable asks, before what
// follows them is put into a union. To walk all of them each time is quadratic:
// think of n routes /name/{x} and n routes /{x}/name.
const manyLiterals = 32

// union is what follows the literals that a variable accepts. It stays true: the
// patterns come by specificity, those with a literal before those with a variable
// in its place, so that nothing is added behind a literal where a variable asked.
func (o *overlaps) union(j *junction, variable *segment) *junction {
	if next := find(j.unions, variable); next != nil {
		return next
	}
	all := new(junction)
	j.literals.all(func(text string, next *junction) {
		if o.accepts(variable, text) {
			all.merge(next)
		}
	})
	j.unions = append(j.unions, branch{segment: variable, next: all})
	return all
}

// merge adds to a junction without unions what another one has.
func (j *junction) merge(other *junction) {
	j.end, j.tail, j.below = max(j.end, other.end), max(j.tail, other.tail), max(j.below, other.below)
	other.literals.all(func(text string, next *junction) { j.literal(text).merge(next) })
	for _, b := range other.variables {
		j.variable(b.segment).merge(b.next)
	}
}

// accepts is [segment.accepts], asked once.
func (o *overlaps) accepts(s *segment, text string) bool {
	if s.kind != kindDatetime || s.format == nil {
		return s.accepts(text)
	}
	asked := reading{s.format.text, text}
	answer, known := o.reads[asked]
	if !known {
		answer = s.accepts(text)
		if o.reads == nil {
			o.reads = make(map[reading]bool)
		}
		o.reads[asked] = answer
	}
	return answer
}

// later reports whether a junction leads to a layer after at.
func (j *junction) later(at int) bool { return j.end > at || j.below > at }

// add enters a pattern that has got its layer, and is no more specific than those
// before it. Those in the first layer need no entry: no route can come before it.
func (o *overlaps) add(p Pattern, layer int) {
	if layer == 0 {
		return
	}
	j := &o.root
	for i := range p.segments {
		s := &p.segments[i]
		j.below = max(j.below, layer)
		switch s.kind {
		case kindPath:
			j.tail = max(j.tail, layer)
			return
		case kindLiteral:
			j = j.literal(s.text)
		default:
			j = j.variable(s)
		}
	}
	j.end = max(j.end, layer)
}

// literal is the junction behind a literal.
func (j *junction) literal(text string) *junction {
	next := j.literals.get(text)
	if next == nil {
		next = new(junction)
		j.literals.put(text, next)
	}
	return next
}

// variable is the junction behind a variable.
func (j *junction) variable(s *segment) *junction {
	next := find(j.variables, s)
	if next == nil {
		next = new(junction)
		j.variables = append(j.variables, branch{segment: s, next: next})
	}
	return next
}

// find returns the junction behind a variable of the same type, nil if there is
// none.
func find(branches []branch, s *segment) *junction {
	for _, b := range branches {
		if b.segment.kind == s.kind && b.segment.format.same(s.format) {
			return b.next
		}
	}
	return nil
}
