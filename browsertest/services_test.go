package browsertest

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

func TestAPageUsesAServiceOfAnotherOrigin(t *testing.T) {
	t.Parallel()
	tab, _ := newTab(t)
	run(t, "rest", "-addr", origins[1])
	page := run(t, "cors", "-addr", origins[0])
	do(t, tab, chromedp.Navigate("http://localhost:9009/"))
	seen := make(map[string]bool)
	eventually(t, "three times are shown", func() bool {
		if text := evaluate[string](t, tab, textOf("#time")); strings.Contains(text, ":") {
			seen[text] = true
		}
		return len(seen) >= 3
	})
	name := func() string { return evaluate[string](t, tab, `document.getElementById("name").value`) }
	if got := name(); got != "Michael Caine" {
		t.Errorf("the name is %q", got)
	}

	do(t, tab, chromedp.SetValue("#name", "Peter Sellers"), chromedp.Click("#form button")) // after a preflight
	eventually(t, "the name has changed there", func() bool {
		return evaluate[string](t, tab, `fetch("http://localhost:9010/api/info").then((r) => r.json()).then((info) => info.name)`) == "Peter Sellers"
	})

	stream := evaluate[string](t, tab, `(async () => {
		const response = await fetch("http://localhost:9010/api/clock")
		const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
		let text = ""
		while (text.split("data:").length < 4) text += (await reader.read()).value
		await reader.cancel()
		return text
	})()`)
	if got := strings.Count(stream, "data:"); got != 3 {
		t.Errorf("the fetched stream is %q", stream)
	}

	if got := evaluate[int](t, tab, `fetch("http://localhost:9010/api/nowhere").then((r) => r.status)`); got != 404 {
		t.Errorf("the page reads the status %d", got)
	}

	do(t, tab, chromedp.Navigate(page.url+"/")) // the same page, of an origin that nobody has heard of
	eventually(t, "the page says that it may not", func() bool {
		return strings.Contains(evaluate[string](t, tab, textOf("#error")), "not to this page")
	})
}

func TestTheClockIsForThoseWhoHaveSignedIn(t *testing.T) {
	t.Parallel()
	tab, _ := newTab(t)
	program := run(t, "sessions")
	text := func() string { return evaluate[string](t, tab, textOf("#time")) }
	do(t, tab, chromedp.Navigate(program.url+"/"))
	eventually(t, "the page says who is missing", func() bool { return text() == "You are not signed in." })
	do(t, tab, chromedp.SetValue("[name=user]", "Ada"), chromedp.Click("[action=login] button"))
	eventually(t, "the clock runs", func() bool { return strings.HasPrefix(text(), "Ada, visit 1: ") })
	do(t, tab, chromedp.Reload())
	eventually(t, "the session has been saved", func() bool { return strings.HasPrefix(text(), "Ada, visit 2: ") })
	do(t, tab, chromedp.Click("[action=logout] button"))
	eventually(t, "the session is over", func() bool { return text() == "You are not signed in." })
}

func TestATodoIsAddedAndAFileIsSent(t *testing.T) {
	t.Parallel()
	tab, _ := newTab(t)
	program := run(t, "todo")
	do(t, tab, chromedp.Navigate(program.url+"/"))
	eventually(t, "the page asks for a login", func() bool {
		return evaluate[string](t, tab, textOf("#error")) == "Sign in first."
	})
	do(t, tab, chromedp.SetValue("[name=password]", "wrong"), chromedp.Click("#login button"))
	eventually(t, "a wrong password is refused", func() bool {
		return evaluate[string](t, tab, textOf("#error")) == "The user or the password is wrong."
	})
	do(t, tab, chromedp.SetValue("[name=password]", "lovelace"), chromedp.Click("#login button"))
	eventually(t, "the list is there", func() bool { return !evaluate[bool](t, tab, `document.getElementById("service").hidden`) })

	do(t, tab, chromedp.SetValue("[name=title]", "<b>Write</b>"), chromedp.Click("#create button"))
	eventually(t, "the todo is shown as text", func() bool {
		return strings.Contains(evaluate[string](t, tab, textOf("#todos li")), "<b>Write</b>")
	})
	do(t, tab, chromedp.Click("#todos input"), chromedp.Click("#create button"))
	eventually(t, "an empty title is refused", func() bool {
		return evaluate[string](t, tab, textOf("#error")) == "The title is missing."
	})
	eventually(t, "the service knows that the todo is done", func() bool {
		return evaluate[bool](t, tab, `(() => {
			const request = new XMLHttpRequest()
			request.open("GET", "api/todos", false)
			request.send()
			return JSON.parse(request.responseText)[0].done
		})()`)
	})
	do(t, tab, chromedp.Reload())
	eventually(t, "the todo is done", func() bool { return evaluate[bool](t, tab, `document.querySelector("#todos input")?.checked ?? false`) })

	evaluate[bool](t, tab, `(() => {
		const files = new DataTransfer()
		files.items.add(new File([new Uint8Array(20_000_000)], "zeros"))
		document.querySelector("[name=file]").files = files.files
		return true
	})()`)
	do(t, tab, chromedp.Click("#upload button"))
	eventually(t, "the file has arrived", func() bool { return evaluate[string](t, tab, textOf("#sent")) == "20000000 bytes" })
	eventually(t, "the bar is full", func() bool {
		return evaluate[bool](t, tab, `(({ value, max }) => max === 20_000_000 && value === max)(document.querySelector("progress"))`)
	})
	do(t, tab, chromedp.Click("#todos button"))
	eventually(t, "the todo is deleted", func() bool { return evaluate[int](t, tab, `document.querySelectorAll("#todos li").length`) == 0 })
}
