package bare

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/julienschmidt/httprouter"
)

// Methods is a set of HTTP methods: tokens, in which case matters (RFC 9110,
// section 9.1).
type Methods []string

// An HttpRouter finds the handler for a method and a path. The one that
// [NewHttpRouter] makes is safe for concurrent use.
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

// NewHttpRouter returns a router without routes. A path pattern is made of
// segments between slashes, each a literal or a variable:
//
//	{name}  {name:str}     one segment that is not empty, a string
//	{name:int}             ASCII decimal digits with an optional sign, an int64
//	{name:float}           an ASCII decimal number, a float64
//	{name:datetime}        a time as in RFC 3339, a time.Time
//	{name:datetime:%Y-%m}  a time in a strptime format
//	{name:path}            the rest of the path, which may be empty; only at the end
//
// The most specific route wins, whatever the order in which they were added:
// segment by segment from the left, a literal comes before a datetime, an int, a
// float, a str and a path. A text that does not convert falls through to the next
// route. Two datetimes with different formats are tried in the order in which
// they were added. Slashes are never added, dropped or collapsed.
func NewHttpRouter() HttpRouter {
	return &router{routes: make(map[string]map[string]*route)}
}

// router keeps the routes as they were added, and a table for look-ups that is
// made anew, when it is needed, after one was added.
type router struct {
	built atomic.Pointer[[]*table]

	mutex  sync.Mutex
	routes map[string]map[string]*route // by method and shape
	order  map[string][]*route          // by method, as they were added
}

// pathValues are the texts of a tree's wildcards, from left to right. They belong
// to one look-up.
type pathValues = httprouter.Params

// A table has the routes of one method. It never changes once made.
type table struct {
	method   string
	literals map[string]*route // routes without variables always win
	lengths  uint64            // a bit for the length of each literal, modulo its size
	layers   []layer
}

type layer struct {
	tree   *httprouter.Router
	leaves []*leaf
}

// treeMethod is the one method of a layer's tree: a table has its own already.
const treeMethod = http.MethodGet

func (r *router) Add(methods Methods, path string, handler HttpHandler) {
	p, err := parsePattern(path)
	switch {
	case err != nil:
		refuse(path, err.Error())
	case handler == nil:
		refuse(path, "the handler is nil")
	case len(methods) == 0:
		refuse(path, "there is no method")
	case p.wildcards() > maxVariables:
		refuse(path, fmt.Sprintf("it has more than %d variables", maxVariables))
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	shape := p.shape()
	for i, method := range methods {
		if !isToken(method) {
			refuse(path, fmt.Sprintf("the method %q is no token", method))
		}
		if before := r.routes[method][shape]; before != nil || slices.Contains(methods[:i], method) {
			refuse(path, method+" is there already"+givenAs(before, path))
		}
	}
	added := newRoute(p, handler)
	for _, method := range methods {
		r.add(method, shape, added)
	}
	r.built.Store(nil)
}

func (r *router) add(method, shape string, added *route) {
	if r.routes[method] == nil {
		r.routes[method] = make(map[string]*route)
	}
	if r.order == nil {
		r.order = make(map[string][]*route)
	}
	r.routes[method][shape] = added
	r.order[method] = append(r.order[method], added)
}

func refuse(path, fault string) {
	panic("bare: the route " + strconv.Quote(path) + ": " + fault) //nolint:forbidigo // a programmer's error, at registration
}

// givenAs names the route that is there, where it is spelled in another way.
func givenAs(before *route, path string) string {
	if before == nil || before.pattern.text == path {
		return ""
	}
	return ", as " + strconv.Quote(before.pattern.text)
}

func (r *router) Resolve(method, path string) (HttpHandler, Matches) {
	t := findTable(r.tables(), method)
	if t == nil {
		return nil, Matches{}
	}
	if t.lengths&lengthBit(path) != 0 {
		if found := t.literals[path]; found != nil {
			return found.handler, Matches{route: found}
		}
	}
	if !strings.HasPrefix(path, "/") {
		return nil, Matches{} // the trees take the slash for granted
	}
	for i := range t.layers {
		if found, values := t.layers[i].find(path); found != nil {
			return found.handler, Matches{route: found, values: values}
		}
	}
	return nil, Matches{}
}

func (r *router) Allowed(path string) Methods {
	var allowed Methods
	for _, t := range r.tables() {
		if handler, _ := r.Resolve(t.method, path); handler != nil {
			allowed = append(allowed, t.method)
		}
	}
	slices.Sort(allowed)
	return allowed
}

// tables returns the tables of all methods, and makes them if routes were added.
func (r *router) tables() []*table {
	if built := r.built.Load(); built != nil {
		return *built
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	tables := make([]*table, 0, len(r.order))
	for method, routes := range r.order {
		tables = append(tables, newTable(method, routes))
	}
	slices.SortFunc(tables, func(a, b *table) int { return strings.Compare(a.method, b.method) })
	r.built.Store(&tables)
	return tables
}

// findTable finds a method's table. There are few: a loop beats a map.
func findTable(tables []*table, method string) *table {
	for _, t := range tables {
		if t.method == method {
			return t
		}
	}
	return nil
}

// lengthBit is a path's bit in a table's lengths: most paths need not be hashed
// to know that they are no literal.
func lengthBit(path string) uint64 { return 1 << (len(path) % 64) }

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
		t.layers = append(t.layers, newLayer(p))
	}
	return t
}

// newLayer plants the tree. A handle has no way to return anything but its
// parameters: it writes the number of its leaf into the first one's key, which
// nobody needs, as a route knows the names of its variables. So a look-up
// allocates nothing more than the tree does.
func newLayer(p *plan) layer {
	l := layer{tree: httprouter.New()}
	for i, path := range p.paths {
		number := string([]byte{byte(i), byte(i >> 8), byte(i >> 16)})
		l.tree.Handle(treeMethod, path, func(_ http.ResponseWriter, _ *http.Request, values httprouter.Params) {
			values[0].Key = number
		})
		l.leaves = append(l.leaves, p.leaves[path])
	}
	return l
}

// find returns the route that path leads to, nil if there is none.
func (l *layer) find(path string) (*route, pathValues) {
	handle, values, _ := l.tree.Lookup(treeMethod, path)
	if handle == nil {
		return nil, nil
	}
	handle(nil, nil, values)
	number := values[0].Key
	return l.leaves[int(number[0])|int(number[1])<<8|int(number[2])<<16].match(values), values
}

// tree is the pattern in the tree's syntax. A wildcard's name is its place, so
// that routes which differ in names only share a leaf.
func (p pattern) tree() string {
	var b strings.Builder
	for i := range p.segments {
		s := &p.segments[i]
		b.WriteByte('/')
		switch {
		case s.kind == kindPath:
			b.WriteString("*" + strconv.Itoa(i))
		case s.wild():
			b.WriteString(":" + strconv.Itoa(i))
		default:
			b.WriteString(s.text)
		}
	}
	return b.String()
}

// wildcards counts those of the pattern in the tree.
func (p pattern) wildcards() int {
	count := 0
	for i := range p.segments {
		if p.segments[i].wild() {
			count++
		}
	}
	return count
}
