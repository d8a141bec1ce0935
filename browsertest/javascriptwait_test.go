package browsertest

import (
	"encoding/json"
	"slices"
	"strconv"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/bare-go/bare"
)

// waits has the network bring a few streams, and then break for good. It returns how
// long streams.js says that it waits, and how long it does. Its timers fire at once,
// and those for silence never.
const waits = `(async (streams, options, tries) => {
	const { events } = await import("/streams.js")
	const said = [], done = [], real = setTimeout
	fetch = async () => {
		if (streams.length === 0) throw new TypeError("network error")
		return new Response(streams.shift(), { headers: { "content-type": "text/event-stream" } })
	}
	setTimeout = (callback, ms) => {
		if (ms === 45000) return
		done.push(ms)
		return real(callback)
	}
	const onretry = (error, delay) => {
		if (said.length === tries) throw new Error("enough")
		said.push(delay)
	}
	try {
		for await (const event of events("/stream", { ...options, onretry })) {}
	} catch (error) {
		if (error.message !== "enough") throw error
	}
	setTimeout = real
	return [said, done]
})`

func TestTheWaitBeforeAReconnectIsTheServersAndGrowsWithoutAnswers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		options string
		streams []string
		want    []float64 // in milliseconds
	}{
		{"nothing is said", `{}`, []string{}, []float64{1000, 2000, 4000, 8000, 16000, 30000, 30000}},
		{"the program says", `{retry: 50000}`, []string{}, []float64{50000, 50000}},
		{"no wait at all", `{retry: 0}`, []string{}, []float64{100, 200, 400}},
		{"the server says", `{retry: 5000}`, []string{"retry: 200\n"}, []float64{200, 400, 800}},
		{"the server says it twice", `{}`, []string{"retry: 200\n\n", "retry: 300\n"}, []float64{200, 300, 600}},
		{"an answer begins anew", `{}`, []string{":", ":", ":"}, []float64{1000, 1000, 1000, 2000}},
		{"no number", `{}`, []string{"retry: 1e3\nretry: -5\nretry: +5\nretry: 0x5\nretry:  5\nretry: 5 \nretry:\nretry\nretry: \u0665\n"}, []float64{1000}},
		{"half a number", `{}`, []string{"retry: 5"}, []float64{1000}},
		{"longer than a timer can wait", `{}`, []string{"retry: 99999999999999\n"}, []float64{99999999999999}},
	}
	addr, _ := serve(t, newModuleApp("/none", events), bare.Server{Addr: "127.0.0.1:0"})
	tab, _ := newTab(t)
	do(t, tab, chromedp.Navigate("http://"+addr+"/"))
	for _, test := range tests {
		streams, err := json.Marshal(test.streams)
		if err != nil {
			t.Fatal(err)
		}
		got := evaluate[[2][]float64](t, tab, waits+`(`+string(streams)+`, `+test.options+`, `+strconv.Itoa(len(test.want))+`)`)
		said, done := got[0], got[1]
		if len(said) != len(test.want) || len(done) != len(test.want) {
			t.Errorf("%s: it says %v and waits %v, want %v", test.name, said, done, test.want)
			continue
		}
		for i, want := range test.want {
			if said[i] < want || said[i] >= 1.5*want {
				t.Errorf("%s: wait %d is %v, want %v and up to half more", test.name, i, said[i], want)
			}
			if longest := float64(1<<31 - 1); done[i] != min(said[i], longest) {
				t.Errorf("%s: wait %d is %v, but it says %v", test.name, i, done[i], said[i])
			}
		}
	}
}

// Clients that were cut together must not come back together.
func TestTwoWaitsAreNotTheSame(t *testing.T) {
	t.Parallel()
	addr, _ := serve(t, newModuleApp("/none", events), bare.Server{Addr: "127.0.0.1:0"})
	tab, _ := newTab(t)
	do(t, tab, chromedp.Navigate("http://"+addr+"/"))
	said := evaluate[[2][]float64](t, tab, waits+`([":", ":", ":", ":"], {}, 4)`)[0]
	if len(said) != 4 || said[0] == said[1] && said[1] == said[2] && said[2] == said[3] {
		t.Errorf("it waits %v", said)
	}
}

// A program that sends lines of JSON need not know of streams.js, nor send signs of life.
func TestLinesMayBeSilentForAsLongAsATimerCanWait(t *testing.T) {
	t.Parallel()
	addr, _ := serve(t, newModuleApp("/none", events), bare.Server{Addr: "127.0.0.1:0"})
	tab, _ := newTab(t)
	do(t, tab, chromedp.Navigate("http://"+addr+"/"))
	shortest := evaluate[float64](t, tab, `(async () => {
		const { lines } = await import("/streams.js")
		const limits = []
		fetch = async () => new Response("1\n")
		setTimeout = (callback, ms) => { limits.push(ms) }
		for await (const line of lines("/stream", { silence: undefined })) {}
		return Math.min(...limits)
	})()`)
	if want := float64(1<<31 - 1); shortest != want {
		t.Errorf("the shortest limit is %v, want %v", shortest, want)
	}
}

// A comment is no event, but a sign of life. A loop that takes its time is busy, and
// the connection not silent.
func TestTheLimitForSilenceBeginsAnewWithEachChunkAndNotInTheLoop(t *testing.T) {
	t.Parallel()
	addr, _ := serve(t, newModuleApp("/none", events), bare.Server{Addr: "127.0.0.1:0"})
	tab, _ := newTab(t)
	do(t, tab, chromedp.Navigate("http://"+addr+"/"))
	got := evaluate[[]string](t, tab, `(async () => {
		const { events } = await import("/streams.js")
		const seen = []
		const running = new Set()
		setTimeout = (callback, ms) => running.add(ms).size && ms
		clearTimeout = (ms) => { running.delete(ms) && seen.push("in time") }
		const chunks = [":", "\n\n", ":\n\n", "data: a\n\nevent: done\ndata: b\n\n"]
		fetch = async () => new Response(new ReadableStream({
			async pull(controller) {
				await null
				seen.push([...running].join() + " ms for")
				controller.enqueue(new TextEncoder().encode(chunks.shift()))
			},
		}, { highWaterMark: 0 }), { headers: { "content-type": "text/event-stream" } })
		for await (const { data } of events("/stream")) seen.push(data + " with " + running.size + " limits")
		return seen
	})()`)
	chunk := []string{"45000 ms for", "in time"}
	want := slices.Concat([]string{"in time"}, chunk, chunk, chunk, chunk, []string{"a with 0 limits", "b with 0 limits"})
	if !slices.Equal(got, want) {
		t.Errorf("got\n%q, want\n%q", got, want)
	}
}
