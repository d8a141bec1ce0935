package routing

import (
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

var update = flag.Bool("update", false, "rewrite the recorded answers")

// answer is what an application answers, in a line or two.
func answer(app http.Handler, method, target string) string {
	recorder := httptest.NewRecorder()
	app.ServeHTTP(recorder, httptest.NewRequest(method, target, nil))
	line := fmt.Sprintf("%-7s %s\n        %d", method, target, recorder.Code)
	if allow := recorder.Header().Get("Allow"); allow != "" {
		line += "  Allow: " + allow
	}
	if body := recorder.Body.String(); body != "" {
		line += "  " + body
	}
	return line + "\n"
}

// expectFile compares a text with a file that the page shows.
func expectFile(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is stale: run go test ./docs/user-guide/routing_code -update\ngot\n%s", name, got)
	}
}

func TestAnswersAreThoseOfThePage(t *testing.T) {
	for name, requests := range map[string][]string{
		"types.txt": {
			"GET /users", "GET /users/me", "GET /users/42", "GET /users/-7", "GET /users/fred",
			"GET /prices/9.99", "GET /prices/1e3", "GET /log/2026-11-20T21:00:00Z", "GET /log/2026-11-20",
			"GET /log/2026-11-20/lines/12", "GET /files/a/b/c.txt", "GET /files/",
		},
		"refusals.txt": {
			"GET /users/", "GET /users//me", "GET /Users", "GET /prices/nan", "GET /prices/0x10",
			"GET /log/yesterday", "GET /log/2026-02-30", "GET /files", "GET /folder",
			"DELETE /users", "POST /users/me", "OPTIONS /users/42", "HEAD /users/42",
		},
		"encoding.txt": {
			"GET /users/J%C3%B6rg", "GET /users/a+b", "GET /users/a%20b", "GET /users/a%2Fb",
			"GET /%75sers/me", "GET /files/../users/me", "GET /users/me?x=1",
		},
	} {
		t.Run(name, func(t *testing.T) {
			app, got := newApp(), ""
			for _, request := range requests {
				method, target, _ := strings.Cut(request, " ")
				got += answer(app, method, target)
			}
			expectFile(t, name, got)
		})
	}
}

func TestAnswersOfGroupsAreThoseOfThePage(t *testing.T) {
	app, got := newShopAPI(nil), ""
	for _, request := range []string{
		"GET /api/articles/7", "GET /api/orders", "OPTIONS /api/orders", "GET /api/orders/none", "GET /api/none", "GET /none",
	} {
		method, target, _ := strings.Cut(request, " ")
		got += answer(app, method, target)
	}
	expectFile(t, "groups.txt", got)
}

func TestEveryAnswerBelowAPIIsForOtherSites(t *testing.T) {
	app := newShopAPI(nil)
	for target, want := range map[string]string{"/api/orders": "*", "/api/orders/x/y": "*", "/api/none": "*", "/none": "", "/": ""} {
		for _, method := range []string{"OPTIONS", "GET"} {
			recorder := httptest.NewRecorder()
			app.ServeHTTP(recorder, httptest.NewRequest(method, target, nil))
			if got := recorder.Header().Get("Access-Control-Allow-Origin"); got != want {
				t.Errorf("%s %s: allowed for %q, want %q", method, target, got, want)
			}
		}
	}
}

func TestAMountTakesWhatNoRouteIsMoreSpecificFor(t *testing.T) {
	app := newSite(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte(r.URL.Path)) }))
	for target, want := range map[string]string{"/static/a.css": "/a.css", "/users/7": "User number 7", "/users/x": "Not Found"} {
		if got := answer(app, "GET", target); !strings.HasSuffix(got, "  "+want+"\n") {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestRefusedRoutesAreThoseOfThePage(t *testing.T) {
	get := bare.Methods{"GET"}
	got := ""
	for _, test := range []struct {
		methods bare.Methods
		path    string
		handler bare.HttpHandler
	}{
		{get, "users", show},
		{get, "/{}", show},
		{get, "/{:int}", show},
		{get, "/{a}{b}", show},
		{get, "/user-{id}", show},
		{get, "/{id:integer}", show},
		{get, "/{id:}", show},
		{get, "/{a}/{a}", show},
		{get, "/{rest:path}/end", show},
		{get, "/{day:datetime:%Q}", show},
		{get, "/users/{number:int}", show},
		{get, "/users/me", show},
		{bare.Methods{}, "/new", show},
		{bare.Methods{"GET IT"}, "/new", show},
		{get, "/new", nil},
	} {
		got += refusal(t, func() { newApp().HttpRouter.Add(test.methods, test.path, test.handler) }) + "\n"
	}
	expectFile(t, "panics.txt", got)
}

// refusal is what a registration panics with.
func refusal(t *testing.T, add func()) (text string) {
	t.Helper()
	defer func() {
		text = fmt.Sprint(recover())
		if !strings.HasPrefix(text, "bare: ") {
			t.Errorf("the registration ended with %q", text)
		}
	}()
	add()
	return ""
}

func TestMostSpecificRouteWinsInAnyOrder(t *testing.T) {
	patterns := []string{"/{a}/{b}", "/{a}/x", "/x/{b:path}", "/x/{b}", "/x/{b:float}", "/x/{b:int}", "/x/{b:datetime:%Y}"}
	for name, order := range map[string]func(int) int{
		"in this order":         func(i int) int { return i },
		"in the opposite order": func(i int) int { return len(patterns) - 1 - i },
	} {
		t.Run(name, func(t *testing.T) {
			app := bare.NewApplication()
			for i := range patterns {
				app.OnHttpRequest(bare.Methods{"GET"}, patterns[order(i)], show)
			}
			for path, want := range map[string]string{
				"/x/2026": "/x/{b:datetime:%Y}", "/x/7": "/x/{b:int}", "/x/7.5": "/x/{b:float}", "/x/y": "/x/{b}",
				"/x/y/z": "/x/{b:path}", "/y/x": "/{a}/x", "/y/z": "/{a}/{b}", "/x/x": "/x/{b}",
			} {
				_, matches := app.HttpRouter.Resolve("GET", path)
				if got := matches.Route(); got != want {
					t.Errorf("%s goes to %q, want %q", path, got, want)
				}
			}
		})
	}
}

func TestBytesThatAreNotUTF8ArriveAsTheyAre(t *testing.T) {
	handler, matches := newApp().HttpRouter.Resolve("GET", "/users/\xff\xfe")
	if got := matches.String("name"); handler == nil || got != "\xff\xfe" {
		t.Errorf("got %q", got)
	}
	if got := answer(newApp(), "GET", "/users/%FF"); !strings.Contains(got, "name = \xff (string)") {
		t.Errorf("got %q", got)
	}
}

// docs:start test

func TestShowUser(t *testing.T) {
	request := baretest.NewRequest("GET", "/users/42", nil)
	request.Matches = bare.NewMatches("id", 42)
	got := baretest.Chunks(showUser(request).Body, -1)
	if len(got) != 1 || got[0] != "User number 42" {
		t.Errorf("got %q", got)
	}
}

// docs:end test

func TestOtherWaysToAHandler(t *testing.T) {
	pages := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "the page "+r.URL.Path) })
	for name, test := range map[string]struct {
		handler http.Handler
		target  string
		want    string
	}{
		"a NotFound of one's own":             {newShop(), "/nowhere", "404  There is no page at /nowhere"},
		"a route beside a NotFound":           {newShop(), "/users/42", "200  User number 42"},
		"a mounted handler":                   {newSite(pages), "/static/a.css", "200  the page /a.css"},
		"a route beside a mount":              {newSite(pages), "/users/42", "200  User number 42"},
		"no mount for a longer name":          {newSite(pages), "/statics", "404  Not Found"},
		"a handler in a ServeMux":             {newServeMux(bare.NewApplication()), "/greet/Ada", "200  Hello, Ada"},
		"a router of one's own":               {newRegexpApp(), "/reports/2026-sales.pdf", "200  SALES of 2026"},
		"a router of one's own, no such path": {newRegexpApp(), "/reports/26-sales.pdf", "404  Not Found"},
	} {
		t.Run(name, func(t *testing.T) {
			_, got, _ := strings.Cut(answer(test.handler, "GET", test.target), "\n        ")
			if got != test.want+"\n" {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
	if got := answer(newRegexpApp(), "POST", "/reports/2026-sales.pdf"); !strings.Contains(got, "405  Allow: GET, HEAD, OPTIONS") {
		t.Errorf("another method: %q", got)
	}
}
