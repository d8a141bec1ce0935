package browsertest

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/javascript"
)

// read is a function for pages: it reads a stream with streams.js, and returns what
// the loop saw. It tells the server of each item.
const read = `
	window.read = async (kind, url, options = {}) => {
		const streams = await import("/streams.js")
		window.seen = []
		const onretry = (error) => { seen.push("again after " + error.lastEventId) }
		try {
			for await (const item of streams[kind](url, { retry: 100, onretry, ...options })) {
				seen.push(kind === "events" ? [item.id, item.type, item.data].join(" ") : JSON.stringify(item))
				await fetch(url.replace(/\?.*/, "") + "/seen", { method: "POST" })
			}
			seen.push("over")
		} catch (error) {
			window.thrown = error
			const { name, status, temporary, lastEventId, data } = error
			seen.push([name, status, temporary ? "temporary" : "final", "after " + lastEventId, JSON.stringify(data)].join(", "))
		}
		return seen
	}
	true`

// newModuleApp has streams.js, and a handler for a stream.
func newModuleApp(path string, handler bare.HttpHandler) *bare.Application {
	app := newApp("/streams.js", javascript.Handle)
	app.HttpRouter.Add(bare.Methods{"GET", "POST"}, path, handler)
	app.Logger = slog.New(slog.DiscardHandler) // the cuts are on purpose
	return app
}

// openModulePage opens a page that has read.
func openModulePage(t *testing.T, tab context.Context, base string) { //nolint:revive // t comes first in a test
	t.Helper()
	do(t, tab, chromedp.Navigate(base+"/"))
	evaluate[bool](t, tab, read)
}

// A header for the last id would have the browser ask first, with OPTIONS.
func TestAnotherOriginIsAskedWithoutAPreflight(t *testing.T) {
	t.Parallel()
	tab, _ := newTab(t)
	server := &replay{responses: []bare.HttpHandler{eventsOf("id: 1\ndata: a\n\n", nil), noContent}}
	app := newModuleApp("/stream", server.handle)
	app.Middlewares = []bare.HttpMiddleware{func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
		return handler(request).WithHeader("access-control-allow-origin", "*")
	}}
	app.HttpRouter.Add(bare.Methods{"OPTIONS"}, "/stream", server.handle)
	there, _ := serve(t, app, bare.Server{Addr: "127.0.0.1:0"})
	here, _ := serve(t, newModuleApp("/none", server.handle), bare.Server{Addr: "127.0.0.1:0"})
	openModulePage(t, tab, "http://"+here)
	got := evaluate[[]string](t, tab, `read("events", "http://`+there+`/stream")`)
	if want := []string{"1 message a", "again after 1", "over"}; !slices.Equal(got, want) {
		t.Errorf("the loop saw %q, want %q", got, want)
	}
	if got, want := server.heard(), []string{"GET", "GET after 1"}; !slices.Equal(got, want) {
		t.Errorf("the server got %q, want %q", got, want)
	}
}

func TestARequestIsWhatTheOptionsSay(t *testing.T) {
	t.Parallel()
	const ndjson = "application/x-ndjson"
	tests := []struct{ call, want string }{
		{`events("x")`, "GET /deep/x no-store same-origin text/event-stream"},
		{`events(new URL("/x?a=b c", location))`, "GET /x?a=b%20c no-store same-origin text/event-stream"},
		{`events("/x?a=%20&last-event-id=1&c=d+e", {lastEventId: "ü 2"})`, "GET /x?a=%20&c=d+e&last-event-id=%C3%BC%202 no-store same-origin text/event-stream"},
		{`records("x")`, "GET /deep/x no-store same-origin " + ndjson},
		{`lines("x")`, "GET /deep/x no-store same-origin " + ndjson + ", */*;q=0.5"},
		{
			`events("x", {method: "PUT", body: "", cache: "reload", credentials: "include", headers: [["Accept", "text/plain"]]})`,
			"PUT /deep/x reload include text/plain",
		},
	}
	addr, _ := serve(t, newModuleApp("/none", events), bare.Server{Addr: "127.0.0.1:0"})
	tab, _ := newTab(t)
	do(t, tab, chromedp.Navigate("http://"+addr+"/"))
	for _, test := range tests {
		got := evaluate[string](t, tab, `(async () => {
			const { events, records, lines } = await import("/streams.js")
			document.head.innerHTML = '<base href="/deep/">'
			let said
			fetch = async ({ url, method, cache, credentials, headers }) => {
				said = [method, url.slice(location.origin.length), cache, credentials, headers.get("accept")].join(" ")
				return new Response(null, { status: 204 })
			}
			for await (const item of `+test.call+`) {}
			return said
		})()`)
		if got != test.want {
			t.Errorf("%s asks for\n\t%s\nwant\n\t%s", test.call, got, test.want)
		}
	}
}

func TestAProgramHearsOfEachOpenStream(t *testing.T) {
	t.Parallel()
	tab, _ := newTab(t)
	server := &replay{responses: []bare.HttpHandler{
		text(503, "no"), eventsOf("id: 1\ndata: a\n\n", nil), eventsOf("", nil), noContent,
	}}
	addr, _ := serve(t, newModuleApp("/stream", server.handle), bare.Server{Addr: "127.0.0.1:0"})
	openModulePage(t, tab, "http://"+addr)
	got := evaluate[[]string](t, tab, `read("events", "stream", {onopen: (response) => seen.push("open " + response.status)})`)
	want := []string{"again after ", "open 200", "1 message a", "again after 1", "open 200", "again after 1", "over"}
	if !slices.Equal(got, want) {
		t.Errorf("the loop saw %q, want %q", got, want)
	}
}

func TestTheLinesOfTheGuideAreLogged(t *testing.T) {
	t.Parallel()
	tab, _ := newTab(t)
	script, err := os.ReadFile("../docs/user-guide/code/lines.js")
	if err != nil {
		t.Fatal(err)
	}
	app := newModuleApp("/events", func(request *bare.HttpRequest) bare.HttpResponse {
		var line struct {
			Time    string `json:"time"`
			Message string `json:"message"`
		}
		if err := request.JSON(&line); err != nil {
			return bare.ErrorResponse(err)
		}
		return recordsOf(fmt.Sprintf(`{"time":"one","message":%[1]q}`+"\n"+`{"time":"two","message":%[1]q}`+"\n", line.Message), nil)(request)
	})
	app.HttpRouter.Add(bare.Methods{"GET"}, "/lines.js", func(*bare.HttpRequest) bare.HttpResponse {
		return bare.BytesResponse(200, "text/javascript", script)
	})
	addr, _ := serve(t, app, bare.Server{Addr: "127.0.0.1:0"})
	do(t, tab, chromedp.Navigate("http://"+addr+"/"))
	got := evaluate[[]string](t, tab, `(async () => {
		const logged = []
		console.log = (...words) => logged.push(words.join(" "))
		await import("/lines.js")
		return logged
	})()`)
	if want := []string{"one hello", "two hello"}; !slices.Equal(got, want) {
		t.Errorf("the page logs %q, want %q", got, want)
	}
}
