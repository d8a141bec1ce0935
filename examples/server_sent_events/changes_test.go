package main

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

// The handlers here are testEvents after each of the changes that the chapter
// shows, whose text the tests of the documents compare with theirs.

// docs:start slow
func slow(request *bare.HttpRequest) bare.HttpResponse {
	sendEvents := func(yield func([]byte) bool) {
		defer fmt.Println("Cancelled")
		for now := range request.Every(5 * time.Second) {
			fmt.Println("Sending event")
			if !yield(fmt.Appendf(nil, "data: %s\n\n", now.Format(time.DateTime))) {
				return
			}
		}
	}
	headers := bare.Headers("content-type", "text/event-stream")
	return bare.HttpResponse{Status: 200, Headers: headers, Body: sendEvents}
}

// docs:end slow

// docs:start stayed
func stayed(request *bare.HttpRequest) bare.HttpResponse {
	sendEvents := func(yield func([]byte) bool) {
		events := 0
		defer func() { fmt.Println("Cancelled after", events, "events") }()
		for now := range request.Every(time.Second) {
			events++
			fmt.Println("Sending event")
			if !yield(fmt.Appendf(nil, "data: %s\n\n", now.Format(time.DateTime))) {
				return
			}
		}
	}
	headers := bare.Headers("content-type", "text/event-stream")
	return bare.HttpResponse{Status: 200, Headers: headers, Body: sendEvents}
}

// docs:end stayed

// docs:start farewell
func farewell(request *bare.HttpRequest) bare.HttpResponse {
	sendEvents := func(yield func([]byte) bool) {
		defer fmt.Println("Cancelled")
		for now := range request.Every(time.Second) {
			fmt.Println("Sending event")
			if !yield(fmt.Appendf(nil, "data: %s\n\n", now.Format(time.DateTime))) {
				return
			}
		}
		yield([]byte("data: back soon\nretry: 10000\n\n"))
	}
	headers := bare.Headers("content-type", "text/event-stream")
	return bare.HttpResponse{Status: 200, Headers: headers, Body: sendEvents}
}

// docs:end farewell

// docs:start numbered
func numbered(request *bare.HttpRequest) bare.HttpResponse {
	sendEvents := func(yield func([]byte) bool) {
		defer fmt.Println("Cancelled")
		number, _ := strconv.Atoi(request.Scope.Header.Get("Last-Event-ID"))
		for now := range request.Every(time.Second) {
			fmt.Println("Sending event")
			number++
			if !yield(fmt.Appendf(nil, "id: %d\ndata: %d: %s\n\n", number, number, now.Format(time.DateTime))) {
				return
			}
		}
	}
	headers := bare.Headers("content-type", "text/event-stream")
	return bare.HttpResponse{Status: 200, Headers: headers, Body: sendEvents}
}

// docs:end numbered

// docs:start chiming
func chiming(request *bare.HttpRequest) bare.HttpResponse {
	sendEvents := func(yield func([]byte) bool) {
		defer fmt.Println("Cancelled")
		for now := range request.Every(time.Second) {
			fmt.Println("Sending event")
			if !yield(fmt.Appendf(nil, "data: %s\n\n", now.Format(time.DateTime))) {
				return
			}
			if now.Second()%10 == 0 && !yield([]byte("event: chime\ndata: Ding!\n\n")) {
				return
			}
		}
	}
	headers := bare.Headers("content-type", "text/event-stream")
	return bare.HttpResponse{Status: 200, Headers: headers, Body: sendEvents}
}

// docs:end chiming

// nudged sends a comment after each event, as the original does.
func nudged(handler bare.HttpHandler) bare.HttpHandler {
	return func(request *bare.HttpRequest) bare.HttpResponse {
		response := handler(request)
		return bare.HttpResponse{Headers: response.Headers, Body: func(yield func([]byte) bool) {
			for event := range response.Body {
				if !yield(event) || !yield([]byte(":\n\n")) {
					return
				}
			}
		}}
	}
}

// only is an application of one handler.
func only(handler bare.HttpHandler) *bare.Application {
	app := bare.NewApplication()
	app.HttpRouter.Add(bare.Methods{"GET"}, "/events", handler)
	return app
}

// TestSlowEventsComeAsPromptlyAsAnyWithANudgeAndWithout is the chapter's experiment.
func TestSlowEventsComeAsPromptlyAsAnyWithANudgeAndWithout(t *testing.T) {
	captureOutput(t)
	for name, handler := range map[string]bare.HttpHandler{"without": slow, "with": nudged(slow)} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				stream := baretest.NewServer(t, only(handler)).Get("/events")
				for i := range 3 {
					event := ""
					for !strings.Contains(event, "data: ") {
						event = stream.Next()
					}
					if late := time.Since(start) - time.Duration(i)*5*time.Second; late > time.Millisecond {
						t.Errorf("event %d came %v late", i, late)
					}
				}
			})
		})
	}
}

func TestEachStreamCountsItsOwnEvents(t *testing.T) {
	output := captureOutput(t)
	synctest.Test(t, func(t *testing.T) {
		server := baretest.NewServer(t, only(stayed))
		first := server.Get("/events")
		first.Next()
		time.Sleep(1500 * time.Millisecond)
		second := server.Get("/events")
		second.Next()
		first.Close()
		synctest.Wait()
		second.Close()
		synctest.Wait()
	})
	want := "Cancelled after 2 events\nCancelled after 1 events\n"
	if got := strings.ReplaceAll(output(), "Sending event\n", ""); got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
}

func TestTheServerSaysFarewellWhenItStops(t *testing.T) {
	captureOutput(t)
	for _, protocol := range baretest.Protocols() {
		t.Run(protocol.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := baretest.Config{Protocol: protocol}.NewServer(t, only(farewell))
				stream := server.Get("/events")
				stream.Next()
				if err := server.Stop(); err != nil {
					t.Error(err)
				}
				if got := stream.Rest(); got != "data: back soon\nretry: 10000\n\n" || stream.Err() != nil {
					t.Errorf("the stream ended with %q (%v)", got, stream.Err())
				}
			})
		})
	}
}

func TestNumbersGoOnWhereTheClientLeftOff(t *testing.T) {
	captureOutput(t)
	synctest.Test(t, func(t *testing.T) {
		for last, want := range map[string]string{"": "id: 1\ndata: 1: ", "41": "id: 42\ndata: 42: ", "x": "id: 1\ndata: 1: "} {
			request := baretest.NewRequest("GET", "/events", nil)
			request.Scope.Header.Set("Last-Event-ID", last)
			if got := baretest.Chunks(numbered(request).Body, 1)[0]; !strings.HasPrefix(got, want) {
				t.Errorf("after %q: got %q, want %q", last, got, want)
			}
		}
	})
}

func TestAChimeComesEachTenSeconds(t *testing.T) {
	captureOutput(t)
	synctest.Test(t, func(t *testing.T) {
		chunks := baretest.Chunks(chiming(baretest.NewRequest("GET", "/events", nil)).Body, 13)
		for i, chunk := range chunks {
			want := i == 1 || i == 12 // after the seconds 0 and 10
			if got := chunk == "event: chime\ndata: Ding!\n\n"; got != want {
				t.Errorf("chunk %d is %q", i, chunk)
			}
		}
	})
}
