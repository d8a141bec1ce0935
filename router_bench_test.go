package bare_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/julienschmidt/httprouter"

	"github.com/bare-go/bare"
)

func BenchmarkLookupLiteral(b *testing.B) {
	router := bare.NewHttpRouter()
	router.Add(bare.Methods{"GET"}, "/a/literal/path", func(*bare.HttpRequest) bare.HttpResponse { return bare.HttpResponse{} })
	b.ReportAllocs()
	for b.Loop() {
		if handler, _ := router.Resolve("GET", "/a/literal/path"); handler == nil {
			b.Fatal("not found")
		}
	}
}

func BenchmarkLookupVariable(b *testing.B) {
	b.Run("bare", func(b *testing.B) {
		router := bare.NewHttpRouter()
		router.Add(bare.Methods{"GET"}, "/users/{name}/posts/{id}", func(*bare.HttpRequest) bare.HttpResponse { return bare.HttpResponse{} })
		b.ReportAllocs()
		for b.Loop() {
			if _, m := router.Resolve("GET", "/users/fred/posts/42"); m.String("name") != "fred" {
				b.Fatal("not found")
			}
		}
	})
	b.Run("httprouter", func(b *testing.B) {
		router := httprouter.New()
		router.GET("/users/:name/posts/:id", func(http.ResponseWriter, *http.Request, httprouter.Params) {})
		b.ReportAllocs()
		for b.Loop() {
			if _, ps, _ := router.Lookup("GET", "/users/fred/posts/42"); ps.ByName("name") != "fred" {
				b.Fatal("not found")
			}
		}
	})
}

// BenchmarkMounts is a whole request without a body, to an application with mounts
// and to one without.
func BenchmarkMounts(b *testing.B) {
	for _, mounts := range [][]string{nil, {"/static", "/metrics", "/"}} {
		app := bare.NewApplication()
		for _, prefix := range mounts {
			app.Mount(prefix, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		}
		for _, pattern := range []string{"/a/literal/path", "/users/{name}/posts/{id}"} {
			app.OnHttpRequest(bare.Methods{"GET", "PUT", "DELETE"}, pattern, empty)
		}
		for _, path := range []string{"/a/literal/path", "/users/fred/posts/42", "/static/style.css"} {
			b.Run(fmt.Sprintf("%d mounts, %s", len(mounts), path), func(b *testing.B) {
				request, w := httptest.NewRequest(http.MethodGet, path, http.NoBody), httptest.NewRecorder()
				b.ReportAllocs()
				for b.Loop() {
					app.ServeHTTP(w, request)
				}
			})
		}
	}
}

func TestMatchesOfARouteWithATailAreItsRest(t *testing.T) {
	t.Parallel()
	router := bare.NewHttpRouter()
	found := 0
	router.Add(bare.Methods{"GET"}, "/files/{id:int}/{rest:path}", marked(&found, 1))
	for path, want := range map[string]string{"/files/7/": "", "/files/7/a/b.txt": "a/b.txt", "/files/7//": "/"} {
		_, m := router.Resolve("GET", path)
		if got := m.String("rest"); got != want || m.Int("id") != 7 {
			t.Errorf("%q: the rest is %q and the id %d, want %q and 7", path, got, m.Int("id"), want)
		}
	}
}

func TestMatchesGiveTheZeroValueForAnotherType(t *testing.T) {
	t.Parallel()
	m := bare.NewMatches("id", 42, "name", "fred", "share", float32(0.5))
	if m.Int("id") != 42 || m.String("name") != "fred" || m.Float("share") != 0.5 {
		t.Errorf("got %d, %q and %v", m.Int("id"), m.String("name"), m.Float("share"))
	}
	if m.String("id") != "" || m.Int("name") != 0 || m.Float("id") != 0 || !m.Time("id").IsZero() || m.Get("none") != nil {
		t.Error("a variable of another type, or none, has a value")
	}
	var names []string
	for name := range m.All() {
		names = append(names, name)
	}
	if got := strings.Join(names, " "); got != "id name share" || m.Route() != "" {
		t.Errorf("the names are %q, the route is %q", got, m.Route())
	}
	if (bare.Matches{}).Get("id") != nil || (bare.Matches{}).Int("id") != 0 {
		t.Error("the zero Matches has a value")
	}
}
