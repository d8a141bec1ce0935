package code

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

func TestTheOptionsLetTheirOriginsIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := bare.NewApplication()
		socketOptions(app)
		app.OnWebSocketRequest("/", tellNews)
		server := baretest.NewServer(t, app)
		for origin, want := range map[string]int{
			"http://app.example.com":  101,
			"https://www.example.org": 101,
			"http://www.example.org":  403,
			"https://example.org":     403,
		} {
			socket := server.WebSocket("/", http.Header{"Origin": {origin}})
			if got := socket.Response.StatusCode; got != want {
				t.Errorf("%s: %d, want %d", origin, got, want)
			}
		}
	})
}

func TestNewsAreSentBothWays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := bare.NewApplication()
		app.OnHttpRequest(bare.Methods{"GET"}, "/news", news)
		grouped(app, func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse { return handler(request) })
		server := baretest.NewServer(t, app)
		if got := server.Get("/news").Rest(); got != "No news\n" {
			t.Errorf("got %q", got)
		}
		for _, path := range []string{"/news", "/members/news"} {
			if got := server.WebSocket(path, nil).Text(); got != "No news" {
				t.Errorf("got %q", got)
			}
		}
	})
}

func TestAVersionIsChosen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := bare.NewApplication()
		app.OnWebSocketRequest("/", versioned)
		server := baretest.NewServer(t, app)
		socket := server.WebSocket("/", http.Header{"Sec-Websocket-Protocol": {"chat.v0, chat.v1"}})
		if got := socket.Response.Header.Get("Sec-Websocket-Protocol"); got != "chat.v1" {
			t.Errorf("the subprotocol is %q", got)
		}
		if got := socket.Text(); got != "Welcome to chat.v1" {
			t.Errorf("got %q", got)
		}
		if got := server.WebSocket("/", nil).Response.StatusCode; got != 400 {
			t.Errorf("the status is %d", got)
		}
	})
}

func TestTheHandlerIsToldHowItEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := bare.NewApplication()
		app.OnWebSocketRequest("/", watched)
		server := baretest.NewServer(t, app)
		server.WebSocket("/", nil).Close(4001, "")
		synctest.Wait()
		if code, _ := app.Info.Get("closed").(int); code != 4001 {
			t.Errorf("closed with %d", code)
		}
		server.WebSocket("/", nil).Leave()
		synctest.Wait()
		if err, _ := app.Info.Get("lost").(error); !errors.Is(err, bare.ErrClientGone) {
			t.Errorf("lost with %v", err)
		}
		socket := server.WebSocket("/", nil)
		socket.SendBytes(nil)
		if code := socket.Code(); code != bare.CloseUnsupportedData {
			t.Errorf("closed with %d", code)
		}
	})
}

// docs:start test
func TestASlowVisitorHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := bare.NewApplication()
		app.OnWebSocketRequest("/", new(room).visit)
		server := baretest.NewServer(t, app)
		_ = server.WebSocket("/", nil) // it never reads
		reader := server.WebSocket("/", nil)
		synctest.Wait() // both have entered

		long := string(make([]byte, 100<<10))
		for range 20 {
			reader.SendText(long)
			if got := reader.Text(); got != long {
				t.Errorf("got %d bytes", len(got))
			}
		}
		time.Sleep(time.Second)
		if code := reader.Close(bare.CloseNormal, ""); code != bare.CloseNormal {
			t.Errorf("closed with %d", code)
		}
	})
}

// docs:end test
