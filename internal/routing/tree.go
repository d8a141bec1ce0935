package routing

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/julienschmidt/httprouter"
)

// A tree is one layer of a table, as httprouter has it.
type tree struct {
	router *httprouter.Router
	leaves []*leaf
}

// pathValues are the texts of a tree's wildcards, from left to right. They belong
// to one look-up.
type pathValues = httprouter.Params

// treeMethod is the one method of a tree: a table has its own already.
const treeMethod = http.MethodGet

// newTree plants the tree. A handle has no way to return anything but its
// parameters: it writes the number of its leaf into the first one's key, which
// nobody needs, as a route knows the names of its variables. So a look-up
// allocates nothing more than the tree does.
func newTree(p *plan) tree {
	t := tree{router: httprouter.New(), leaves: p.leaves}
	numbers := leafNumbers(len(p.leaves))
	for i, end := range p.leaves {
		number := numbers[i*numberSize : (i+1)*numberSize]
		t.router.Handle(treeMethod, end.routes[0].pattern.tree(), func(_ http.ResponseWriter, _ *http.Request, values httprouter.Params) {
			values[0].Key = number
		})
	}
	return t
}

// numberSize is how many bytes a leaf's number has.
const numberSize = 3

// leafNumbers has the numbers from 0 to n-1, one after the other: one text for
// all of them.
func leafNumbers(n int) string {
	var b strings.Builder
	b.Grow(n * numberSize)
	for i := range n {
		b.Write([]byte{byte(i), byte(i >> 8), byte(i >> 16)})
	}
	return b.String()
}

// find returns the route that path leads to, nil if there is none.
func (t *tree) find(path string) (*route, pathValues) {
	handle, values, _ := t.router.Lookup(treeMethod, path)
	if handle == nil {
		return nil, nil
	}
	handle(nil, nil, values)
	number := values[0].Key
	return t.leaves[int(number[0])|int(number[1])<<8|int(number[2])<<16].match(values), values
}

// tree is the pattern in the tree's syntax. A wildcard's name is its place, so
// that routes which differ in names only share a leaf.
func (p Pattern) tree() string {
	var b strings.Builder
	b.Grow(len(p.text))
	for i := range p.segments {
		s := &p.segments[i]
		b.WriteByte('/')
		switch {
		case s.kind == kindPath:
			b.WriteString("*" + strconv.Itoa(i))
		case s.wild:
			b.WriteString(":" + strconv.Itoa(i))
		default:
			b.WriteString(s.text)
		}
	}
	return b.String()
}
