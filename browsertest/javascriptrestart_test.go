package browsertest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/bare-go/bare"
)

// A counter counts, and goes on after the last number that a client has, until it is
// told to end.
type counter struct {
	over    atomic.Bool
	streams atomic.Int32 // that have begun
}

func (c *counter) app() *bare.Application {
	app := newModuleApp("/events", c.stream("text/event-stream", "id: %d\ndata: .\n\n", "event: done\ndata: .\n\n"))
	app.HttpRouter.Add(bare.Methods{"GET"}, "/records",
		c.stream("application/x-ndjson", `{"id":"%d"}`+"\n", `{"type":"end"}`+"\n"))
	return app
}

func (c *counter) stream(contentType, format, end string) bare.HttpHandler {
	return func(request *bare.HttpRequest) bare.HttpResponse {
		after := 0
		if id := request.Query().Get("last-event-id"); id != "" {
			var err error
			if after, err = strconv.Atoi(id); err != nil {
				return bare.TextResponse(400, "The last event id is a number.")
			}
		}
		c.streams.Add(1)
		return bare.HttpResponse{
			Headers: bare.Headers("content-type", contentType),
			Body: bare.StreamWriter(func(yield func([]byte) bool) error {
				for number := after + 1; !c.over.Load(); number++ {
					if !yield(fmt.Appendf(nil, format, number)) {
						return nil
					}
					if !request.Sleep(10 * time.Millisecond) {
						return context.Cause(request.Context())
					}
				}
				yield([]byte(end))
				return nil
			}),
		}
	}
}

// count has a page read both streams of a counter. It keeps the ids, and how the
// loops end.
const count = `
	window.ids = { events: [], records: [] }
	window.ends = []
	window.retries = 0
	for (const kind of ["events", "records"]) (async () => {
		const streams = await import("/streams.js")
		try {
			for await (const { id, type } of streams[kind](kind, { retry: 100, onretry: () => { retries++ } })) {
				if (type === "done" || type === "end") ends.push(type)
				else ids[kind].push(Number(id))
			}
		} catch (error) {
			ends.push(String(error))
		}
	})()
	true`

// countOn waits until both streams have brought more than they have now.
func countOn(t *testing.T, tab context.Context, when string) { //nolint:revive // t comes first in a test
	t.Helper()
	const least = "Math.min(ids.events.length, ids.records.length)"
	before := evaluate[int](t, tab, "Math.max(ids.events.length, ids.records.length)")
	eventually(t, "both streams go on "+when, func() bool { return evaluate[int](t, tab, least) > before+5 })
}

// checkCount ends the streams, and checks that no number is missing or came twice.
func checkCount(t *testing.T, tab context.Context, c *counter) { //nolint:revive // t comes first in a test
	t.Helper()
	c.over.Store(true)
	eventually(t, "both loops are over", func() bool { return evaluate[int](t, tab, "ends.length") == 2 })
	ends := evaluate[[]string](t, tab, "ends")
	slices.Sort(ends)
	if !slices.Equal(ends, []string{"done", "end"}) {
		t.Errorf("the loops ended with %q", ends)
	}
	for kind, ids := range evaluate[map[string][]int](t, tab, "ids") {
		for i, id := range ids {
			if id != i+1 {
				t.Errorf("of %s, number %d is %d", kind, i+1, id)
				break
			}
		}
	}
}

func TestNothingIsLostWhenTheServerRestarts(t *testing.T) {
	t.Parallel()
	for _, secure := range []bool{false, true} {
		t.Run(map[bool]string{false: "over HTTP/1.1", true: "over HTTP/2"}[secure], func(t *testing.T) {
			t.Parallel()
			tab, _ := newTab(t)
			server, scheme := bare.Server{Addr: "127.0.0.1:0"}, "http://"
			if secure {
				server.TLSConfig, scheme = newTLSConfig(t), "https://"
			}
			var c counter
			addr, stop := serve(t, c.app(), server)
			server.Addr = addr
			openModulePage(t, tab, scheme+addr)
			evaluate[bool](t, tab, count)
			countOn(t, tab, "at first")
			for range 2 {
				stop()
				tries := evaluate[int](t, tab, "retries")
				eventually(t, "both find nobody there", func() bool { return evaluate[int](t, tab, "retries") >= tries+4 })
				_, stop = serve(t, c.app(), server)
				countOn(t, tab, "after a restart")
			}
			checkCount(t, tab, &c)
			if got := c.streams.Load(); got != 6 {
				t.Errorf("%d streams were begun, want two for each server", got)
			}
		})
	}
}

// newFront runs nginx with docs/deploy/nginx.conf.
func newFront(t *testing.T, backend string) *front {
	t.Helper()
	site, err := os.ReadFile("../docs/deploy/nginx.conf")
	if err != nil {
		t.Fatal(err)
	}
	f := &front{t: t, addr: freeAddr(t), folder: t.TempDir()}
	certificate, key := newKeyFiles(t)
	text := string(site)
	for _, pair := range [][2]string{
		{"127.0.0.1:9009", backend},
		{"listen 80", "listen " + freeAddr(t)},
		{"listen 443", "listen " + f.addr},
		{"/etc/ssl/example.com.pem", certificate},
		{"/etc/ssl/example.com.key", key},
		{"retry: 2000", "retry: 200"},
	} {
		if !strings.Contains(text, pair[0]) {
			t.Fatalf("docs/deploy/nginx.conf has no %q", pair[0])
		}
		text = strings.ReplaceAll(text, pair[0], pair[1])
	}
	text = "daemon off; error_log stderr crit; pid pid; events {}\n" +
		"http { access_log off; client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;\n" + text + "}\n"
	if err := os.WriteFile(filepath.Join(f.folder, "nginx.conf"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f.start()
	t.Cleanup(f.stop)
	return f
}

func TestNothingIsLostBehindNginxWhenItRestartsAndWhenTheProgramDoes(t *testing.T) {
	t.Parallel()
	tab, _ := newTab(t)
	var c counter
	backend, stop := serve(t, c.app(), bare.Server{Addr: "127.0.0.1:0"})
	nginx := newFront(t, backend)
	do(t, tab, chromedp.Navigate("https://"+nginx.addr+"/"))
	evaluate[bool](t, tab, count)
	countOn(t, tab, "at first")
	retries := func() int { return evaluate[int](t, tab, "retries") }

	nginx.stop()
	before := retries()
	eventually(t, "both find nobody there", func() bool { return retries() >= before+4 })
	nginx.start()
	countOn(t, tab, "after a restart of nginx")

	// For events nginx answers with a stream that has but a retry, for records with 502.
	stop()
	before = retries()
	eventually(t, "both are answered by nginx alone", func() bool { return retries() >= before+4 })
	serve(t, c.app(), bare.Server{Addr: backend})
	countOn(t, tab, "after a restart of the program")
	checkCount(t, tab, &c)
}
