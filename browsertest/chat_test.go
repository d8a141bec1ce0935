package browsertest

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/topic"
)

// TestTwoTabsTalkWithEachOther has them say something, and stops and starts the program in
// between. The program of a subtest stops with it.
//
//nolint:contextcheck,paralleltest,tparallel // the programs follow each other, and a tab's context is not theirs
func TestTwoTabsTalkWithEachOther(t *testing.T) {
	t.Parallel()
	ann, _ := newTab(t)
	bob, leave := newTab(t)
	read := func(t *testing.T, tab context.Context, want ...string) {
		t.Helper()
		text := strings.Join(want, "\n")
		eventually(t, "the page shows "+text, func() bool {
			return strings.HasPrefix(evaluate[string](t, tab, textOf("#lines"))+"\n", text+"\n")
		})
	}
	say := func(t *testing.T, tab context.Context, text string) {
		t.Helper()
		do(t, tab, chromedp.SetValue("#text", text), chromedp.Click("#say button"))
	}
	var addr string
	t.Run("at once", func(t *testing.T) {
		program := run(t, "web_socket_chat")
		addr = strings.TrimPrefix(program.url, "http://")
		do(t, ann, chromedp.Navigate(program.url+"/"), chromedp.SetValue("#name", "Ann"), chromedp.Click("#join button"))
		read(t, ann, "Ann is here")
		say(t, ann, "<b>Anybody?</b>")
		read(t, ann, "Ann: <b>Anybody?</b>", "Ann is here")
		do(t, bob, chromedp.Navigate(program.url+"/"), chromedp.SetValue("#name", "Bob"), chromedp.Click("#join button"))
		read(t, bob, "Bob is here", "Ann: <b>Anybody?</b>", "Ann is here")
		say(t, bob, "Me")
		read(t, ann, "Bob: Me", "Bob is here", "Ann: <b>Anybody?</b>")
	})
	t.Run("and after a restart", func(t *testing.T) {
		eventually(t, "the pages know that the program has stopped", func() bool {
			return evaluate[string](t, ann, textOf("#status")) == "coming back" && evaluate[string](t, bob, textOf("#status")) == "coming back"
		})
		run(t, "web_socket_chat", "-addr", addr)
		for _, tab := range []context.Context{ann, bob} {
			eventually(t, "the page is back", func() bool { return evaluate[string](t, tab, textOf("#status")) == "in the room" })
		}
		eventually(t, "both are here", func() bool {
			text, _, _ := strings.Cut(evaluate[string](t, ann, textOf("#lines")), "Some of what was said is lost")
			return strings.Contains(text, "Ann is here") && strings.Contains(text, "Bob is here")
		})
		say(t, ann, "Again")
		read(t, bob, "Ann: Again")
		leave()
		read(t, ann, "Bob has left", "Ann: Again")
	})
}

// TestFourTransportsShowTheSameEvents looks at the table of the page.
func TestFourTransportsShowTheSameEvents(t *testing.T) {
	t.Parallel()
	tab, _ := newTab(t)
	program := run(t, "one_topic_four_transports")
	do(t, tab, chromedp.Navigate(program.url+"/"))
	cells := func(row string) []string {
		return evaluate[[]string](t, tab, `[...rows[`+row+`].cells].slice(1).map((cell) => cell.textContent)`)
	}
	for name, row := range map[string]string{"the state is": "0", "there are bytes of bodies": "6", "there is a cost of an event": "7"} {
		eventually(t, name+" that of all four", func() bool {
			for _, text := range cells(row) {
				if row == "0" && text != "open" || strings.Trim(text, "0123456789") != "" && row != "0" {
					return false
				}
			}
			return true
		})
	}
	eventually(t, "all four have the same event", func() bool {
		last := cells("1")
		return last[0] == last[1] && last[1] == last[2] && last[2] == last[3] && last[0] != "–"
	})
}

// TestThePageOfTheGuideFollowsATopic sends it away in between.
func TestThePageOfTheGuideFollowsATopic(t *testing.T) {
	t.Parallel()
	tab, _ := newTab(t)
	orders := topic.New(topic.Options{Retry: 200 * time.Millisecond, Spread: -1})
	script, err := os.ReadFile("../docs/user-guide/code/records.js")
	if err != nil {
		t.Fatal(err)
	}
	app := newModuleApp("/orders", orders.Handle)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/records.js", func(*bare.HttpRequest) bare.HttpResponse {
		return bare.BytesResponse(200, "text/javascript", script)
	})
	addr, _ := serve(t, app, bare.Server{Addr: "127.0.0.1:0"})
	do(t, tab, chromedp.Navigate("http://"+addr+"/"))
	evaluate[bool](t, tab, `import("/records.js").then(({ follow }) => {
		window.seen = []
		follow("orders", (record) => seen.push(record.data ?? record.type))
		return true
	})`)
	joined := func() bool { return orders.Stats().Subscribers == 1 }
	publish := func(text string) {
		if _, err := orders.Publish(t.Context(), topic.Event{Data: []byte(text)}); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "the page has joined", joined)
	publish("one")
	if err := orders.Drain(t.Context(), 0); err != nil {
		t.Error(err)
	}
	publish("two")
	eventually(t, "the page is back", joined)
	publish("three")
	if err := orders.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the page has all of it", func() bool {
		return evaluate[string](t, tab, `seen.join()`) == "one,two,three,end"
	})
	pause(time.Second)
	if got := orders.Stats(); got.Joined != 2 || got.Subscribers != 0 {
		t.Errorf("the page has come back after the end: %+v", got)
	}
}
