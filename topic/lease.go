package topic

import (
	"maps"
	"slices"
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
	// say. The zero time is never.
	Expires time.Time
	// Check is called every [Options.KeepAlive], in the goroutine of the stream. An error
	// ends the stream with a cut. It may take its time, but its stream waits for it.
	Check func() error
}

// A crowd is the streams and long polls of one key.
type crowd map[*bare.HttpRequest]struct{}

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
	t.keys[key][request] = struct{}{}
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

// Kick cuts the streams and long polls of a key (see [Lease]), and returns how many there
// were. A client comes back: the handler must refuse it. So first change what the handler
// looks at, and then kick. The empty key is nobody's.
func (t *Topic) Kick(key string) int {
	t.mutex.Lock()
	kicked := slices.Collect(maps.Keys(t.keys[key]))
	t.mutex.Unlock()
	for _, request := range kicked {
		request.Cut(ErrKicked)
	}
	return len(kicked)
}
