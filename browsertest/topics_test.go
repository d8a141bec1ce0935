package browsertest

import (
	"context"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestTwoPagesSeeEachVote does what docs/tutorial/topics.md has its reader do. The
// program of a subtest stops with it.
//
//nolint:paralleltest,tparallel // the second program comes after the first one, at the same address
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
