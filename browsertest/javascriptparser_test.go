package browsertest

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/bare-go/bare"
)

// parse reads one of the streams of a test with the browser's EventSource, and then
// with streams.js: from the network, with each byte in a chunk of its own, and in two
// chunks, cut at each byte. It returns how they differ, or what they read.
const parse = `(async (path, types) => {
	const { events } = await import("/streams.js")
	const reference = await new Promise((resolve) => {
		const source = new EventSource(path)
		const seen = []
		for (const type of types) source.addEventListener(type, (event) => {
			seen.push([event.lastEventId, event.type, event.data])
			if (type === "done") resolve(seen, source.close())
		})
	})
	const read = async () => {
		const seen = []
		for await (const { id, type, data } of events(path, { reconnect: false })) seen.push([id, type, data])
		return JSON.stringify(seen)
	}
	const want = JSON.stringify(reference)
	if (await read() !== want) return "from the network: " + await read() + ", not " + want
	const bytes = await (await fetch(path)).bytes()
	const chunked = async (chunks) => {
		const body = new ReadableStream({
			pull(controller) {
				chunks.length > 0 ? controller.enqueue(chunks.shift()) : controller.close()
			},
		})
		fetch = async () => new Response(body, { headers: { "content-type": "text/event-stream" } })
		try {
			return await read()
		} finally {
			fetch = real
		}
	}
	const real = fetch
	const single = await chunked([...bytes].map((byte) => Uint8Array.of(byte)))
	if (single !== want) return "byte by byte: " + single + ", not " + want
	const sparse = await chunked([...bytes].flatMap((byte) => [Uint8Array.of(byte), new Uint8Array()]))
	if (sparse !== want) return "with empty chunks: " + sparse + ", not " + want
	for (let at = 0; at <= bytes.length; at++) {
		const halves = await chunked([bytes.slice(0, at), bytes.slice(at)])
		if (halves !== want) return "cut at " + at + ": " + halves + ", not " + want
	}
	return want
})`

func TestEventsAreThoseOfAnEventSourceHoweverTheyAreCut(t *testing.T) {
	t.Parallel()
	const end = "event: done\ndata\n\n"
	tests := []struct{ name, text, want string }{
		{"line feeds", "data: a\n\n", `["","message","a"]`},
		{"carriage returns", "data: a\r\r", `["","message","a"]`},
		{"both", "data: a\r\n\r\n", `["","message","a"]`},
		{"both, in the middle of an event", "data: a\r\ndata: b\r\n\r\ndata: c\r\n\r\n", `["","message","a\nb"],["","message","c"]`},
		{"all mixed", "data: a\rdata: b\ndata: c\r\n\rdata: d\n\r", `["","message","a\nb\nc"],["","message","d"]`},
		{"many line ends", "\n\r\n\r\r\n\n\rdata: a\n\r\n\r", `["","message","a"]`},
		{"a byte-order mark", "\ufeffdata: a\n\n", `["","message","a"]`},
		{"two byte-order marks", "\ufeff\ufeffdata: a\n\ndata: b\n\n", `["","message","b"]`},
		{"a byte-order mark later", "\n\ufeffdata: a\n\ndata: \ufeff\n\n", `["","message","` + "\ufeff" + `"]`},
		{"characters of two, three and four bytes", "data: é€😀\n\n", `["","message","é€😀"]`},
		{"broken UTF-8", "data: a\xffb\xe2\x82\n\n", `["","message","a` + "\ufffdb\ufffd" + `"]`},
		{"line ends of Unicode end no line", "data: a\u2028b\u0085c\vd\n\n", `["","message","a` + "\u2028b\u0085c" + `\u000bd"]`},
		{"one space after the colon", "data:a\ndata: b\ndata:  c\ndata:\td\n\n", `["","message","a\nb\n c\n\td"]`},
		{"colons in data", "data:: a:b\n\n", `["","message",": a:b"]`},
		{"data without a colon", "data\n\ndata:\ndata\n\n", `["","message",""],["","message","\n"]`},
		{"comments", ":\n: data: a\ndata: a\n:data: b\n\n", `["","message","a"]`},
		{"unknown fields", "Data: a\n data: b\ndatas: c\ndat: d\ndata : e\nerror\ndata: f\n\n", `["","message","f"]`},
		{
			"types", "event: a\ndata: 1\n\nevent: b\nevent: a\ndata: 2\n\nevent:\ndata: 3\n\ndata: 4\n\n",
			`["","a","1"],["","a","2"],["","message","3"],["","message","4"]`,
		},
		{"a type without data", "event: a\n\ndata: 1\n\n", `["","message","1"]`},
		{"ids", "id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n", `["1","message","a"],["1","message","b"],["","message","c"]`},
		{"an id without data", "id: 1\n\ndata: a\n\n", `["1","message","a"]`},
		{"an id with a NUL", "id: 1\nid: 2\x003\ndata: a\n\n", `["1","message","a"]`},
		{"an id that is not ASCII", "id: ü 1 \ndata: a\n\n", `["ü 1 ","message","a"]`},
		{"retry is no event", "retry: 100\n\nretry\nretry: soon\ndata: a\n\n", `["","message","a"]`},
		{"a long line", "data: " + fmt.Sprintf("%0200d", 7) + "\n\n", `["","message","` + fmt.Sprintf("%0200d", 7) + `"]`},
	}
	app := newModuleApp("/text/{number:int}", func(request *bare.HttpRequest) bare.HttpResponse {
		return eventsOf(tests[request.Matches.Int("number")].text+end, nil)(request)
	})
	addr, _ := serve(t, app, bare.Server{Addr: "127.0.0.1:0"})
	tab, _ := newTab(t)
	do(t, tab, chromedp.Navigate("http://"+addr+"/"))
	for number, test := range tests {
		got := evaluate[string](t, tab, parse+`("/text/`+strconv.Itoa(number)+`", ["message", "a", "b", "done"])`)
		// The id of the last event is that of the one before it.
		begin, last := "["+test.want+`,[`, `,"done",""]]`
		if !strings.HasPrefix(got, begin) || !strings.HasSuffix(got, last) {
			t.Errorf("%s: got %s, want %s...%s", test.name, got, begin, last)
		}
	}
}

func TestRecordsAreTheSameHoweverTheyAreCut(t *testing.T) {
	t.Parallel()
	const text = "\ufeff" + `{"id":"1","data":"é\r\n😀"}` + "\r\n\n\r\n[1]\n2\rnull\n" + `{"id":"9","type":"end"}` + "\n"
	const want = `[{"id":"1","data":"é\r\n😀"},[1],2,null,{"id":"9","type":"end"}]`
	addr, _ := serve(t, newModuleApp("/none", events), bare.Server{Addr: "127.0.0.1:0"})
	tab, _ := newTab(t)
	do(t, tab, chromedp.Navigate("http://"+addr+"/"))
	got := evaluate[[]string](t, tab, `(async () => {
		const streams = await import("/streams.js")
		const bytes = new TextEncoder().encode(`+strconv.Quote(text)+`)
		const found = new Set()
		for (const kind of ["records", "lines"]) {
			for (let size = 1; size <= bytes.length; size++) {
				fetch = async () => new Response(new ReadableStream({
					start(controller) {
						for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size))
						controller.close()
					},
				}), { headers: { "content-type": "application/jsonl" } })
				const seen = []
				for await (const record of streams[kind]("/stream")) seen.push(record)
				found.add(JSON.stringify(seen))
			}
		}
		return [...found]
	})()`)
	if len(got) != 1 || got[0] != want {
		t.Errorf("got %q, want %s alone", got, want)
	}
}
