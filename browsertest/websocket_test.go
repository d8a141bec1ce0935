package browsertest

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

func TestThePageIsAnsweredOverAWebSocketUntilItCloses(t *testing.T) {
	t.Parallel()
	tab, _ := newTab(t)
	program := run(t, "web_socket")
	status := func() string { return evaluate[string](t, tab, textOf("#status")) }
	do(t, tab, chromedp.Navigate(program.url+"/"))
	eventually(t, "the WebSocket is open", func() bool { return status() == "open" })
	for _, text := range []string{"hello", "<b>Grüße</b> 🎈"} {
		do(t, tab, chromedp.SetValue("#text", text), chromedp.Click("#send"))
	}
	eventually(t, "both answers are shown as text", func() bool {
		return evaluate[string](t, tab, textOf("#answers")) == "You said: hello\nYou said: <b>Grüße</b> 🎈"
	})
	do(t, tab, chromedp.Click("#close"))
	eventually(t, "the page has the code of the close", func() bool { return status() == "closed with 1000" })
}

func TestABrowserIsToldTheCodeOfAMessageThatIsTooBig(t *testing.T) {
	t.Parallel()
	tab, _ := newTab(t)
	program := run(t, "web_socket")
	do(t, tab, chromedp.Navigate(program.url+"/"))
	eventually(t, "the WebSocket is open", func() bool { return evaluate[string](t, tab, textOf("#status")) == "open" })
	code := evaluate[int](t, tab, `new Promise((resolve) => {
		const socket = new WebSocket(new URL("echo", location.href).href.replace("http", "ws"))
		socket.onopen = () => socket.send(new Uint8Array(64 << 20))
		socket.onclose = (event) => resolve(event.code)
	})`)
	if code != 1009 {
		t.Errorf("closed with %d", code)
	}
}

// A browser sends the origin of the page, which has the port in it: the two programs are
// foreign to each other.
func TestABrowserLetsNoForeignPageIn(t *testing.T) {
	t.Parallel()
	tab, _ := newTab(t)
	page, foreign := run(t, "web_socket"), run(t, "web_socket")
	do(t, tab, chromedp.Navigate(page.url+"/"))
	ended := evaluate[string](t, tab, `new Promise((resolve) => {
		const socket = new WebSocket("`+strings.Replace(foreign.url, "http", "ws", 1)+`/echo")
		socket.onopen = () => resolve("open")
		socket.onclose = (event) => resolve("closed with " + event.code)
	})`)
	if ended != "closed with 1006" {
		t.Errorf("the foreign page's WebSocket is %s", ended)
	}
}
