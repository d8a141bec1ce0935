package browsertest

import (
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/bare-go/bare"
)

// TestWhatAnEventSourceDoesAfterAStream is the browser's row in the tables of
// docs/user-guide/clients.md.
func TestWhatAnEventSourceDoesAfterAStream(t *testing.T) {
	t.Parallel()
	stream := func(err error) bare.HttpResponse {
		return bare.HttpResponse{
			Headers: bare.Headers("content-type", "text/event-stream"),
			Body: bare.StreamWriter(func(yield func([]byte) bool) error {
				yield([]byte("retry: 100\nid: 7\ndata: hello\n\n"))
				return err
			}),
		}
	}
	tests := []struct {
		name   string
		first  bare.HttpResponse
		second bare.HttpResponse
		again  bool
	}{
		{"a clean end", stream(nil), stream(nil), true},
		{"a cut", stream(errors.New("on purpose")), stream(errors.New("on purpose")), true},
		{"a 204", stream(nil), bare.HttpResponse{Status: 204}, false},
		{"a 500", stream(nil), bare.TextResponse(500, "no"), false},
		{"a 503", stream(nil), bare.TextResponse(503, "no").WithHeader("retry-after", "1"), false},
		{"another content type", stream(nil), bare.TextResponse(200, "no"), false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			tab, _ := newTab(t)
			var requests, resumed atomic.Int32
			app := newApp("/events", func(request *bare.HttpRequest) bare.HttpResponse {
				if request.Scope.Header.Get("Last-Event-ID") == "7" {
					resumed.Add(1)
				}
				if requests.Add(1) == 1 {
					return test.first
				}
				return test.second
			})
			app.Logger = slog.New(slog.DiscardHandler) // the cuts are on purpose
			addr, _ := serve(t, app, bare.Server{Addr: "127.0.0.1:0"})
			do(t, tab, chromedp.Navigate("http://"+addr+"/"))
			evaluate[bool](t, tab, openSource)
			if test.again {
				eventually(t, "it comes back twice", func() bool { return requests.Load() >= 3 })
			} else {
				eventually(t, "it gives up", func() bool { return evaluate[int](t, tab, "source.readyState") == 2 })
				if got := requests.Load(); got != 2 {
					t.Errorf("the browser made %d requests, want 2", got)
				}
			}
			if got := requests.Load() - resumed.Load(); got != 1 {
				t.Errorf("%d requests had no Last-Event-ID, want the first alone", got)
			}
		})
	}
}
