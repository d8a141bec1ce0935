package sse_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/sse"
)

// run shows what a client gets of a handler's stream, and how it ends.
func run(handler bare.HttpHandler, target string) {
	response := handler(baretest.NewRequest("GET", target, nil))
	err := bare.RunBody(response.Body, func(chunk []byte) bool {
		_, _ = os.Stdout.Write(chunk)
		return true
	})
	if err != nil {
		fmt.Println("cut:", err)
	}
}

func ExampleEvent_AppendText() {
	event := sse.Event{ID: "7", Type: "price", Data: []byte("ACME\n42.00")}
	text, err := event.AppendText(nil)
	fmt.Printf("%s%v\n", text, err)

	event.ID = "7\ndata: forged"
	_, err = event.AppendText(nil)
	fmt.Println(err)
	// Output:
	// event: price
	// id: 7
	// data: ACME
	// data: 42.00
	//
	// <nil>
	// sse: the event's ID has a line break or a NUL: "7\ndata: forged"
}

func ExampleJSON() {
	data, err := sse.JSON(map[string]any{"symbol": "ACME", "price": 42})
	if err != nil {
		fmt.Println(err)
		return
	}
	text, _ := sse.Event{Type: "price", Data: data}.AppendText(nil)
	fmt.Printf("%s", text)
	// Output:
	// event: price
	// data: {"price":42,"symbol":"ACME"}
}

// A stream without an end goes on after the event that the client had last.
func ExampleResponse() {
	handler := func(request *bare.HttpRequest) bare.HttpResponse {
		number, _ := strconv.Atoi(sse.LastEventID(request)) // 0 for a new client
		return sse.Response(request, func(yield func(sse.Event) bool) {
			for range request.Every(time.Millisecond) {
				number++
				event := sse.Event{ID: strconv.Itoa(number), Data: []byte("tick")}
				if !yield(event) || number%3 == 0 { // for the example's sake
					return
				}
			}
		}, sse.Options{Retry: 5 * time.Second})
	}
	run(handler, "/ticks?last-event-id=41")
	// Output:
	// retry: 5000
	//
	// id: 42
	// data: tick
}

// A stream that has an end says when it is reached.
func ExampleStreamResponse() {
	handler := func(request *bare.HttpRequest) bare.HttpResponse {
		return sse.StreamResponse(request, func(yield func(sse.Event) bool) error {
			for step := range 2 {
				if !request.Sleep(time.Millisecond) { // the work
					return context.Cause(request.Context())
				}
				if !yield(sse.Event{Type: "step", Data: fmt.Append(nil, step+1, " of 2")}) {
					return nil
				}
			}
			return nil
		}, sse.Options{})
	}
	run(handler, "/job")
	fmt.Println("and then:", handler(baretest.NewRequest("GET", "/job?last-event-id=done", nil)).Status)
	// Output:
	// :
	//
	// event: step
	// data: 1 of 2
	//
	// event: step
	// data: 2 of 2
	//
	// event: done
	// id: done
	// data:
	//
	// and then: 204
}

// A stream that fails says so, and is cut.
func ExampleStreamResponse_failure() {
	handler := func(request *bare.HttpRequest) bare.HttpResponse {
		return sse.StreamResponse(request, func(func(sse.Event) bool) error {
			return &bare.HttpError{Status: 503, Message: "The printer is out of paper.", Err: errors.New("lp0")}
		}, sse.Options{})
	}
	run(handler, "/print")
	// Output:
	// :
	//
	// event: failed
	// data: The printer is out of paper.
	//
	// cut: bare: The printer is out of paper.: lp0
}

func ExampleRead() {
	stream := "id: 7\r\ndata: one\r\ndata: two\r\n\r\n: a comment\ndata: three\n\ndata: unfinished"
	for event, err := range sse.Read(strings.NewReader(stream), sse.Limits{}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%s: %q\n", event.ID, event.Data)
	}
	// Output:
	// 7: "one\ntwo"
	// 7: "three"
}

func ExampleClient() {
	app := bare.NewApplication()
	app.HttpRouter.Add(bare.Methods{"GET"}, "/job", func(request *bare.HttpRequest) bare.HttpResponse {
		return sse.StreamResponse(request, func(yield func(sse.Event) bool) error {
			yield(sse.Event{ID: "1", Type: "step", Data: []byte("half")})
			return nil
		}, sse.Options{})
	})
	server := httptest.NewServer(app)
	defer server.Close()

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	client := sse.Client{
		OnRetry: func(err error, wait time.Duration) { /* log it */ },
	}
	for event, err := range client.Get(ctx, server.URL+"/job") {
		if err != nil {
			fmt.Println(err)
			return
		}
		if event.Type == sse.Done {
			break
		}
		fmt.Printf("%s %s\n", event.Type, event.Data)
	}
	// Output:
	// step half
}
