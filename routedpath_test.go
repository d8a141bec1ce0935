package bare_test

import (
	"bufio"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"testing/synctest"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
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

func TestAnAddressWithoutAHostIsNotTheRoot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		app, _ := newApp(empty)
		conn := serve(t, baretest.HTTP1, app).Dial() // HTTP/2 has no absolute form
		for target, want := range map[string]int{"http://host": 200, "http://host?a": 200, "http:host": 404, "mailto:host": 404} {
			if _, err := io.WriteString(conn, "GET "+target+" HTTP/1.1\r\nHost: host\r\n\r\n"); err != nil {
				t.Fatal(err)
			}
			response, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, response.Body)
			_ = response.Body.Close()
			if response.StatusCode != want {
				t.Errorf("%s is a %d, want %d", target, response.StatusCode, want)
			}
		}
		_ = conn.Close()
	})
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
