package bare_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/bare-go/bare"
)

// marked returns a handler that writes its number.
func marked(into *int, number int) bare.HttpHandler {
	return func(*bare.HttpRequest) bare.HttpResponse {
		*into = number
		return bare.HttpResponse{}
	}
}

// resolveAmong adds the patterns in their order and returns the one that a GET of
// path goes to, "" for none.
func resolveAmong(t *testing.T, patterns []string, path string) string {
	t.Helper()
	router := bare.NewHttpRouter()
	found := -1
	for i, pattern := range patterns {
		router.Add(bare.Methods{"GET"}, pattern, marked(&found, i))
	}
	handler, matches := router.Resolve("GET", path)
	if handler == nil {
		return ""
	}
	handler(nil)
	if matches.Route() != patterns[found] {
		t.Errorf("Matches.Route() = %q, but the handler is that of %q", matches.Route(), patterns[found])
	}
	return patterns[found]
}

func TestTheMostSpecificRouteWinsWhateverTheOrder(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		patterns []string // from the most specific
		path     string
		want     string
	}{
		{"a literal before a variable", []string{"/a/b", "/a/{x}"}, "/a/b", "/a/b"},
		{"an int before a float before a str", []string{"/{i:int}", "/{f:float}", "/{s}"}, "/1", "/{i:int}"},
		{"a float where no int fits", []string{"/{i:int}", "/{f:float}", "/{s}"}, "/1.5", "/{f:float}"},
		{"a str where no number fits", []string{"/{i:int}", "/{f:float}", "/{s}"}, "/x", "/{s}"},
		{"a datetime first", []string{"/{d:datetime:%Y}", "/{i:int}"}, "/2026", "/{d:datetime:%Y}"},
		{"a path last", []string{"/{s}", "/{p:path}"}, "/x", "/{s}"},
		{"a path for what is deeper", []string{"/{s}", "/{p:path}"}, "/x/y", "/{p:path}"},
		{
			"a layer never comes before one with a more specific route",
			[]string{"/{i:int}/{j:int}", "/{s}/a/a", "/{s}/{t}/{u}"},
			"/a/a/a", "/{s}/a/a",
		},
		{"the left counts more than the right", []string{"/a/{x}/{y}", "/{x}/b/c"}, "/a/b/c", "/a/{x}/{y}"},
		{"a literal with a colon", []string{"/{x}/a:b", "/{x}/{y}"}, "/1/a:b", "/{x}/a:b"},
		{"a literal with a star", []string{"/{x}/*", "/{x}/{y}"}, "/1/*", "/{x}/*"},
		{"no wildcard is empty in the middle", []string{"/{x}/b"}, "//b", ""},
		{"no trailing slash is made up", []string{"/a/{x}"}, "/a/1/", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for _, patterns := range permutations(test.patterns) {
				if got := resolveAmong(t, patterns, test.path); got != test.want {
					t.Errorf("among %q, %q went to %q, want %q", patterns, test.path, got, test.want)
				}
			}
		})
	}
}

func permutations(items []string) [][]string {
	if len(items) < 2 {
		return [][]string{items}
	}
	var all [][]string
	for i := range items {
		rest := slices.Concat(items[:i], items[i+1:])
		for _, tail := range permutations(rest) {
			all = append(all, append([]string{items[i]}, tail...))
		}
	}
	return all
}

func TestDatetimesOfTwoFormatsAreTriedInTheOrderOfRegistration(t *testing.T) {
	t.Parallel()
	american, european := "/{d:datetime:%m-%d-%Y}", "/{d:datetime:%d-%m-%Y}"
	for _, patterns := range [][]string{{american, european}, {european, american}} {
		if got := resolveAmong(t, patterns, "/02-03-2026"); got != patterns[0] {
			t.Errorf("among %q, the path went to %q, want the first", patterns, got)
		}
		if got := resolveAmong(t, patterns, "/31-01-2026"); got != european {
			t.Errorf("among %q, the path went to %q, want the one that reads it", patterns, got)
		}
	}
}

func TestAddPanicsAndNamesThePatternAndTheFault(t *testing.T) {
	t.Parallel()
	ok := func(*bare.HttpRequest) bare.HttpResponse { return bare.HttpResponse{} }
	tests := []struct {
		name    string
		methods bare.Methods
		path    string
		handler bare.HttpHandler
		want    string
	}{
		{"a nil handler", bare.Methods{"GET"}, "/new", nil, `bare: the route "/new": the handler is nil`},
		{"no method", nil, "/new", ok, `bare: the route "/new": there is no method`},
		{"a method that is no token", bare.Methods{"G T"}, "/new", ok, `bare: the route "/new": the method "G T" is no token`},
		{"a method given twice", bare.Methods{"GET", "GET"}, "/new", ok, `bare: the route "/new": GET is there already`},
		{"an unknown type", bare.Methods{"GET"}, "/{x:uuid}", ok, `bare: the route "/{x:uuid}": {x:uuid} has the unknown type "uuid" (known: str, int, float, datetime, path)`},
		{"no slash", bare.Methods{"GET"}, "new", ok, `bare: the route "new": it does not begin with a slash`},
		{"the same route", bare.Methods{"GET"}, "/old/{id}", ok, `bare: the route "/old/{id}": GET is there already`},
		{
			"the same route under another name",
			bare.Methods{"POST", "GET"},
			"/old/{name:str}", ok,
			`bare: the route "/old/{name:str}": GET is there already, as "/old/{id}"`,
		},
		{"more variables than a tree can count", bare.Methods{"GET"}, manyVariables(101), ok, "has more than 100 variables"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			router := bare.NewHttpRouter()
			router.Add(bare.Methods{"GET"}, "/old/{id}", ok)
			got := addRoute(router, test.methods, test.path, test.handler)
			if !strings.HasPrefix(got, "bare: ") || !strings.Contains(got, test.want) {
				t.Errorf("Add panicked with %q, want %q", got, test.want)
			}
			if handler, _ := router.Resolve("POST", "/old/x"); handler != nil {
				t.Error("a route that was refused was added for its first method")
			}
		})
	}
}

func manyVariables(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "/{v%d}", i)
	}
	return b.String()
}

func TestResolveIsStrictAboutTheMethodAndAllowedListsThemSorted(t *testing.T) {
	t.Parallel()
	router := bare.NewHttpRouter()
	ok := func(*bare.HttpRequest) bare.HttpResponse { return bare.HttpResponse{} }
	router.Add(bare.Methods{"PUT", "GET"}, "/items/{id:int}", ok)
	router.Add(bare.Methods{"DELETE"}, "/items/{name}", ok)
	if handler, _ := router.Resolve("HEAD", "/items/1"); handler != nil {
		t.Error("HEAD was resolved by the router: it is the application's part")
	}
	for path, want := range map[string]bare.Methods{
		"/items/1": {"DELETE", "GET", "PUT"}, "/items/x": {"DELETE"}, "/items": nil, "": nil, "*": nil,
	} {
		if got := router.Allowed(path); !slices.Equal(got, want) {
			t.Errorf("Allowed(%q) = %q, want %q", path, got, want)
		}
	}
}

func TestARouteAddedAfterALookupIsFound(t *testing.T) {
	t.Parallel()
	router := bare.NewHttpRouter()
	found := 0
	router.Add(bare.Methods{"GET"}, "/{x}", marked(&found, 1))
	router.Resolve("GET", "/a")
	router.Add(bare.Methods{"GET"}, "/{i:int}", marked(&found, 2))
	handler, matches := router.Resolve("GET", "/5")
	if handler(nil); found != 2 || matches.Int("i") != 5 {
		t.Errorf("route %d with %d, want 2 with 5", found, matches.Int("i"))
	}
}

func TestRouterIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	router := bare.NewHttpRouter()
	ok := func(*bare.HttpRequest) bare.HttpResponse { return bare.HttpResponse{} }
	router.Add(bare.Methods{"GET"}, "/items/{id:int}/{name}", ok)
	done := make(chan bool)
	for i := range 4 {
		go func() {
			defer func() { done <- true }()
			router.Add(bare.Methods{"GET"}, fmt.Sprintf("/other/%d", i), ok)
			for n := range int64(200) {
				if _, m := router.Resolve("GET", fmt.Sprintf("/items/%d/x", n)); m.Int("id") != n || m.String("name") != "x" {
					t.Errorf("item %d has the id %d", n, m.Int("id"))
				}
			}
		}()
	}
	for range 4 {
		<-done
	}
}

func TestLiteralLookupAllocatesNothing(t *testing.T) {
	router := bare.NewHttpRouter()
	router.Add(bare.Methods{"GET"}, "/a/literal/path", func(*bare.HttpRequest) bare.HttpResponse { return bare.HttpResponse{} })
	if allocs := testing.AllocsPerRun(100, func() { router.Resolve("GET", "/a/literal/path") }); allocs != 0 {
		t.Errorf("%v allocations a look-up, want none", allocs)
	}
}

// The alphabet of the random routes and paths: small, so that they collide.
var (
	patternParts = []string{"a", "b", "", "1", "a:b", "*", "{i:int}", "{f:float}", "{s}", "{d:datetime:%Y}", "{p:path}"}
	pathParts    = []string{"a", "b", "", "1", "1.5", "a:b", "*", "2026", "x"}
)

func randomPattern(random *rand.Rand) string {
	var b strings.Builder
	for i := range 1 + random.IntN(4) {
		part := patternParts[random.IntN(len(patternParts))]
		b.WriteString("/" + strings.ReplaceAll(part, "{", fmt.Sprintf("{v%d", i)))
		if strings.HasSuffix(part, ":path}") {
			break
		}
	}
	return b.String()
}

func randomPath(random *rand.Rand) string {
	var b strings.Builder
	for range 1 + random.IntN(4) {
		b.WriteString("/" + pathParts[random.IntN(len(pathParts))])
	}
	return b.String()
}

// FuzzRouter holds the router against a slow, obvious matcher.
func FuzzRouter(f *testing.F) {
	for seed := range uint64(400) {
		f.Add(seed, seed*7+1)
	}
	f.Fuzz(func(t *testing.T, seed, other uint64) {
		random := rand.New(rand.NewPCG(seed, other))
		router := bare.NewHttpRouter()
		var added []string
		found := -1
		for range 2 + random.IntN(9) {
			pattern := randomPattern(random)
			if addRoute(router, bare.Methods{"GET"}, pattern, marked(&found, len(added))) == "" {
				added = append(added, pattern)
			}
		}
		for range 20 {
			path := randomPath(random)
			found = -1
			handler, matches := router.Resolve("GET", path)
			if handler != nil {
				handler(nil)
			}
			if want := slowMatch(added, path); found != want {
				t.Fatalf("among %q, %q went to %d, want %d", added, path, found, want)
			}
			if found >= 0 && matches.Route() != added[found] {
				t.Fatalf("Route() = %q, want %q", matches.Route(), added[found])
			}
		}
	})
}

// FuzzPath looks up whatever comes.
func FuzzPath(f *testing.F) {
	router := bare.NewHttpRouter()
	ok := func(*bare.HttpRequest) bare.HttpResponse { return bare.HttpResponse{} }
	for _, pattern := range []string{"/", "/a/{i:int}/b", "/a/{s}/{t}", "/{d:datetime}", "/files/{rest:path}", "/{x}/a:b", "/é/{f:float}"} {
		router.Add(bare.Methods{"GET"}, pattern, ok)
	}
	for _, path := range []string{"", "*", "/", "//", "/a/1/b", "/files/", "/files/a/b", "/\xff", "/é/1e5", "/2026-11-21T00:00:00Z"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		handler, matches := router.Resolve("GET", path)
		if (handler == nil) != (matches.Route() == "") {
			t.Errorf("%q has a handler: %t, but the route %q", path, handler != nil, matches.Route())
		}
		if allowed := router.Allowed(path); (len(allowed) > 0) != (handler != nil) {
			t.Errorf("Allowed(%q) = %q", path, allowed)
		}
	})
}

// FuzzPattern adds whatever comes: it is refused with a word, or found again.
func FuzzPattern(f *testing.F) {
	for _, pattern := range []string{"/", "/a", "/{x}", "/{x:int}/", "/{d:datetime:%H:%M}", "/{r:path}", "/{", "/}", "{x}", "/{x}{y}", "/{:int}", "/a\x00b", "/{d:datetime:%}"} {
		f.Add(pattern)
	}
	f.Fuzz(func(t *testing.T, pattern string) {
		router := bare.NewHttpRouter()
		ok := func(*bare.HttpRequest) bare.HttpResponse { return bare.HttpResponse{} }
		if fault := addRoute(router, bare.Methods{"GET"}, pattern, ok); fault != "" {
			if !strings.HasPrefix(fault, "bare: the route ") {
				t.Errorf("%q: %s", pattern, fault)
			}
			return
		}
		if strings.Contains(pattern, "{") {
			router.Resolve("GET", pattern)
		} else if handler, _ := router.Resolve("GET", pattern); handler == nil {
			t.Errorf("the literal %q does not match itself", pattern)
		}
		if fault := addRoute(router, bare.Methods{"GET"}, pattern, ok); fault == "" {
			t.Errorf("%q was added twice", pattern)
		}
	})
}
