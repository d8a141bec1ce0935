package browsertest

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// textOf is an expression for the text of the element that a selector finds.
func textOf(selector string) string {
	return `(document.querySelector("` + selector + `")?.innerText ?? "")`
}

func TestTheTimeOnThePageChangesTwice(t *testing.T) {
	t.Parallel()
	tab, _ := newTab(t)
	program := run(t, "server_sent_events")
	do(t, tab, chromedp.Navigate(program.url+"/"))
	seen := make(map[string]bool)
	eventually(t, "three times are shown", func() bool {
		if text := evaluate[string](t, tab, textOf("#time")); strings.HasPrefix(text, "2") {
			seen[text] = true
		}
		return len(seen) >= 3
	})
}

func TestClosingTheTabEndsTheProducer(t *testing.T) {
	t.Parallel()
	tab, closeTab := newTab(t)
	program := run(t, "server_sent_events")
	do(t, tab, chromedp.Navigate(program.url+"/test"))
	eventually(t, "an event is sent", func() bool { return program.printed("Sending event") > 0 })
	if program.printed("Cancelled") != 0 {
		t.Error("the stream ended before the tab was closed")
	}
	closeTab()
	eventually(t, "the producer ends", func() bool { return program.printed("Cancelled") == 1 })
}

func TestASecondSubmitAbortsTheFirstStream(t *testing.T) {
	t.Parallel()
	tab, _ := newTab(t)
	program := run(t, "streaming_fetch")
	do(t, tab, chromedp.Navigate(program.url+"/test"), chromedp.Click("#start"))
	lines := func() string { return evaluate[string](t, tab, textOf("#lines")) }
	eventually(t, "two ticks are shown", func() bool { return strings.Count(lines(), "hello") >= 2 })
	if program.printed("Cancelled") != 0 {
		t.Error("the first stream ended too early")
	}
	do(t, tab, chromedp.Click("#start"))
	eventually(t, "the server sees the first stream leave", func() bool { return program.printed("Cancelled") == 1 })
	eventually(t, "the second stream is shown", func() bool { return strings.Contains(lines(), "hello") })
	do(t, tab, chromedp.Click("#stop"))
	eventually(t, "the server sees the second stream leave", func() bool { return program.printed("Cancelled") == 2 })
}

func TestFetchedEventsAreShownUntilTheyAreStopped(t *testing.T) {
	t.Parallel()
	tab, _ := newTab(t)
	program := run(t, "fetch_events")
	do(t, tab, chromedp.Navigate(program.url+"/"))
	status := func() string { return evaluate[string](t, tab, textOf("#status")) }
	eventually(t, "two events are shown", func() bool {
		return evaluate[string](t, tab, textOf("#events")) == "Number 1\nNumber 2" && status() == "open"
	})
	do(t, tab, chromedp.Click("#stop"))
	eventually(t, "the page says that it has stopped", func() bool { return status() == "stopped" })
}

func TestTheUsersTextStaysText(t *testing.T) {
	t.Parallel()
	tab, _ := newTab(t)
	program := run(t, "streaming_fetch")
	const text = `<img src=x onerror=document.title=1>`
	do(t, tab, chromedp.Navigate(program.url+"/test"),
		chromedp.SetValue("#body", `{"message": "`+text+`"}`), chromedp.Click("#start"))
	eventually(t, "the text is shown", func() bool {
		return strings.Contains(evaluate[string](t, tab, textOf("#lines")), text)
	})
	if images := evaluate[int](t, tab, `document.images.length`); images != 0 {
		t.Errorf("the text has become %d elements", images)
	}
}

func TestARefusalIsShown(t *testing.T) {
	t.Parallel()
	tab, _ := newTab(t)
	program := run(t, "streaming_fetch")
	do(t, tab, chromedp.Navigate(program.url+"/test"), chromedp.SetValue("#body", `{`), chromedp.Click("#start"))
	eventually(t, "the server's sentence is shown", func() bool {
		return strings.Contains(evaluate[string](t, tab, textOf("#error")), "The request body is not valid JSON")
	})
}

func TestTheTenMessagesArriveAndThePageCloses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		prepare []action
		want    int // the ten, the one of two lines, and what an event called done says
	}{
		{"an event called done", nil, 12},
		{"a poison pill", []action{chromedp.Click(`input[name=closing][value='']`)}, 11},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			tab, _ := newTab(t)
			program := run(t, "finite_events")
			do(t, tab, chromedp.Navigate(program.url+"/test"))
			do(t, tab, append(test.prepare, chromedp.Click("#start"))...)
			messages := func() int { return evaluate[int](t, tab, `document.querySelectorAll("#messages li").length`) }
			state := func() string { return evaluate[string](t, tab, textOf("#state")) }
			eventually(t, "the page has closed the source", func() bool { return state() == "closed" })
			arrived := messages()
			if arrived != test.want {
				t.Errorf("%d messages arrived, want %d", arrived, test.want)
			}
			requests := `performance.getEntriesByType("resource").filter((e) => e.name.includes("endpoint")).length`
			before := evaluate[int](t, tab, requests)
			if before != 1 {
				t.Errorf("the page made %d requests for the stream, want 1", before)
			}
			pause(5 * time.Second) // an EventSource that is open would have come back
			if after := evaluate[int](t, tab, requests); after != before || messages() != arrived || state() != "closed" {
				t.Errorf("after five seconds: %d requests, %d messages, %s", after, messages(), state())
			}
		})
	}
}
