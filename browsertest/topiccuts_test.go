package browsertest

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/topic"
)

// A ticking is a topic to which numbers are published, from 1 on.
type ticking struct {
	topic *topic.Topic
	last  int // valid when stop has returned
	stop  func()
}

func newTicking(t *testing.T) *ticking {
	t.Helper()
	k := &ticking{topic: topic.New(topic.Options{Retry: 100 * time.Millisecond, Spread: time.Millisecond})}
	quit, ended := make(chan struct{}), make(chan struct{})
	k.stop = sync.OnceFunc(func() { close(quit); <-ended })
	t.Cleanup(k.stop)
	go func() {
		defer close(ended)
		ticker := time.NewTicker(10 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-quit:
				return
			case <-ticker.C:
			}
			event := topic.Event{Type: "number", Data: []byte(strconv.Itoa(k.last + 1))}
			if _, err := k.topic.Publish(context.Background(), event); err != nil {
				t.Error(err)
				return
			}
			k.last++
		}
	}()
	return k
}

// everybody is the key of all streams, by which the test cuts them.
const everybody = "everybody"

func (k *ticking) app() *bare.Application {
	return newModuleApp("/events", func(request *bare.HttpRequest) bare.HttpResponse {
		return k.topic.Serve(request, topic.Lease{Key: everybody})
	})
}

// follow has a page read the topic in the two ways that resume: with EventSource, and
// with streams.js. It keeps what each has been sent since the last gap, and the gaps.
const follow = `
	window.seen = { source: [], fetch: [] }
	window.gaps = { source: 0, fetch: 0 }
	window.opens = 0
	const keep = (kind, { type, data }) => {
		if (type === "gap") { gaps[kind]++; seen[kind] = [] }
		if (type === "number") seen[kind].push(Number(data))
	}
	const source = new EventSource("events")
	source.onopen = () => { opens++ }
	for (const type of ["number", "gap"]) source.addEventListener(type, (event) => keep("source", event));
	(async () => {
		const { events } = await import("/streams.js")
		for await (const event of events("events", { retry: 100 })) keep("fetch", event)
	})()
	true`

// followers are pages that follow a topic.
type followers struct {
	t    *testing.T
	tabs []context.Context
}

// await waits until an expression is true in each page.
func (f *followers) await(what, expression string) {
	f.t.Helper()
	for _, tab := range f.tabs {
		eventually(f.t, what, func() bool { return evaluate[bool](f.t, tab, expression) })
	}
}

// goOn waits until each stream has brought more than it has now.
func (f *followers) goOn(when string) {
	f.t.Helper()
	for _, tab := range f.tabs {
		evaluate[bool](f.t, tab, `window.before = [seen.source.at(-1) ?? 0, seen.fetch.at(-1) ?? 0]; true`)
	}
	f.await("both streams go on "+when, `seen.source.at(-1) > before[0] + 5 && seen.fetch.at(-1) > before[1] + 5`)
}

// check waits for the last number, and checks that none is missing or came twice
// since the first one that a stream has.
func (f *followers) check(last, gaps int) {
	f.t.Helper()
	end := strconv.Itoa(last)
	f.await("both streams have number "+end, `seen.source.at(-1) >= `+end+` && seen.fetch.at(-1) >= `+end)
	for _, tab := range f.tabs {
		for kind, numbers := range evaluate[map[string][]int](f.t, tab, "seen") {
			for i, number := range numbers {
				if number != numbers[0]+i {
					f.t.Errorf("by %s, %d came after %d", kind, number, numbers[i-1])
					break
				}
			}
		}
		for kind, count := range evaluate[map[string]int](f.t, tab, "gaps") {
			if count != gaps {
				f.t.Errorf("by %s, %d gaps were announced, want %d", kind, count, gaps)
			}
		}
	}
}

func TestTwoPagesOfATopicLoseNothing(t *testing.T) {
	t.Parallel()
	direct, _ := newTab(t)
	behind, _ := newTab(t)
	f := &followers{t, []context.Context{direct, behind}}
	k := newTicking(t)
	addr, stop := serve(t, k.app(), bare.Server{Addr: "127.0.0.1:0"})
	nginx := newFront(t, addr)
	do(t, direct, chromedp.Navigate("http://"+addr+"/"))
	do(t, behind, chromedp.Navigate("https://"+nginx.addr+"/"))
	for _, tab := range f.tabs {
		evaluate[bool](t, tab, follow)
	}
	f.goOn("at first")

	for range 3 {
		if cut := k.topic.Kick(everybody); cut == 0 {
			t.Error("no stream was cut")
		}
		f.goOn("after a cut")
	}
	nginx.stop()
	eventually(t, "the page finds nobody there", func() bool {
		return evaluate[bool](t, behind, "source.readyState === EventSource.CONNECTING")
	})
	nginx.start()
	f.goOn("after a restart of nginx")
	f.await("the stream was opened again", "opens >= 4")
	k.stop()
	f.check(k.last, 0)

	// The log dies with the server. The pages are told so, and go on with all that the
	// new one has.
	stop()
	k = newTicking(t)
	serve(t, k.app(), bare.Server{Addr: addr})
	f.await("a gap is announced", "gaps.source > 0 && gaps.fetch > 0")
	f.goOn("after a restart of the server")
	k.stop()
	f.check(k.last, 1)
	f.await("the new log is there from its first number", "seen.source[0] === 1 && seen.fetch[0] === 1")
}
