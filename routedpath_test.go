package bare_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/bare-go/bare"
)

func TestAnEmptyPathIsASlash(t *testing.T) {
	t.Parallel()
	app := bare.NewApplication()
	all := bare.Methods{"GET", "POST", "OPTIONS", "CONNECT"}
	app.OnHttpRequest(all, "/", func(*bare.HttpRequest) bare.HttpResponse { return bare.TextResponse(200, "root") })
	for _, test := range []struct {
		method, path string
		want         int
	}{
		{"GET", "", 200},
		{"HEAD", "", 200},
		{"POST", "", 200},
		{"DELETE", "", 405},
		{"OPTIONS", "", 404},
		{"OPTIONS", "*", 404},
		{"OPTIONS", "/", 200},
		{"CONNECT", "", 404},
		{"CONNECT", "/", 200},
		{"GET", "*", 404},
	} {
		request := httptest.NewRequest(test.method, "http://example.com/", http.NoBody)
		request.URL = &url.URL{Scheme: "http", Host: "example.com", Path: test.path}
		recorder := httptest.NewRecorder()
		app.ServeHTTP(recorder, request)
		if recorder.Code != test.want {
			t.Errorf("%s with the path %q: got %d, want %d", test.method, test.path, recorder.Code, test.want)
		}
	}
}

func TestAMountAtTheRootCoversAnEmptyPath(t *testing.T) {
	t.Parallel()
	app := bare.NewApplication()
	app.Mount("/", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) }))
	request := httptest.NewRequest(http.MethodGet, "http://example.com", http.NoBody)
	recorder := httptest.NewRecorder()
	if app.ServeHTTP(recorder, request); request.URL.Path != "" || recorder.Code != http.StatusAccepted {
		t.Errorf("the path %q: got %d, want 202", request.URL.Path, recorder.Code)
	}
}

// A buildingRouter counts how often it is built.
type buildingRouter struct {
	bare.HttpRouter

	built int
}

func (r *buildingRouter) Build() { r.built++ }

func TestTheApplicationBuildsItsRouterOnce(t *testing.T) {
	t.Parallel()
	app := bare.NewApplication()
	router := &buildingRouter{HttpRouter: app.HttpRouter}
	app.HttpRouter = router
	for range 2 {
		app.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/none", http.NoBody))
	}
	if router.built != 1 {
		t.Errorf("built %d times, want once", router.built)
	}
}

func TestBareRouterCanBeBuilt(t *testing.T) {
	t.Parallel()
	router, ok := bare.NewHttpRouter().(interface{ Build() })
	if !ok {
		t.Fatal("there is no method Build")
	}
	router.Build()
}
