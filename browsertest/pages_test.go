package browsertest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// TestPagesLogNoErrorAndFitAPhone opens each page of the examples on a small
// screen, lets it stream, and checks that the browser reports no error.
func TestPagesLogNoErrorAndFitAPhone(t *testing.T) {
	t.Parallel()
	time := textOf("#time") + `.startsWith("2")`
	tests := []struct {
		name, example, path string
		actions             []action
		ready               string
	}{
		{"server-sent events", "server_sent_events", "/", nil, time},
		{"streaming fetch", "streaming_fetch", "/", []action{chromedp.Click("#start")}, `document.querySelectorAll("#lines > *").length > 0`},
		{"finite events", "finite_events", "/", []action{chromedp.Click("#start")}, textOf("#state") + ` === "closed"`},
		{"events", "events", "/", []action{chromedp.Click("#full")}, time + " && " + textOf("#countdown") + ` === "lift-off"`},
		{"polling", "polling", "/", nil, time},
		{"long polling", "polling", "/long", nil, time},
		{"events by fetch", "fetch_events", "/", nil, textOf("#events") + `.includes("Number 2")`},
		{"durable streams", "durable_streams", "/", []action{chromedp.SetValue("[name=text]", "hello"), chromedp.Click("#say")}, `document.querySelectorAll("#messages > *").length > 0`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			tab, _ := newTab(t)
			faults := listenForFaults(t, tab)
			program := run(t, test.example)
			do(t, tab, chromedp.EmulateViewport(320, 600, chromedp.EmulateMobile), chromedp.Navigate(program.url+test.path))
			do(t, tab, test.actions...)
			eventually(t, "the page streams", func() bool { return evaluate[bool](t, tab, test.ready) })
			if got := faults(); len(got) > 0 {
				t.Errorf("the browser reports %q", got)
			}
			if width := evaluate[int](t, tab, `document.documentElement.scrollWidth`); width != 320 {
				t.Errorf("the page is %d wide on a phone of 320", width)
			}
		})
	}
}

func TestFaultsOfAPageAreFound(t *testing.T) {
	t.Parallel()
	tab, _ := newTab(t)
	faults := listenForFaults(t, tab)
	program := run(t, "polling")
	do(t, tab, chromedp.Navigate(program.url+"/test"))
	evaluate[bool](t, tab, `(async () => {
		console.error("said")
		await fetch("missing")
		setTimeout(() => { throw new Error("thrown") })
		return true
	})()`)
	eventually(t, "each kind is found", func() bool {
		found := strings.Join(faults(), "\n")
		return strings.Contains(found, "said") && strings.Contains(found, "404") && strings.Contains(found, "thrown")
	})
}

// listenForFaults returns a function that lists what has gone wrong in a tab since:
// exceptions, errors in the console, and responses with a status of 400 or more.
func listenForFaults(t *testing.T, tab context.Context) func() []string { //nolint:revive // t comes first in a test
	t.Helper()
	var mutex sync.Mutex
	var faults []string
	err := chromedp.Listen(tab, func(event any) {
		if fault := faultOf(event); fault != "" {
			mutex.Lock()
			defer mutex.Unlock()
			faults = append(faults, fault)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return func() []string {
		mutex.Lock()
		defer mutex.Unlock()
		return faults
	}
}

// faultOf describes the fault that an event reports. It is empty if there is none.
func faultOf(event any) string {
	switch event := event.(type) {
	case *runtime.EventExceptionThrown:
		details := event.ExceptionDetails
		if details.Exception != nil {
			return details.Text + " " + details.Exception.Description
		}
		return details.Text
	case *runtime.EventConsoleAPICalled:
		if event.Type == runtime.ConsoleAPICalledTypeError || event.Type == runtime.ConsoleAPICalledTypeAssert {
			return fmt.Sprintf("console.%s %s", event.Type, event.Args[0].Value)
		}
	case *log.EventEntryAdded:
		if event.Entry.Level == log.EntryLevelError {
			return event.Entry.Text + " " + event.Entry.URL
		}
	case *network.EventResponseReceived:
		if event.Response.Status >= 400 {
			return fmt.Sprintf("%d %s", event.Response.Status, event.Response.URL)
		}
	}
	return ""
}
