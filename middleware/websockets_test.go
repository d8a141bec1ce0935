package middleware_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/middleware"
)

func TestAWebSocketLivesInsideAllMiddlewares(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		app := newApp(new(log),
			middleware.Proxies{}.Middleware(),
			middleware.RequestID{}.Middleware(),
			middleware.AccessLog{}.Middleware(),
			middleware.CSRF{}.Middleware(),
			middleware.RateLimit{}.Middleware(),
			middleware.BodyLimits{}.Middleware(),
			middleware.Timeout{After: time.Second}.Middleware())
		app.OnWebSocketRequest("/later", func(request *bare.WebSocketRequest) {
			if request.WebSocket.Accept("", nil) == nil && request.Sleep(time.Minute) {
				_ = request.WebSocket.SendText("a minute later")
			}
		})
		socket := baretest.NewServer(t, app).WebSocket("/later", nil)
		if socket.Response.Header.Get("X-Request-Id") == "" {
			t.Errorf("the headers are %v", socket.Response.Header)
		}
		if got := socket.Text(); got != "a minute later" {
			t.Errorf("got %q", got)
		}
	})
}

func TestAPageMayOpenAWebSocketOfTheHostThatItsProxyWasAskedFor(t *testing.T) {
	t.Parallel()
	for peer, want := range map[string]int{"127.0.0.1:1": 101, "192.0.2.7:1": 403} {
		t.Run(peer, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				app := newApp(new(log), middleware.Proxies{Headers: []string{"X-Forwarded-Host"}}.Middleware())
				app.OnWebSocketRequest("/", func(request *bare.WebSocketRequest) { _ = request.WebSocket.Accept("", nil) })
				socket := baretest.NewServer(t, from(app)).WebSocket("/", http.Header{
					"Origin": {"https://shop.example"}, "X-Forwarded-Host": {"shop.example"}, "X-Peer": {peer},
				})
				if got := socket.Response.StatusCode; got != want {
					t.Errorf("answered with %d, want %d", got, want)
				}
			})
		})
	}
}
