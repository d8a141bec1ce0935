package routing

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// add adds a pattern under GET.
func add(router *Router[int], pattern string, handler int) error {
	p, err := Parse(pattern)
	if err != nil {
		return err
	}
	return router.Add([]string{"GET"}, p, handler)
}

// routerOf has the patterns under GET. Their handlers are their numbers.
func routerOf(tb testing.TB, patterns ...string) *Router[int] {
	tb.Helper()
	router := new(Router[int])
	for i, pattern := range patterns {
		if err := add(router, pattern, i); err != nil {
			tb.Fatalf("%s: %v", pattern, err)
		}
	}
	return router
}

// resolveAmong adds the patterns in their order and returns the one that a GET of
// path goes to, "" for none.
func resolveAmong(t *testing.T, patterns []string, path string) string {
	t.Helper()
	found, match, ok := routerOf(t, patterns...).Resolve("GET", path)
	if !ok {
		return ""
	}
	if match.Route() != patterns[found] {
		t.Errorf("Route() = %q, but the handler is that of %q", match.Route(), patterns[found])
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

func TestATableIsMadeAnewForItsMethodOnly(t *testing.T) {
	t.Parallel()
	router := routerOf(t, "/{x}")
	post, err := Parse("/{x}/{y}")
	if err != nil {
		t.Fatal(err)
	}
	router.Build()
	before := router.snapshot()
	if err := router.Add([]string{"POST"}, post, 1); err != nil {
		t.Fatal(err)
	}
	router.Build()
	after := router.snapshot()
	if len(after.tables) != 2 || after.tables[0] != before.tables[0] {
		t.Error("the table of GET was made anew, though a route for POST was added")
	}
	if router.snapshot() != after {
		t.Error("a look-up made the tables anew, though none was added")
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
		var router Router[int]
		var added []string
		for range 2 + random.IntN(9) {
			pattern := randomPattern(random)
			if add(&router, pattern, len(added)) == nil {
				added = append(added, pattern)
			}
		}
		for range 20 {
			path := randomPath(random)
			found, match, ok := router.Resolve("GET", path)
			if !ok {
				found = -1
			}
			if want := slowMatch(added, path); found != want {
				t.Fatalf("among %q, %q went to %d, want %d", added, path, found, want)
			}
			if found >= 0 && match.Route() != added[found] {
				t.Fatalf("Route() = %q, want %q", match.Route(), added[found])
			}
		}
	})
}

// FuzzPath looks up whatever comes.
func FuzzPath(f *testing.F) {
	router := routerOf(f, "/", "/a/{i:int}/b", "/a/{s}/{t}", "/{d:datetime}", "/files/{rest:path}", "/{x}/a:b", "/é/{f:float}")
	for _, path := range []string{"", "*", "/", "//", "/a/1/b", "/files/", "/files/a/b", "/\xff", "/é/1e5", "/2026-11-21T00:00:00Z"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		_, match, ok := router.Resolve("GET", path)
		if ok != (match.Route() != "") {
			t.Errorf("%q has a handler: %t, but the route %q", path, ok, match.Route())
		}
		if allowed := router.Allowed(path); (len(allowed) > 0) != ok {
			t.Errorf("Allowed(%q) = %q", path, allowed)
		}
	})
}
