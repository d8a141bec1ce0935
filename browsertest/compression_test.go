package browsertest

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/ext/compress"
)

// readCompressed reads a stream until it has three events, which is before its end, and
// a text, and says how they were encoded.
const readCompressed = `
	(async () => {
		const events = await new Promise((resolve, reject) => {
			const source = new EventSource("events")
			const had = []
			source.onmessage = (event) => {
				had.push(event.data)
				if (had.length === 3) { source.close(); resolve(had.join()) }
			}
			source.onerror = () => reject(new Error("the stream ended"))
		})
		const stopped = new AbortController()
		const stream = await fetch("events", {signal: stopped.signal})
		stopped.abort()
		const text = await fetch("text")
		return [events, stream.headers.get("content-encoding"), text.headers.get("content-encoding"), (await text.text()).length].join(" ")
	})()`

func TestABrowserReadsEachEncodingAsItComes(t *testing.T) {
	t.Parallel()
	for _, encoding := range compress.Encodings() {
		t.Run(encoding.Name, func(t *testing.T) {
			t.Parallel()
			tab, _ := newTab(t)
			app := newApp("/events", func(request *bare.HttpRequest) bare.HttpResponse {
				return bare.HttpResponse{
					Headers: bare.Headers("content-type", "text/event-stream"),
					Body: func(yield func([]byte) bool) {
						for _, event := range []string{"one", "two", "three"} {
							if !yield([]byte("data: " + event + "\n\n")) {
								return
							}
						}
						request.Sleep(time.Hour)
					},
				}
			})
			app.HttpRouter.Add(bare.Methods{"GET"}, "/text", func(*bare.HttpRequest) bare.HttpResponse {
				return bare.TextResponse(200, strings.Repeat("The quick brown fox. ", 10_000))
			})
			app.Compression = &bare.Compression{Encodings: []bare.ContentEncoding{encoding}}
			// Browsers accept br and zstd over TLS only.
			addr, _ := serve(t, app, bare.Server{Addr: "127.0.0.1:0", TLSConfig: newTLSConfig(t)})
			do(t, tab, chromedp.Navigate("https://"+addr+"/"))
			got := evaluate[string](t, tab, readCompressed)
			if want := "one,two,three " + encoding.Name + " " + encoding.Name + " 210000"; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}
