package browsertest

import (
	"crypto/tls"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/bare-go/bare"
)

func TestChromiumAsksForWhatIsHintedBeforeThePageIsThere(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{})
	told := sync.OnceFunc(func() { close(asked) })
	app := bare.NewApplication()
	app.OnHttpRequest(bare.Methods{"GET"}, "/", func(request *bare.HttpRequest) bare.HttpResponse {
		if !request.EarlyHints("<script.js>; rel=preload; as=script") {
			return bare.TextResponse(200, "no hints were sent")
		}
		select {
		case <-asked:
			return bare.TextResponse(200, "it was asked for")
		case <-request.Context().Done():
			return bare.HttpResponse{}
		}
	})
	app.OnHttpRequest(bare.Methods{"GET"}, "/script.js", func(*bare.HttpRequest) bare.HttpResponse {
		told()
		return bare.BytesResponse(200, "text/javascript", nil)
	})
	certificate, err := bare.InsecureDevelopmentCertificate()
	if err != nil {
		t.Fatal(err)
	}
	tab, _ := newTab(t)
	addr, _ := serve(t, app, bare.Server{
		Addr:      "127.0.0.1:0",
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12},
	})
	do(t, tab, chromedp.Navigate("https://"+addr+"/"))
	if got := evaluate[string](t, tab, "document.body.innerText"); got != "it was asked for" {
		t.Errorf("the page says %q", got)
	}
}

func TestTheScriptThatIsHintedWorks(t *testing.T) {
	t.Parallel()
	tab, _ := newTab(t)
	program := run(t, "http_push", "-dev-cert")
	do(t, tab, chromedp.Navigate(program.url+"/"))
	eventually(t, "a click shows the time", func() bool {
		return evaluate[string](t, tab, `document.querySelector("button").click(), `+textOf("#here")) != ""
	})
	if got := evaluate[string](t, tab, `performance.getEntriesByType("navigation")[0].nextHopProtocol`); got != "h2" {
		t.Errorf("the page came by %s", got)
	}
}

func TestTwoWindowsShowTheTicksOfOneSource(t *testing.T) {
	t.Parallel()
	program := run(t, "server_sent_events_queue")
	first, _ := newTab(t)
	second, _ := newTab(t)
	do(t, first, chromedp.Navigate(program.url+"/"))
	do(t, second, chromedp.Navigate(program.url+"/"))
	seen := make(map[string]bool)
	eventually(t, "two times are shown in both", func() bool {
		time := evaluate[string](t, first, textOf("#time"))
		if strings.HasPrefix(time, "2") && evaluate[string](t, second, textOf("#time")) == time {
			seen[time] = true
		}
		return len(seen) >= 2
	})
}
