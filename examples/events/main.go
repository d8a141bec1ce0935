// Events is a clock and a countdown, made with package sse: a stream without an end,
// and one that has an end, may fail, and resumes where it was.
//
//	go run ./examples/events
//
// Open http://localhost:9009/ and press a button.

// docs:start program
package main

import (
	"context"
	_ "embed"
	"strconv"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/sse"
)

//go:embed events.html
var page []byte

func main() {
	bare.Main(newApp(), "localhost:9009")
}

func newApp() *bare.Application {
	app := bare.NewApplication()
	app.HttpRouter.Add(bare.Methods{"GET"}, "/", index)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/clock", clock)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/countdown", countdown)
	return app
}

func index(*bare.HttpRequest) bare.HttpResponse {
	return bare.BytesResponse(200, "text/html; charset=utf-8", page)
}

// clock has no end: the browser comes back whenever it stops.
func clock(request *bare.HttpRequest) bare.HttpResponse {
	return sse.Response(request, func(yield func(sse.Event) bool) {
		for now := range request.Every(time.Second) {
			if !yield(sse.Event{Data: []byte(now.Format(time.DateTime))}) {
				return
			}
		}
	}, sse.Options{})
}

// A step is the data of an event of the countdown.
type step struct {
	Left int `json:"left"`
}

// errEmptyTank is what the countdown may fail with. The client may read its message.
var errEmptyTank = &bare.HttpError{Status: 503, Message: "The tank is empty."}

// countdown ends at lift-off, or in the middle with ?tank=empty. It goes on after the
// event that the client had last.
func countdown(request *bare.HttpRequest) bare.HttpResponse {
	start := 6
	if last, err := strconv.Atoi(sse.LastEventID(request)); err == nil {
		start = min(start, last-1)
	}
	return sse.StreamResponse(request, func(yield func(sse.Event) bool) error {
		for left := start; left > 0; left-- {
			if left == 3 && request.Query().Get("tank") == "empty" {
				return errEmptyTank
			}
			data, err := sse.JSON(step{Left: left})
			if err != nil {
				return err
			}
			if !yield(sse.Event{ID: strconv.Itoa(left), Type: "step", Data: data}) {
				return nil
			}
			if !request.Sleep(time.Second) {
				return context.Cause(request.Context())
			}
		}
		return nil
	}, sse.Options{Retry: time.Second})
}

// docs:end program
