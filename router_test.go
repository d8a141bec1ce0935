package bare_test

import (
	"fmt"
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
