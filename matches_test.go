package bare_test

import (
	"maps"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/bare-go/bare"
)

var (
	inUTC     = time.Date(2001, time.December, 31, 0, 0, 0, 0, time.UTC)
	allOfKind = map[string]any{"s": "text", "i": int64(-42), "x": 1.5, "d": inUTC, "r": "a//b/"}
)

func resolved(t *testing.T) bare.Matches {
	t.Helper()
	router := newRouter("/a:b/{s}/{i:int}/{x:float}/{d:datetime:%Y-%m-%d}/{r:path}")
	handler, matches := router.Resolve("GET", "/a:b/text/-42/1.5/2001-12-31/a//b/")
	if handler == nil {
		t.Fatal("no match")
	}
	return matches
}

func TestMatchesHaveTheTypesOfTheirVariables(t *testing.T) {
	t.Parallel()
	for name, matches := range map[string]bare.Matches{
		"from a path":       resolved(t),
		"from NewMatches":   bare.NewMatches("s", "text", "i", -42, "x", 1.5, "d", inUTC, "r", "a//b/"),
		"from other widths": bare.NewMatches("s", "text", "i", int8(-42), "x", float32(1.5), "d", inUTC, "r", "a//b/"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := maps.Collect(matches.All()); !reflect.DeepEqual(got, allOfKind) {
				t.Errorf("All: got %v, want %v", got, allOfKind)
			}
			for variable, want := range allOfKind {
				if got := matches.Get(variable); got != want {
					t.Errorf("Get(%q): got %#v, want %#v", variable, got, want)
				}
				// Each typed method has a value for its own type, and zero for others.
				wantString, _ := want.(string)
				wantInt, _ := want.(int64)
				wantFloat, _ := want.(float64)
				wantTime, _ := want.(time.Time)
				if got := matches.String(variable); got != wantString {
					t.Errorf("String(%q): got %q, want %q", variable, got, wantString)
				}
				if got := matches.Int(variable); got != wantInt {
					t.Errorf("Int(%q): got %d, want %d", variable, got, wantInt)
				}
				if got := matches.Float(variable); got != wantFloat {
					t.Errorf("Float(%q): got %v, want %v", variable, got, wantFloat)
				}
				if got := matches.Time(variable); !got.Equal(wantTime) {
					t.Errorf("Time(%q): got %v, want %v", variable, got, wantTime)
				}
			}
		})
	}
}

func TestAMissingNameGivesTheZeroValue(t *testing.T) {
	t.Parallel()
	for name, matches := range map[string]bare.Matches{
		"the zero Matches":  {},
		"no pairs":          bare.NewMatches(),
		"another name":      bare.NewMatches("a", 1),
		"a route's matches": resolved(t),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := matches.Get("none"); got != nil {
				t.Errorf("Get: got %v, want nil", got)
			}
			if got := matches.String("none"); got != "" {
				t.Errorf("String: got %q", got)
			}
			if got := matches.Int("none"); got != 0 {
				t.Errorf("Int: got %d", got)
			}
			if got := matches.Float("none"); got != 0 {
				t.Errorf("Float: got %v", got)
			}
			if got := matches.Time("none"); !got.IsZero() {
				t.Errorf("Time: got %v", got)
			}
		})
	}
}

func TestRouteIsThePatternAsItWasAdded(t *testing.T) {
	t.Parallel()
	if got, want := resolved(t).Route(), "/a:b/{s}/{i:int}/{x:float}/{d:datetime:%Y-%m-%d}/{r:path}"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	_, literal := newRouter("/a").Resolve("GET", "/a")
	if got, want := literal.Route(), "/a"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	_, none := newRouter("/a").Resolve("GET", "/b")
	if got := none.Route() + bare.NewMatches("a", 1).Route(); got != "" {
		t.Errorf("got %q, want none", got)
	}
}

func TestNewMatchesRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault string
		pairs []any
	}{
		"a name without a value":     {"has no value", []any{"a"}},
		"a name that is no string":   {"the name 1 is no string", []any{1, "a"}},
		"a name that is there twice": {`the name "a" is there twice`, []any{"a", 1, "a", 2}},
		"an integer beyond int64":    {`"a" is beyond int64`, []any{"a", uint64(math.MaxUint64)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			defer func() {
				got, _ := recover().(string)
				if !strings.HasPrefix(got, "bare: NewMatches: ") || !strings.Contains(got, test.fault) {
					t.Errorf("got the panic %q, want bare: ...%s", got, test.fault)
				}
			}()
			bare.NewMatches(test.pairs...)
		})
	}
}

// newRouter adds the patterns under GET.
func newRouter(patterns ...string) bare.HttpRouter {
	router := bare.NewHttpRouter()
	for _, pattern := range patterns {
		router.Add(bare.Methods{"GET"}, pattern, empty)
	}
	return router
}
