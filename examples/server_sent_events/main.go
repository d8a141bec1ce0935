// Server_sent_events tells every page that is open the time, once a second. Run
// it with
//
//	go run ./examples/server_sent_events
//
// and open http://localhost:9009/test. For the chapter's experiment there are the
// flags -every 5s and -nudge=false; -addr, -cert and -key are there as in every
// example.
package main

import (
	_ "embed"
	"flag"
	"fmt"
	"net/http"
	"time"

	"github.com/bare-go/bare"
)

//go:embed server_sent_events.html
var page []byte

// docs:start app

// options are what the flags set.
type options struct {
	every time.Duration
	nudge bool
}

// docs:start main

func main() {
	var o options
	flag.DurationVar(&o.every, "every", time.Second, "the time between two events")
	flag.BoolVar(&o.nudge, "nudge", true, "send a comment after each event")
	bare.Flags(flag.CommandLine) // -addr, -cert and -key
	flag.Parse()
	bare.Main(newApp(&o), "localhost:9009")
}

// docs:end main

func newApp(o *options) *bare.Application {
	app := bare.NewApplication()
	app.HttpRouter.Add(bare.Methods{"GET"}, "/", index)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/test", testPage)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/events", o.testEvents)
	return app
}

func index(*bare.HttpRequest) bare.HttpResponse {
	return bare.RedirectResponse(http.StatusSeeOther, "test")
}

func testPage(*bare.HttpRequest) bare.HttpResponse {
	return bare.BytesResponse(http.StatusOK, "text/html; charset=utf-8", page)
}

// docs:end app

// docs:start handler
func (o *options) testEvents(request *bare.HttpRequest) bare.HttpResponse {
	sendEvents := func(yield func([]byte) bool) {
		defer fmt.Println("Cancelled")
		for now := range request.Every(o.every) {
			fmt.Println("Sending event")
			if !yield(fmt.Appendf(nil, "data: %s\n\n", now.Format(time.DateTime))) {
				return
			}
			if o.nudge && !yield([]byte(":\n\n")) {
				return
			}
		}
	}

	headers := bare.Headers(
		"cache-control", "no-cache",
		"content-type", "text/event-stream",
		"connection", "keep-alive",
	)
	return bare.HttpResponse{Status: http.StatusOK, Headers: headers, Body: sendEvents}
}

// docs:end handler
