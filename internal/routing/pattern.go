package routing

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A kind says what a segment of a pattern accepts. The order of the constants
// is the order of specificity: of two routes that fit a path, the one whose
// first differing segment has the smaller kind wins.
type kind uint8

const (
	kindLiteral  kind = iota // the text itself
	kindDatetime             // time.Time: RFC 3339, or a strptime format
	kindInt                  // int64: ASCII decimal, with an optional sign
	kindFloat                // float64: ASCII decimal, with an optional exponent
	kindStr                  // string: one segment that is not empty
	kindPath                 // string: the rest of the path, which may be empty
)

// kindOf gives the kind that a pattern calls name.
func kindOf(name string) (kind, bool) {
	switch name {
	case "datetime":
		return kindDatetime, true
	case "int":
		return kindInt, true
	case "float":
		return kindFloat, true
	case "str":
		return kindStr, true
	case "path":
		return kindPath, true
	}
	return kindLiteral, false
}

// maxVariables bounds the variables of one pattern, because the tree counts
// them in a byte.
const maxVariables = 100

// A segment is what stands between two slashes of a pattern.
type segment struct {
	kind   kind
	text   string          // a literal's text, a variable's name
	format *datetimeFormat // a datetime's, nil for RFC 3339
	wild   bool            // a tree has a wildcard here
}

// accepts reports whether text, a whole segment of a path, fits the segment.
func (s *segment) accepts(text string) bool {
	switch s.kind {
	case kindLiteral:
		return text == s.text
	case kindStr:
		return text != ""
	case kindInt:
		_, ok := parseInt(text)
		return ok
	case kindFloat:
		_, ok := parseFloat(text)
		return ok
	case kindDatetime:
		_, ok := s.format.parse(text)
		return ok
	case kindPath:
	}
	return true
}

// A Pattern is a parsed path pattern. It never changes once parsed. The zero
// value is no pattern: [Parse] makes one.
type Pattern struct {
	text     string
	segments []segment // the text between the slashes, after the first slash
}

// Parse parses a path pattern. Its error names the fault only: the caller adds
// the pattern.
func Parse(text string) (Pattern, error) {
	if !strings.HasPrefix(text, "/") {
		return Pattern{}, errors.New("it does not begin with a slash")
	}
	parts := strings.Split(text[1:], "/")
	p := Pattern{text: text, segments: make([]segment, 0, len(parts))}
	for i, part := range parts {
		s, err := parseSegment(part)
		switch {
		case err != nil:
			return Pattern{}, err
		case s.kind == kindPath && i < len(parts)-1:
			return Pattern{}, fmt.Errorf("%s is not at the end", part)
		case s.kind != kindLiteral && p.variable(s.text) != nil:
			return Pattern{}, fmt.Errorf("the variable %q is there twice", s.text)
		}
		p.segments = append(p.segments, s)
	}
	if p.wildcards() > maxVariables {
		return Pattern{}, fmt.Errorf("it has more than %d variables", maxVariables)
	}
	return p, nil
}

// below is the pattern of the paths below those of p. The rest has no name, which
// no variable of p can have.
func (p Pattern) below() Pattern {
	rest := segment{kind: kindPath, wild: true}
	return Pattern{text: p.text + "/{:path}", segments: append(slices.Clone(p.segments), rest)}
}

// HasRest reports whether p ends with a variable that takes the rest of a path.
func (p Pattern) HasRest() bool {
	return len(p.segments) > 0 && p.segments[len(p.segments)-1].kind == kindPath
}

// wildcards counts those of the pattern in the tree.
func (p Pattern) wildcards() int {
	count := 0
	for i := range p.segments {
		if p.segments[i].wild {
			count++
		}
	}
	return count
}

func parseSegment(part string) (segment, error) {
	if !strings.ContainsAny(part, "{}") {
		// A tree takes these characters for its own.
		return segment{kind: kindLiteral, text: part, wild: strings.ContainsAny(part, ":*")}, nil
	}
	inner, opened := strings.CutPrefix(part, "{")
	inner, closed := strings.CutSuffix(inner, "}")
	if !opened || !closed || strings.ContainsAny(inner, "{}") {
		return segment{}, fmt.Errorf("%q is neither a literal nor one whole {variable} between slashes", part)
	}
	name, rest, typed := strings.Cut(inner, ":")
	if name == "" {
		return segment{}, fmt.Errorf("%s has no name", part)
	}
	if !typed {
		return segment{kind: kindStr, text: name, wild: true}, nil
	}
	// Only the first colon ends the type: a format may hold further ones.
	typeName, format, _ := strings.Cut(rest, ":")
	k, known := kindOf(typeName)
	if !known {
		return segment{}, fmt.Errorf("%s has the unknown type %q (known: str, int, float, datetime, path)", part, typeName)
	}
	s := segment{kind: k, text: name, wild: true}
	// The original ignores a format that its type has no use for; so do we.
	if k != kindDatetime || format == "" {
		return s, nil
	}
	f, err := newDatetimeFormat(format)
	if err != nil {
		return segment{}, fmt.Errorf("%s: %w", part, err)
	}
	s.format = f
	return s, nil
}

// variable gives the segment of the variable called name, nil if there is none.
func (p Pattern) variable(name string) *segment {
	for i := range p.segments {
		if s := &p.segments[i]; s.kind != kindLiteral && s.text == name {
			return s
		}
	}
	return nil
}

// literals counts the segments before the first variable.
func (p Pattern) literals() int {
	for i := range p.segments {
		if p.segments[i].kind != kindLiteral {
			return i
		}
	}
	return len(p.segments)
}

// literal reports whether p has no variables.
func (p Pattern) literal() bool { return p.literals() == len(p.segments) }

// shape is the same for two patterns if and only if they are one route given
// twice: the names of variables are left out. Literals hold no braces, so that
// the two cannot be confused.
func (p Pattern) shape() string {
	var b strings.Builder
	b.Grow(len(p.text))
	for i := range p.segments {
		s := &p.segments[i]
		b.WriteByte('/')
		switch {
		case s.kind == kindLiteral:
			b.WriteString(s.text)
		case s.format != nil:
			b.WriteString("{1:" + s.format.text + "}")
		default:
			b.WriteString("{" + string('0'+s.kind) + "}")
		}
	}
	return b.String()
}

// compare orders p before q (negative) if p is more specific: segment by
// segment from the left. Patterns that it calls equal differ in literals, and
// then no path fits both, or in formats only.
func (p Pattern) compare(q Pattern) int {
	return slices.CompareFunc(p.segments, q.segments, func(a, b segment) int {
		return int(a.kind) - int(b.kind)
	})
}
