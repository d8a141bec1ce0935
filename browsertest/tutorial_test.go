package browsertest

import (
	"errors"
	"net/http"
	"os"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/bare-go/bare"
)

func TestTheSmallPageOfTheChapterShowsLines(t *testing.T) {
	t.Parallel()
	tab, closeTab := newTab(t)
	page, err := os.ReadFile("../docs/tutorial/code/streaming_fetch.html")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	app := newApp("/test", func(*bare.HttpRequest) bare.HttpResponse {
		return bare.BytesResponse(200, "text/html; charset=utf-8", page)
	})
	app.HttpRouter.Add(bare.Methods{"POST"}, "/events", func(request *bare.HttpRequest) bare.HttpResponse {
		var line struct {
			Time    string `json:"time"`
			Message string `json:"message"`
		}
		if err := request.JSON(&line); err != nil {
			return bare.ErrorResponse(err)
		}
		request.OnEnd(func(end bare.End) { ended <- end.Err })
		return bare.HttpResponse{Body: bare.JSONLinesWriter(func(yield func(any) bool) {
			for _, line.Time = range []string{"one", "two"} {
				if !yield(line) {
					return
				}
			}
			<-request.Context().Done()
		})}
	})
	addr, _ := serve(t, app, bare.Server{Addr: "127.0.0.1:0"})
	do(t, tab, chromedp.Navigate("http://"+addr+"/test"), chromedp.Click("#start"))
	eventually(t, "both lines are shown, the newest on top", func() bool {
		return evaluate[string](t, tab, textOf("#lines")) == "two hello\none hello"
	})
	closeTab()
	if err := <-ended; !errors.Is(err, bare.ErrClientGone) {
		t.Errorf("when the tab was closed, the stream ended with %v", err)
	}
}

func TestAFetchEventTargetDispatchesWhatHappens(t *testing.T) {
	t.Parallel()
	script, err := os.ReadFile("../docs/tutorial/code/fetch_event_target.js")
	if err != nil {
		t.Fatal(err)
	}
	stream := func(*bare.HttpRequest) bare.HttpResponse {
		return bare.HttpResponse{Body: bare.StringsWriter(func(yield func(string) bool) {
			_ = yield(`{"n":1}`+"\n"+`{"n"`) && yield(`:2}`+"\n")
		})}
	}
	cut := func(*bare.HttpRequest) bare.HttpResponse {
		return bare.HttpResponse{Body: func(yield func([]byte) bool) {
			if yield([]byte(`{"n":1}` + "\n")) {
				panic(http.ErrAbortHandler)
			}
		}}
	}
	refusal := func(*bare.HttpRequest) bare.HttpResponse { return bare.TextResponse(400, "No.") }
	tests := []struct {
		name    string
		handler bare.HttpHandler
		want    string
	}{
		{"lines that arrive in pieces", stream, `tick {"n":1} tick {"n":2} close`},
		{"a cut", cut, `tick {"n":1} error`},
		{"a refusal", refusal, `error No.`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			tab, _ := newTab(t)
			addr, _ := serve(t, newApp("/lines", test.handler), bare.Server{Addr: "127.0.0.1:0"})
			do(t, tab, chromedp.Navigate("http://"+addr+"/"))
			got := evaluate[string](t, tab, `(() => {`+string(script)+`
				return new Promise((resolve) => {
					let seen = []
					const target = fetchEventTarget("lines", { method: "GET" })
					target.addEventListener("tick", (event) => seen.push("tick " + JSON.stringify(event.data)))
					target.addEventListener("close", () => resolve(seen.concat("close").join(" ")))
					target.addEventListener("error", (event) => {
						const told = event.data.message === "No." ? "error No." : "error"
						resolve(seen.concat(told).join(" "))
					})
				})
			})()`)
			if got != test.want {
				t.Errorf("dispatched %s, want %s", got, test.want)
			}
		})
	}
}
