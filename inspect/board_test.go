package inspect_test

import (
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/inspect"
)

// watched is an application with an inspector that asks allow.
func watched(allow func(*bare.HttpRequest) bool) *bare.Application {
	app := bare.NewApplication()
	inspect.Inspector{Allow: allow}.Serve(app, "/inspect")
	return app
}

// TestAPageOfAnotherSiteCannotReadTheStream, nor when it is plain HTTP, over which a
// browser sends no Sec-Fetch-Site.
func TestAPageOfAnotherSiteCannotReadTheStream(t *testing.T) {
	server := baretest.NewServer(t, watched(anybody))
	for origin, want := range map[string]int{"http://evil.example": 403, "null": 403, server.URL: 200, "": 200} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/inspect/events", nil)
		if err != nil {
			t.Fatal(err)
		}
		if origin != "" {
			request.Header.Set("Origin", origin)
		}
		stream := server.Do(request)
		if got := stream.Response.StatusCode; got != want {
			t.Errorf("from %q: got %d, want %d", origin, got, want)
		}
		stream.Close()
	}
}

func TestWhoIsNotAllowedAnyMoreSeesNothingMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var revoked atomic.Bool
		stream := baretest.NewServer(t, watched(func(*bare.HttpRequest) bool { return !revoked.Load() })).Get("/inspect/events")
		for range 3 {
			stream.Event()
		}
		revoked.Store(true)
		begin := time.Now()
		stream.Rest()
		if took := time.Since(begin); took > 2*time.Second {
			t.Errorf("the stream went on for %v", took)
		}
	})
}

// faultyError is an error of the program's whose text cannot be had.
type faultyError struct{}

func (faultyError) Error() string { panic("no text") }

// TestAnEndIsCountedWhateverItsError: a route must not seem to have a stream open for ever.
func TestAnEndIsCountedWhateverItsError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, baretest.HTTP1, inspect.Inspector{Allow: anybody})
		var id uint64
		for range 2 {
			stream := s.server.Get("/clock/1")
			stream.Next()
			synctest.Wait()
			for open := range s.app.Streams() {
				id = open.ID
			}
			s.app.CutStream(id, faultyError{})
			stream.Rest()
			synctest.Wait()
		}
		seen, ends := s.see("")
		cut := 0
		for _, r := range seen.Routes {
			cut += r.Ended["cut"]
		}
		if seen.Ended != 2 || cut != 2 || len(ends) != 2 {
			t.Errorf("the page shows %+v", seen)
		}
	})
}

// TestTheRoutesThatAreCountedAreBounded: a router that makes patterns up must not fill the
// memory.
func TestTheRoutesThatAreCountedAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := bare.NewApplication()
		const routes = 1100
		for i := range routes {
			app.HttpRouter.Add(bare.Methods{http.MethodGet}, "/"+strconv.Itoa(i), func(*bare.HttpRequest) bare.HttpResponse {
				return bare.HttpResponse{Body: func(yield func([]byte) bool) {
					yield([]byte("x"))
					yield(nil)
					yield([]byte("x"))
				}}
			})
		}
		inspect.Inspector{Allow: anybody, Rows: 10 * routes}.Serve(app, "/inspect")
		server := baretest.NewServer(t, app)
		for i := range routes {
			server.Get("/" + strconv.Itoa(i)).Rest()
		}
		s := &site{t: t, app: app, server: server}
		seen, _ := s.see("")
		others := 0
		for _, r := range seen.Routes {
			if r.Route == "(other routes)" {
				others = r.Opened
			}
		}
		if len(seen.Routes) != 1001 || others < routes-1000 { // and the page itself
			t.Errorf("%d routes are counted, and %d others", len(seen.Routes), others)
		}
	})
}
