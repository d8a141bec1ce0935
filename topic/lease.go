package topic

import (
	"context"
	"maps"
	"time"

	"github.com/bare-go/bare"
)

// A Lease is what a stream may do, and for how long. The handler knows: see
// [Topic.Serve]. The zero value is a stream without conditions.
type Lease struct {
	// Key is whose stream it is: a user, an address. See [Options.StreamsPerKey] and
	// [Topic.Kick]. Empty means nobody's, for whom there is no limit.
	Key string
	// Expires is when the stream is cut, within two seconds: when its token runs out,
	// say. A long poll is answered with 204 then, and its next one is the handler's to
	// refuse. The zero time is never.
	Expires time.Time
	// Check is called every [Options.KeepAlive], in the goroutine of the stream. An error
	// ends the stream with a cut. It may take its time, but its stream waits for it, and
	// so does a drain: it must return when ctx ends, which is the request's context. A
	// long poll is checked before it is answered with events.
	Check func(ctx context.Context) error
	// OnMessage is called with each message that the client sends over a WebSocket: one
	// after the other, and never after the end of the stream. The client's next message
	// waits until it returns. A panic is logged, and ends the stream. nil means that
	// messages are thrown away: then they may have 4 KiB, and otherwise what
	// [bare.Application.WebSocketOptions] says. Other transports carry no messages.
	OnMessage func(message bare.WebSocketMessage)
}

// limit is how long a poll may wait that would wait for d.
func (l *Lease) limit(d time.Duration) time.Duration {
	if l.Expires.IsZero() {
		return d
	}
	return max(min(d, time.Until(l.Expires)), 0)
}

// holds reports whether a poll may be answered with events.
func (l *Lease) holds(ctx context.Context) bool {
	if !l.Expires.IsZero() && !time.Now().Before(l.Expires) {
		return false
	}
	return l.Check == nil || l.Check(ctx) == nil
}

// A crowd is the streams and long polls of one key, and for a WebSocket its subscriber.
type crowd map[*bare.HttpRequest]*subscriber

// acquire enters a request under its key, and reports whether there may be another one.
// It is called by the handler, so that a kick also finds a stream whose body has not
// begun: a middleware may take its time in between.
func (t *Topic) acquire(key string, request *bare.HttpRequest) bool {
	if key == "" {
		return true
	}
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if limit := t.options.StreamsPerKey; limit > 0 && len(t.keys[key]) >= limit {
		return false
	}
	if t.keys[key] == nil {
		t.keys[key] = make(crowd, 1)
	}
	t.keys[key][request] = nil
	return true
}

// release undoes acquire, at the end of the response.
func (t *Topic) release(key string, request *bare.HttpRequest) {
	if key == "" {
		return
	}
	t.mutex.Lock()
	defer t.mutex.Unlock()
	delete(t.keys[key], request)
	if len(t.keys[key]) == 0 {
		delete(t.keys, key)
	}
}

// Kick cuts the streams and long polls of a key (see [Lease]), closes its WebSockets with
// 1008, and returns how many there were. A client comes back: the handler must refuse it. So first change what the handler
// looks at, and then kick. The empty key is nobody's.
func (t *Topic) Kick(key string) int {
	t.mutex.Lock()
	kicked := maps.Clone(t.keys[key])
	t.mutex.Unlock()
	for request, s := range kicked {
		if s == nil {
			request.Cut(ErrKicked)
		} else {
			s.dismiss(ErrKicked)
		}
	}
	return len(kicked)
}
