package browsertest

import (
	"context"
	"image"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/remote"
)

// TestScreenshotOfTheNetworkTab takes the picture only with -update, from the
// DevTools of a second browser. DevTools change with each version of Chromium, so
// without -update the test only checks the committed picture.
func TestScreenshotOfTheNetworkTab(t *testing.T) {
	t.Parallel()
	size := image.Pt(900, 340)
	path := filepath.Join("..", "docs", "images", "events-in-the-network-tab.png")
	if *update {
		keepPicture(t, path, networkTab(t, size))
	}
	checkPictureFile(t, path, size)
}

// networkTab opens the example's page in one tab and its DevTools in another, and
// returns a picture of the events that arrive.
func networkTab(t *testing.T, size image.Point) []byte {
	t.Helper()
	page, tools, address := newTools(t)
	program := run(t, "server_sent_events")
	do(t, tools, chromedp.EmulateViewport(int64(size.X), int64(size.Y)), chromedp.Navigate(address))
	evaluate[bool](t, tools, `localStorage.setItem("network-log-show-overview", "false"), true`) // no timeline
	do(t, tools, chromedp.Reload())
	boxOf(t, tools, "devtools-button", "Reload page")
	pause(2 * time.Second) // DevTools do not tell when they start to record
	do(t, page, chromedp.Navigate(program.url+"/test"))
	click(t, tools, "td", "events")
	click(t, tools, ".tabbed-pane-header-tab", "EventStream")
	dragEdge(t, tools, "Data", 40)
	dragEdge(t, tools, "Time", -60)
	sent := program.printed("Sending event")
	eventually(t, "seven events are shown", func() bool { return program.printed("Sending event") >= max(8, sent+1) })
	picture, err := chromedp.Run(tools, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatal(err)
	}
	return picture
}

// newTools starts a browser with a debugging port, and returns two of its tabs and
// the address of the DevTools for the first tab.
func newTools(t *testing.T) (page, tools context.Context, address string) {
	t.Helper()
	path, err := findChromium()
	if err != nil {
		t.Fatal(err)
	}
	profile := t.TempDir()
	allocator, cancel := chromedp.NewExecAllocator(context.Background(), append(browserOptions(path),
		remote.WebSocket, chromedp.UserDataDir(profile), chromedp.Flag("remote-allow-origins", "*"))...)
	t.Cleanup(cancel)
	page, cancel = chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	do(t, page)
	tools, cancel = chromedp.NewContext(page)
	t.Cleanup(cancel)
	do(t, tools)
	file, err := os.ReadFile(filepath.Join(profile, "DevToolsActivePort"))
	if err != nil {
		t.Fatal(err)
	}
	port, _, _ := strings.Cut(string(file), "\n")
	host := "127.0.0.1:" + port
	target := string(chromedp.FromContext(page).Target.TargetID)
	return page, tools, "http://" + host + "/devtools/devtools_app.html?panel=network&ws=" + host + "/devtools/page/" + target
}

// click waits for an element that has a text, and clicks on it.
func click(t *testing.T, tab context.Context, selector, text string) { //nolint:revive // t comes first in a test
	t.Helper()
	at := boxOf(t, tab, selector, text)
	do(t, tab, chromedp.MouseClickXY(at.X+at.Width/2, at.Y+at.Height/2))
}

// dragEdge moves the left edge of a column.
func dragEdge(t *testing.T, tab context.Context, column string, by float64) { //nolint:revive // t comes first in a test
	t.Helper()
	at := boxOf(t, tab, "th", column)
	do(t, tab, chromedp.DragAndDropXY(at.X, at.Y+at.Height/2, at.X+by, at.Y+at.Height/2))
}

type box struct {
	X      float64 `json:"x"`
	Y      float64 `json:"y"`
	Width  float64 `json:"width"`
	Height float64 `json:"height"`
}

// boxOf waits for an element that has a text. It searches shadow roots too, as
// DevTools are built from them.
func boxOf(t *testing.T, tab context.Context, selector, text string) (found box) { //nolint:revive // t comes first in a test
	t.Helper()
	find := `(() => {
		const deep = (root) => [...root.querySelectorAll("` + selector + `"), ...[...root.querySelectorAll("*")]
			.filter((element) => element.shadowRoot).flatMap((element) => deep(element.shadowRoot))]
		return deep(document).filter((element) => element.textContent.trim() === "` + text + `")
			.map((element) => element.getBoundingClientRect()).find((box) => box.width > 0)?.toJSON() ?? {}
	})()`
	eventually(t, text+" is shown", func() bool {
		found = evaluate[box](t, tab, find)
		return found.Width > 0
	})
	return found
}
