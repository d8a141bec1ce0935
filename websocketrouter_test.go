package bare_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

// saying is a WebSocket's handler that says one thing.
func saying(text string) bare.WebSocketHandler {
	return func(request *bare.WebSocketRequest) {
		if request.WebSocket.Accept("", nil) == nil {
			_ = request.WebSocket.SendText(text + request.Matches.String("name"))
		}
	}
}

// replying is a handler that says one thing.
func replying(text string) bare.HttpHandler {
	return func(*bare.HttpRequest) bare.HttpResponse { return bare.TextResponse(200, text) }
}

// crossroads has WebSockets beside everything else.
func crossroads() *bare.Application {
	app := bare.NewApplication()
	app.OnHttpRequest(bare.Methods{"GET"}, "/both", replying("http"))
	app.OnWebSocketRequest("/both", saying("socket"))
	app.OnWebSocketRequest("/only/{name}", saying("only "))
	app.OnWebSocketRequest("/form", saying("form"))
	app.OnHttpRequest(bare.Methods{"POST"}, "/form", replying("posted"))
	app.OnWebSocketRequest("/files/socket", saying("below a mount"))
	app.OnWebSocketRequest("/all/{name:path}", saying("all "))
	app.Mount("/files", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "mounted") }))
	group := app.Group("/group", func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
		return handler(request).WithHeader("x-group", "yes")
	})
	group.Add(bare.Methods{"GET"}, "/chat", bare.FromWebSocketHandler(saying("grouped"), bare.WebSocketOptions{}))
	return app
}

func TestAnUpgradeGoesToTheWebSocketOfAPath(t *testing.T) {
	t.Parallel()
	cases := map[string]string{
		"/both":         "socket",
		"/only/fred":    "only fred",
		"/form":         "form",
		"/files/socket": "below a mount",
		"/all/of/it":    "all of/it",
		"/group/chat":   "grouped",
	}
	for path, want := range cases {
		t.Run(path, func(t *testing.T) {
			overHTTP1(t, func(t *testing.T) {
				if got := baretest.NewServer(t, crossroads()).WebSocket(path, nil).Text(); got != want {
					t.Errorf("got %q, want %q", got, want)
				}
			})
		})
	}
}

func TestAMoreSpecificMountTakesAnUpgrade(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		socket := baretest.NewServer(t, crossroads()).WebSocket("/files/x", nil)
		if got := socket.Response.StatusCode; got != 200 {
			t.Errorf("answered with %d, want that of the mount", got)
		}
	})
}

func TestARequestWithoutAnUpgradeGoesToTheRoutesOfHTTP(t *testing.T) {
	t.Parallel()
	cases := []struct {
		method, path string
		status       int
		allow        string
	}{
		{"GET", "/both", 200, ""},
		{"HEAD", "/both", 200, ""},
		{"POST", "/both", 405, "GET, HEAD, OPTIONS"},
		{"GET", "/only/fred", 426, ""},
		{"HEAD", "/only/fred", 426, ""},
		{"POST", "/only/fred", 405, "GET, HEAD, OPTIONS"},
		{"OPTIONS", "/only/fred", 204, "GET, HEAD, OPTIONS"},
		{"GET", "/form", 426, ""},
		{"POST", "/form", 200, ""},
		{"GET", "/files/x", 200, ""},
		{"GET", "/group/chat", 426, ""},
		{"GET", "/only/", 404, ""},
	}
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		server := baretest.Config{Protocol: protocol}.NewServer(t, crossroads())
		for _, c := range cases {
			request, err := http.NewRequestWithContext(t.Context(), c.method, server.URL+c.path, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			response := server.Do(request).Response
			if response.StatusCode != c.status || response.Header.Get("Allow") != c.allow {
				t.Errorf("%s %s: %d, Allow %q, want %d, %q", c.method, c.path,
					response.StatusCode, response.Header.Get("Allow"), c.status, c.allow)
			}
			upgrade := response.Header.Get("Upgrade") // a header that HTTP/2 does not have
			if want := c.status == 426 && protocol == baretest.HTTP1; want != (upgrade == "websocket") {
				t.Errorf("%s %s: Upgrade is %q", c.method, c.path, upgrade)
			}
		}
	})
}

func TestAPathThatNobodyHasIsNotFoundWithAnUpgrade(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, _ := socketApp(never(t))
		socket := serve(t, baretest.HTTP1, app).WebSocket("/nowhere", nil)
		if got := socket.Response.StatusCode; got != 404 {
			t.Errorf("answered with %d", got)
		}
	})
}

func TestAGroupsMiddlewaresAreAroundItsWebSockets(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		socket := baretest.NewServer(t, crossroads()).WebSocket("/group/chat", nil)
		if got := socket.Response.Header.Get("X-Group"); got != "yes" {
			t.Errorf("the group's header is %q", got)
		}
	})
}

func TestAWebSocketRouterRefusesWhatMakesNoSense(t *testing.T) {
	cases := map[string]func(app *bare.Application){
		"a bad pattern": func(app *bare.Application) { app.OnWebSocketRequest("{x", echo) },
		"no handler":    func(app *bare.Application) { app.OnWebSocketRequest("/x", nil) },
		"a route given twice": func(app *bare.Application) {
			app.OnWebSocketRequest("/x/{a}", echo)
			app.OnWebSocketRequest("/x/{b}", echo)
		},
		"a handler that is nil": func(*bare.Application) { bare.FromWebSocketHandler(nil, bare.WebSocketOptions{}) },
	}
	for name, register := range cases {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if text, _ := recover().(string); !strings.HasPrefix(text, "bare: ") {
					t.Errorf("panicked with %q", text)
				}
			}()
			register(bare.NewApplication())
		})
	}
}
