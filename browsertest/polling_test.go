package browsertest

import (
	"os"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/bare-go/bare"
)

func TestALongPollWithoutNewsChangesNothing(t *testing.T) {
	t.Parallel()
	tab, closeTab := newTab(t)
	page, err := os.ReadFile("../examples/polling/long.html")
	if err != nil {
		t.Fatal(err)
	}
	seen := make(chan string)
	wait := func(request *bare.HttpRequest) bare.HttpResponse {
		asked := request.Query().Get("seen")
		select {
		case seen <- asked:
		case <-request.Context().Done():
		}
		if asked == "" {
			return bare.TextResponse(200, "one")
		}
		return bare.HttpResponse{Status: 204}
	}
	app := newApp("/wait", wait)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/long", func(*bare.HttpRequest) bare.HttpResponse {
		return bare.BytesResponse(200, "text/html; charset=utf-8", page)
	})
	addr, _ := serve(t, app, bare.Server{Addr: "127.0.0.1:0"})
	do(t, tab, chromedp.Navigate("http://"+addr+"/long"))
	for i, want := range []string{"", "one", "one", "one"} { // the last two come after a 204
		if got := <-seen; got != want {
			t.Errorf("request %d says that it has seen %q, want %q", i, got, want)
		}
	}
	if got := evaluate[string](t, tab, textOf("#time")); got != "one" {
		t.Errorf("the page shows %q, want %q", got, "one")
	}
	closeTab() // its request is being held
}
