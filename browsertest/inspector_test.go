package browsertest

import (
	"context"
	"image"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// inspected runs the example with a stream of each kind open, and opens the inspector.
func inspected(t *testing.T) (streams, page context.Context) {
	t.Helper()
	streams, _ = newTab(t)
	page, _ = newTab(t)
	program := run(t, "inspector")
	// A stop would wait for the download, which waits for this tab.
	t.Cleanup(func() { do(t, streams, chromedp.Click("#close")) })
	do(t, streams, chromedp.Navigate(program.url+"/"))
	for _, path := range []string{"clock", "prices", "report", "download"} {
		do(t, streams, chromedp.Click("[data-path="+path+"]"))
	}
	do(t, page, chromedp.Navigate(program.url+"/inspect"))
	return streams, page
}

// row is an expression for the first row of a table that speaks of a path.
func row(table, path string) string {
	return `[...document.querySelectorAll("#` + table + ` tr")].find((tr) => tr.querySelector("b").textContent === "` + path + `")`
}

// endClock clicks the button of the clock.
func endClock(t *testing.T, page context.Context) { //nolint:revive // t comes first in a test
	t.Helper()
	if !evaluate[bool](t, page, `(`+row("streams", "/clock")+`.querySelector("button").click(), true)`) {
		t.Error("there is no button")
	}
}

func TestTheInspectorShowsStreamsAndEndsOne(t *testing.T) {
	t.Parallel()
	streams, page := inspected(t)
	text := func(table, path string) string {
		return evaluate[string](t, page, row(table, path)+`?.innerText ?? ""`)
	}
	eventually(t, "all streams are shown", func() bool {
		for _, path := range []string{"/clock", "/prices", "/report", "/download", "/inspect/events"} {
			if text("streams", path) == "" || text("routes", path) == "" {
				return false
			}
		}
		return true
	})
	eventually(t, "the download is blocked", func() bool {
		return evaluate[string](t, page, textOf("#blocked")) == "1" &&
			evaluate[string](t, page, row("streams", "/download")+`.querySelector("[data-label='blocked for']").innerText`) != ""
	})
	if got := text("streams", "/prices"); !strings.Contains(got, "transport sse") || !strings.Contains(got, " B") {
		t.Errorf("the topic is shown as %q", got)
	}
	endClock(t, page)
	eventually(t, "the clock is not shown any more", func() bool { return text("streams", "/clock") == "" })
	eventually(t, "its end is shown with its reason", func() bool {
		got := text("ends", "/clock")
		return strings.Contains(got, "cut") && strings.Contains(got, "ended by hand")
	})
	if got := text("routes", "/clock"); !strings.Contains(got, "cut 1") {
		t.Errorf("its route is shown as %q", got)
	}
	eventually(t, "its client sees a cut", func() bool {
		return strings.Contains(evaluate[string](t, streams, textOf("#streams")), "clock: ended")
	})
	do(t, page, chromedp.Click("#pause"))
	eventually(t, "the page has let go", func() bool { return evaluate[string](t, page, textOf("#state")) == "paused" })
	do(t, page, chromedp.Click("#pause"))
	eventually(t, "it looks again", func() bool { return evaluate[string](t, page, textOf("#state")) == "live" })
}

func TestTheInspectorFitsIntoANarrowWindow(t *testing.T) {
	t.Parallel()
	_, page := inspected(t)
	for _, width := range []int64{400, 1280} {
		do(t, page, chromedp.EmulateViewport(width, 800))
		eventually(t, "streams are shown", func() bool {
			return evaluate[int](t, page, `document.querySelectorAll("#streams tr").length`) >= 5
		})
		if got := evaluate[int64](t, page, `document.documentElement.scrollWidth`); got > width {
			t.Errorf("the page is %d pixels wide in a window of %d", got, width)
		}
	}
}

// TestThePictureOfTheInspector takes the picture of the README, and saves it when it runs
// with -update.
func TestThePictureOfTheInspector(t *testing.T) {
	t.Parallel()
	_, page := inspected(t)
	size := image.Pt(960, 870)
	do(t, page, chromedp.EmulateViewport(int64(size.X), int64(size.Y)))
	eventually(t, "all streams are shown", func() bool {
		return evaluate[int](t, page, `document.querySelectorAll("#streams tr").length`) >= 5
	})
	endClock(t, page)
	eventually(t, "a report has ended, and a clock", func() bool {
		return evaluate[bool](t, page, `!!(`+row("ends", "/report")+` && `+row("ends", "/clock")+`)`)
	})
	picture, err := chromedp.Run(page, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("..", "docs", "images", "inspector.png")
	if *update {
		keepPicture(t, path, picture)
	}
	checkPicture(t, "the page", picture, size)
	checkPictureFile(t, path, size)
}
