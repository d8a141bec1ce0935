//go:build unix

package main

import (
	"net"
	"net/http"

	"github.com/launchdarkly/eventsource"
	r3 "github.com/r3labs/sse/v2"
	"github.com/tmaxmax/go-sse"
)

// Each library is set up as its documents have it, and without a history of
// events, which this comparison does not ask for.

// serveAt serves a library's handler with net/http.
func serveAt(handler http.Handler, s *service, listener net.Listener) error {
	return serveHandler(func(*service) http.Handler {
		mux := http.NewServeMux()
		mux.Handle("GET "+fanoutPath, handler)
		return mux
	})(listener, s)
}

// joe is tmaxmax/go-sse, with its own provider: one goroutine writes to all
// subscribers, one after the other.
type joe struct{ server sse.Server }

func newJoe() *joe { return new(joe) }

func (j *joe) serve(s *service, listener net.Listener) error { return serveAt(&j.server, s, listener) }

func (j *joe) publish(e event) error {
	message := &sse.Message{ID: sse.ID(e.id()), Type: sse.Type(eventName)}
	message.AppendData(string(e.data))
	return j.server.Publish(message)
}

// r3labsServer is r3labs/sse: a channel of 64 for each subscriber, and one
// goroutine that waits for whichever is full.
type r3labsServer struct{ server *r3.Server }

func newR3labs() *r3labsServer {
	server := r3.New()
	server.AutoReplay = false // it would keep all events, without a limit
	server.CreateStream(eventName)
	return &r3labsServer{server}
}

func (r *r3labsServer) serve(s *service, listener net.Listener) error {
	return serveAt(r.server, s, listener)
}

func (r *r3labsServer) publish(e event) error {
	r.server.Publish(eventName, &r3.Event{ID: []byte(e.id()), Event: []byte(eventName), Data: e.data})
	return nil
}

// darklyServer is launchdarkly/eventsource: a channel for each subscriber, who is
// cut off when it is full.
type darklyServer struct{ server *eventsource.Server }

// newDarkly has the library's own size of channels, 128, when depth is 0.
func newDarkly(depth int) *darklyServer {
	server := eventsource.NewServer()
	if depth > 0 {
		server.BufferSize = depth
	}
	return &darklyServer{server}
}

func (d *darklyServer) serve(s *service, listener net.Listener) error {
	return serveAt(d.server.Handler(eventName), s, listener)
}

func (d *darklyServer) publish(e event) error {
	d.server.Publish([]string{eventName}, darklyEvent{e})
	return nil
}

// A darklyEvent has the names that the library asks for.
type darklyEvent struct{ event }

func (e darklyEvent) Id() string    { return e.id() } //nolint:revive,staticcheck // the library's own spelling
func (e darklyEvent) Event() string { return eventName }
func (e darklyEvent) Data() string  { return string(e.data) }
