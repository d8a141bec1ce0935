package routing

import "strings"

// A table has the routes of one method. It never changes once made.
type table struct {
	method   string
	literals map[string]*route // routes without variables always win
	lengths  uint64            // a bit for the length of each literal, modulo its size
	layers   []tree
}

func newTable(method string, routes []*route) *table {
	t := &table{method: method, literals: make(map[string]*route)}
	var variable []*route
	for _, r := range routes {
		if r.pattern.literal() {
			t.literals[r.pattern.text] = r
			t.lengths |= lengthBit(r.pattern.text)
		} else {
			variable = append(variable, r)
		}
	}
	for _, p := range arrange(variable) {
		t.layers = append(t.layers, newTree(p))
	}
	return t
}

// find returns the route that path leads to, nil if there is none.
func (t *table) find(path string) (*route, pathValues) {
	if t.lengths&lengthBit(path) != 0 {
		if found := t.literals[path]; found != nil {
			return found, nil
		}
	}
	if !strings.HasPrefix(path, "/") {
		return nil, nil // the trees take the slash for granted
	}
	for i := range t.layers {
		if found, values := t.layers[i].find(path); found != nil {
			return found, values
		}
	}
	return nil, nil
}

// lengthBit is a path's bit in a table's lengths: most paths need not be hashed
// to know that they are no literal.
func lengthBit(path string) uint64 { return 1 << (len(path) % 64) }
