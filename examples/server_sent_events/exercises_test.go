package main

import (
	"fmt"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

// docs:start numbered

// numbered sends numbers that go on where the client left off: the browser sends
// the id of the last event that it has seen when it reconnects.
func numbered(request *bare.HttpRequest) bare.HttpResponse {
	last, err := strconv.Atoi(request.Scope.Header.Get("Last-Event-ID"))
	if err != nil {
		last = 0 // a new client
	}
	return bare.HttpResponse{
		Headers: bare.Headers("content-type", "text/event-stream", "cache-control", "no-cache"),
		Body: func(yield func([]byte) bool) {
			for range request.Every(time.Second) {
				last++
				if !yield(fmt.Appendf(nil, "id: %d\ndata: number %d\n\n", last, last)) {
					return
				}
			}
		},
	}
}

// docs:end numbered

func TestNumbersGoOnWhereTheClientLeftOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		request := baretest.NewRequest("GET", "/", nil)
		request.Scope.Header.Set("Last-Event-ID", "41")
		got := baretest.Chunks(numbered(request).Body, 2)
		if fmt.Sprintf("%q", got) != `["id: 42\ndata: number 42\n\n" "id: 43\ndata: number 43\n\n"]` {
			t.Errorf("got %q", got)
		}
	})
}

// docs:start counted

// counted logs how long each visitor stayed.
func counted(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
	request.OnEnd(func(end bare.End) {
		fmt.Printf("stayed for %v and got %d bytes\n", end.Duration.Round(time.Second), end.Bytes)
	})
	return handler(request)
}

// docs:end counted

func TestAVisitIsCounted(t *testing.T) {
	output := captureOutput(t)
	synctest.Test(t, func(t *testing.T) {
		app := newApp(&options{every: time.Minute})
		app.Middlewares = append(app.Middlewares, counted)
		stream := baretest.NewServer(t, app).Get("/events")
		stream.Next()
		time.Sleep(90 * time.Second)
		stream.Close()
		synctest.Wait()
	})
	want := "Sending event\nSending event\nCancelled\nstayed for 1m30s and got 54 bytes\n"
	if got := output(); got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
}

// docs:start farewell

// farewell says goodbye when the server stops, so that the page can tell a stop
// from a failure.
func farewell(request *bare.HttpRequest) bare.HttpResponse {
	return bare.HttpResponse{
		Headers: bare.Headers("content-type", "text/event-stream", "cache-control", "no-cache"),
		Body: func(yield func([]byte) bool) {
			for now := range request.Every(time.Second) {
				if !yield(fmt.Appendf(nil, "data: %s\n\n", now.Format(time.TimeOnly))) {
					return
				}
			}
			yield([]byte("event: farewell\ndata: back soon\nretry: 10000\n\n"))
		},
	}
}

// docs:end farewell

func TestTheServerSaysFarewell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := bare.NewApplication()
		app.HttpRouter.Add(bare.Methods{"GET"}, "/", farewell)
		server := baretest.NewServer(t, app)
		stream := server.Get("/")
		stream.Next()
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
		if got := stream.Rest(); got != "event: farewell\ndata: back soon\nretry: 10000\n\n" || stream.Err() != nil {
			t.Errorf("the stream ended with %q (%v)", got, stream.Err())
		}
	})
}
