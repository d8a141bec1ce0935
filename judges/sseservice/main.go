// Sseservice puts a client of package sse in front of the contract tests for clients of
// event streams, launchdarkly/sse-contract-tests: it does what they say, and tells them
// what the client has received.
//
//	go run ./sseservice -addr localhost:8000
//	sse-contract-tests -url http://localhost:8000 -stop-service-at-end
package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/sse"
)

func main() {
	server := bare.Flags(flag.CommandLine)
	flag.Parse()
	server.Addr = cmp.Or(server.Addr, "localhost:8000")
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := server.Run(ctx, newApp(stop))
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1) //nolint:forbidigo // it is a main
	}
}

// newApp is the service. It calls stop when it is told to.
func newApp(stop func()) *bare.Application {
	app := bare.NewApplication()
	s := &service{app: app, stop: stop, streams: make(map[int64]context.CancelFunc)}
	app.HttpRouter.Add(bare.Methods{"GET"}, "/", s.describe)
	app.HttpRouter.Add(bare.Methods{"POST"}, "/", s.open)
	app.HttpRouter.Add(bare.Methods{"DELETE"}, "/", s.end)
	app.HttpRouter.Add(bare.Methods{"DELETE"}, "/streams/{id:int}", s.close)
	return app
}

// A service has a client for each stream that the tests open.
type service struct {
	app  *bare.Application
	stop func()

	mutex   sync.Mutex
	last    int64
	streams map[int64]context.CancelFunc
}

// describe names the optional features that the tests are to look at. The client does
// not show comments, needs no listeners, and has no restart of its own.
func (s *service) describe(*bare.HttpRequest) bare.HttpResponse {
	return bare.JSONResponse(http.StatusOK, map[string]any{
		"name": "github.com/bare-go/bare/sse",
		"capabilities": []string{
			"bom", "headers", "last-event-id", "post", "read-timeout", "report", "server-directed-shutdown-request",
		},
	})
}

func (s *service) end(*bare.HttpRequest) bare.HttpResponse {
	s.stop()
	return bare.HttpResponse{Status: http.StatusNoContent}
}

// An order is what the tests want of a stream.
type order struct {
	StreamURL      string
	CallbackURL    string
	InitialDelayMS *int64
	ReadTimeoutMS  *int64
	LastEventID    string
	Headers        map[string]string
	Method         string
	Body           string
}

func (s *service) open(request *bare.HttpRequest) bare.HttpResponse {
	var o order
	if err := request.JSON(&o); err != nil {
		return bare.ErrorResponse(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	wanted, err := o.request(ctx)
	if err != nil {
		cancel()
		return bare.ErrorResponse(&bare.HttpError{Status: http.StatusBadRequest, Err: err})
	}
	s.mutex.Lock()
	s.last++
	id := s.last
	s.streams[id] = cancel
	s.mutex.Unlock()
	s.app.Go(func(stopping context.Context) error {
		defer context.AfterFunc(stopping, cancel)()
		o.run(ctx, wanted)
		return nil
	})
	return bare.HttpResponse{Status: http.StatusCreated, Headers: bare.Headers("location", fmt.Sprintf("/streams/%d", id))}
}

func (s *service) close(request *bare.HttpRequest) bare.HttpResponse {
	id := request.Matches.Int("id")
	s.mutex.Lock()
	cancel := s.streams[id]
	delete(s.streams, id)
	s.mutex.Unlock()
	if cancel == nil {
		return bare.HttpResponse{Status: http.StatusNotFound}
	}
	cancel()
	return bare.HttpResponse{Status: http.StatusNoContent}
}

// request is the one that the client is to send.
func (o order) request(ctx context.Context) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, cmp.Or(o.Method, http.MethodGet), o.StreamURL, strings.NewReader(o.Body))
	if err != nil {
		return nil, err
	}
	for name, value := range o.Headers {
		request.Header.Set(name, value)
	}
	if o.LastEventID != "" {
		request.Header.Set("Last-Event-ID", o.LastEventID)
	}
	return request, nil
}

// run tells the tests all that the client receives, until the stream is closed.
func (o order) run(ctx context.Context, request *http.Request) {
	told := 0
	tell := func(message map[string]any) {
		told++
		tell(ctx, fmt.Sprintf("%s/%d", o.CallbackURL, told), message)
	}
	client := sse.Client{
		Limits:  sse.Limits{Line: 64 << 20, Event: 64 << 20}, // the tests send events of 14 MB
		OnRetry: func(err error, _ time.Duration) { tell(failure(err)) },
	}
	if o.InitialDelayMS != nil {
		client.Retry = max(time.Millisecond, time.Duration(*o.InitialDelayMS)*time.Millisecond)
	}
	if o.ReadTimeoutMS != nil {
		client.MaxSilence = time.Duration(*o.ReadTimeoutMS) * time.Millisecond
	}
	for event, err := range client.Events(ctx, request) {
		if err != nil {
			tell(failure(err))
			return
		}
		tell(map[string]any{"kind": "event", "event": map[string]string{
			"type": cmp.Or(event.Type, "message"), "data": string(event.Data), "id": event.ID,
		}})
	}
}

func failure(err error) map[string]any {
	return map[string]any{"kind": "error", "error": err.Error()}
}

// tell posts a message to the tests. When they do not take it they have lost interest.
func tell(ctx context.Context, url string, message map[string]any) {
	text, err := json.Marshal(message)
	if err != nil {
		return
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(text))
	if err != nil {
		return
	}
	request.Header.Set("Content-Type", "application/json")
	client := http.Client{}
	response, err := client.Do(request)
	if err != nil {
		return
	}
	_ = response.Body.Close()
}
