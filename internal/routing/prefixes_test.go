package routing

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// parsed parses a pattern that is right.
func parsed(t *testing.T, text string) Pattern {
	t.Helper()
	pattern, err := Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return pattern
}

// FuzzPrefixes holds prefixes against the slow, obvious matcher of routes: each is
// two of them.
func FuzzPrefixes(f *testing.F) {
	for seed := range uint64(200) {
		f.Add(seed, seed*7+1)
	}
	f.Fuzz(func(t *testing.T, seed, other uint64) {
		random := rand.New(rand.NewPCG(seed, other))
		var prefixes Prefixes[int]
		var routes []string
		for range 1 + random.IntN(6) {
			text := randomPattern(random)
			if _, err := Parse(text); err != nil || strings.HasSuffix(text, ":path}") {
				continue
			}
			prefixes.Add(parsed(t, text), len(routes)/2)
			routes = append(routes, text, text+"/{rest:path}")
		}
		for range 20 {
			path := randomPath(random)
			found, match, ok := prefixes.Find(path)
			want := slowMatch(routes, path)
			if ok != (want >= 0) || ok && found != want/2 {
				t.Fatalf("among %q, %q went to %d (%t), want route %d", routes, path, found, ok, want)
			}
			if match.Route() != "" {
				t.Fatalf("%q has the route %q, want none", path, match.Route())
			}
		}
	})
}

func TestAPrefixHasItsVariablesAndNoOthers(t *testing.T) {
	t.Parallel()
	var prefixes Prefixes[string]
	prefixes.Add(Pattern{}, "all")
	prefixes.Add(parsed(t, "/a:b/{id:int}/{name}"), "user")
	for _, path := range []string{"/a:b/7/fred", "/a:b/7/fred/", "/a:b/7/fred/x/y"} {
		found, match, _ := prefixes.Find(path)
		names := 0
		for range match.All() {
			names++
		}
		if found != "user" || match.Int("id") != 7 || match.String("name") != "fred" || names != 2 {
			t.Errorf("%s: %q with %d and %q of %d variables", path, found, match.Int("id"), match.String("name"), names)
		}
	}
	found, match, _ := prefixes.Find("/a:b/x/fred")
	for name := range match.All() {
		t.Errorf("the prefix of all paths has the variable %q", name)
	}
	if found != "all" {
		t.Errorf("found %q, want the prefix of all paths", found)
	}
}

// FuzzCompareRest holds the comparison with literals and a rest against that with
// their pattern.
func FuzzCompareRest(f *testing.F) {
	for seed := range uint64(400) {
		f.Add(seed, seed*7+1)
	}
	f.Fuzz(func(t *testing.T, seed, other uint64) {
		random := rand.New(rand.NewPCG(seed, other))
		var router Router[int]
		for i := range 2 + random.IntN(9) {
			_ = add(&router, randomPattern(random), i)
		}
		for range 20 {
			path := randomPath(random)
			_, match, ok := router.Resolve("GET", path)
			if !ok {
				continue
			}
			literals := random.IntN(strings.Count(path, "/") + 1)
			rest := parsed(t, strings.Join(strings.Split(path, "/")[:literals+1], "/")+"/{rest:path}")
			if got, want := match.CompareRest(literals), match.route.pattern.compare(rest); got < 0 != (want < 0) || got > 0 != (want > 0) {
				t.Fatalf("%q at %q compares to %q as %d, want the sign of %d", match.Route(), path, rest.text, got, want)
			}
			if match.Exact() != match.route.pattern.literal() {
				t.Fatalf("%q is exact: %t", match.Route(), match.Exact())
			}
		}
	})
}
