package browsertest

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// Two windows are in one room. One that is opened later, or again, has all that was
// said before, once and in order.
func TestTwoWindowsHaveTheWholeRoom(t *testing.T) {
	t.Parallel()
	first, _ := newTab(t)
	second, closeSecond := newTab(t)
	program := run(t, "durable_streams")
	say := func(text string) []action {
		return []action{chromedp.SetValue("[name=text]", text), chromedp.Click("#say")}
	}
	const messages = `[...document.querySelectorAll("#messages > *")].map((item) => item.innerText).join("|")`
	do(t, first, chromedp.Navigate(program.url+"/"), chromedp.WaitReady("#messages"))
	eventually(t, "the room is open", func() bool { return evaluate[string](t, first, textOf("#state")) == "open" })
	do(t, first, say("<b>one</b>")...)
	eventually(t, "the speaker sees it", func() bool { return evaluate[string](t, first, messages) == "Ada: <b>one</b>" })

	do(t, second, chromedp.Navigate(program.url+"/"))
	eventually(t, "a later window has it", func() bool { return evaluate[string](t, second, messages) == "Ada: <b>one</b>" })
	do(t, second, say("two")...)
	for i, tab := range []string{"first", "second"} {
		window := first
		if i == 1 {
			window = second
		}
		eventually(t, tab+" has both", func() bool { return evaluate[string](t, window, messages) == "Ada: <b>one</b>|Ada: two" })
	}
	closeSecond()
	do(t, first, chromedp.Reload())
	eventually(t, "a window that is opened again has both", func() bool {
		return evaluate[string](t, first, messages) == "Ada: <b>one</b>|Ada: two"
	})
	if said := evaluate[string](t, first, textOf("#error")); strings.TrimSpace(said) != "" {
		t.Errorf("the page reports %q", said)
	}
}
