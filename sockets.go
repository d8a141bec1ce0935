package bare

import (
	"context"
	"maps"
	"slices"
	"sync"
)

// sockets are the WebSockets of an application that are open. The server that its
// connections came from knows nothing of them any more, so that a stop asks here.
type sockets struct {
	mutex sync.Mutex
	open  map[*WebSocket]struct{}
	idle  chan struct{} // closed when none is open; made by who waits
}

func (s *sockets) add(socket *WebSocket) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.open == nil {
		s.open = make(map[*WebSocket]struct{})
	}
	s.open[socket] = struct{}{}
}

func (s *sockets) remove(socket *WebSocket) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	delete(s.open, socket)
	if len(s.open) == 0 && s.idle != nil {
		close(s.idle)
		s.idle = nil
	}
}

// all returns those that are open now.
func (s *sockets) all() []*WebSocket {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return slices.Collect(maps.Keys(s.open))
}

// stop closes those that are open. It waits for none.
func (s *sockets) stop() {
	for _, socket := range s.all() {
		go func() {
			select {
			case <-socket.opened:
				socket.stop()
			case <-socket.over:
			}
		}()
	}
}

// wait waits until none is open, no longer than ctx lasts.
func (s *sockets) wait(ctx context.Context) error {
	s.mutex.Lock()
	if len(s.open) == 0 {
		s.mutex.Unlock()
		return nil
	}
	if s.idle == nil {
		s.idle = make(chan struct{})
	}
	idle := s.idle
	s.mutex.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// abort closes the connections that are left, at the end of a stop. It reports whether a
// handler was at work on one of them: the others only wait for their clients' answers.
func (s *sockets) abort() (busy bool) {
	for _, socket := range s.all() {
		select {
		case <-socket.returned:
		default:
			busy = true
		}
		select {
		case <-socket.opened:
			socket.wire.abort()
		default:
		}
	}
	return busy
}
