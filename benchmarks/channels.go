//go:build unix

package main

import (
	"net"
	"net/http"
	"sync"

	"github.com/bare-go/bare"
)

const (
	// fanoutPath is where all brokers have their stream.
	fanoutPath = "/fanout"
	// fanoutTarget is what is asked for. One of the brokers wants a name in the query.
	fanoutTarget = fanoutPath + "?stream=" + eventName
)

// A hub is a channel for each subscriber. Its publisher never waits: what a
// channel has no room for is lost.
type hub struct {
	depth int

	mutex   sync.Mutex
	members map[chan []byte]struct{}
}

func newHub(depth int) hub { return hub{depth: depth, members: make(map[chan []byte]struct{})} }

func (h *hub) join() chan []byte {
	channel := make(chan []byte, h.depth)
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.members[channel] = struct{}{}
	return channel
}

func (h *hub) leave(channel chan []byte) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	delete(h.members, channel)
}

// publish encodes the event once, for all.
func (h *hub) publish(e event) error {
	encoded := e.encode()
	h.mutex.Lock()
	defer h.mutex.Unlock()
	for channel := range h.members {
		select {
		case channel <- encoded:
		default:
		}
	}
	return nil
}

// A channelLoop is what one writes with net/http alone: a goroutine for each
// subscriber, which takes events from its channel, writes and flushes.
type channelLoop struct{ hub }

func (c *channelLoop) serve(s *service, listener net.Listener) error {
	return serveHandler(func(*service) http.Handler {
		mux := http.NewServeMux()
		mux.HandleFunc("GET "+fanoutPath, c.events)
		return mux
	})(listener, s)
}

func (c *channelLoop) events(w http.ResponseWriter, r *http.Request) {
	channel := c.join()
	defer c.leave(channel)
	w.Header().Set("Content-Type", eventType)
	control := http.NewResponseController(w)
	if control.Flush() != nil {
		return
	}
	for {
		select {
		case encoded := <-channel:
			if _, err := w.Write(encoded); err != nil || control.Flush() != nil {
				return
			}
		case <-r.Context().Done():
			return
		}
	}
}

// bareChannels is the same loop as a body of bare's: the server flushes.
type bareChannels struct{ hub }

func (b *bareChannels) serve(s *service, listener net.Listener) error {
	app := bare.NewApplication()
	app.HttpRouter.Add(bare.Methods{"GET"}, fanoutPath, b.events)
	return runBare(app, s, listener)
}

func (b *bareChannels) events(request *bare.HttpRequest) bare.HttpResponse {
	channel := b.join()
	request.OnEnd(func(bare.End) { b.leave(channel) })
	return bare.HttpResponse{Headers: bare.Headers("Content-Type", eventType), Body: func(yield func([]byte) bool) {
		left := request.Context().Done()
		for {
			select {
			case encoded := <-channel:
				if !yield(encoded) {
					return
				}
			case <-left:
				return
			}
		}
	}}
}
