package browsertest

import (
	"context"
	"image"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestTwoPagesSeeEachVote does what docs/tutorial/topics.md has its reader do. The
// program of a subtest stops with it.
//
//nolint:contextcheck,paralleltest,tparallel // the programs follow each other, and a tab's context is not theirs
func TestTwoPagesSeeEachVote(t *testing.T) {
	t.Parallel()
	first, _ := newTab(t)
	second, _ := newTab(t)
	tabs := []context.Context{first, second}
	show := func(t *testing.T, dish, votes string) {
		t.Helper()
		for _, tab := range tabs {
			eventually(t, dish+" has "+votes, func() bool { return evaluate[string](t, tab, textOf("#"+dish)) == votes })
		}
	}
	var addr string
	t.Run("at once", func(t *testing.T) {
		program := run(t, "topics")
		addr = strings.TrimPrefix(program.url, "http://")
		for _, tab := range tabs {
			do(t, tab, chromedp.Navigate(program.url+"/"))
		}
		show(t, "pizza", "0")
		do(t, first, chromedp.Click("[data-dish=pizza]"))
		show(t, "pizza", "1")
		do(t, second, chromedp.Click("[data-dish=pizza]"), chromedp.Click("[data-dish=sushi]"))
		show(t, "pizza", "2")
		show(t, "sushi", "1")
	})
	t.Run("and after a restart", func(t *testing.T) {
		run(t, "topics", "-addr", addr)
		show(t, "pizza", "0") // they were told of a gap
		do(t, first, chromedp.Click("[data-dish=salad]"))
		show(t, "salad", "1")
	})
}

// TestThePictureOfTwoPages takes the chapter's picture, two windows side by side, and saves it
// when it runs with -update.
func TestThePictureOfTwoPages(t *testing.T) {
	t.Parallel()
	tab, _ := newTab(t)
	program := run(t, "topics")
	size := image.Pt(720, 324)
	do(t, tab, chromedp.EmulateViewport(int64(size.X), int64(size.Y)), chromedp.Navigate(program.url+"/votes"))
	evaluate[bool](t, tab, `(() => {
		const page = '<iframe src="/" style="width:49%; height:300px; border:1px solid gray"></iframe>'
		document.body.style.margin = "8px"
		document.body.innerHTML = page + " " + page
		return true
	})()`)
	inBoth := func(text string) string {
		return `[0, 1].every((i) => frames[i]?.document.getElementById("pizza")?.textContent === "` + text + `")`
	}
	eventually(t, "both pages have the votes", func() bool { return evaluate[bool](t, tab, inBoth("0")) })
	for _, dish := range []string{"pizza", "pizza", "sushi", "pizza", "salad"} {
		evaluate[int](t, tab, `fetch("/votes/`+dish+`", { method: "POST" }).then((response) => response.status)`)
	}
	eventually(t, "both pages have counted them", func() bool { return evaluate[bool](t, tab, inBoth("3")) })
	picture, err := chromedp.Run(tab, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("..", "docs", "tutorial", "images", "topics.png")
	if *update {
		keepPicture(t, path, picture)
	}
	checkPicture(t, "the two pages", picture, size)
	checkPictureFile(t, path, size)
}
