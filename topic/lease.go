package topic

import "time"

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

// acquire counts a stream of a key, and reports whether there may be another one.
func (t *Topic) acquire(key string) bool {
	limit := t.options.StreamsPerKey
	if key == "" || limit <= 0 {
		return true
	}
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.keys[key] >= limit {
		return false
	}
	t.keys[key]++
	return true
}

// release undoes acquire.
func (t *Topic) release(key string) {
	if key == "" || t.options.StreamsPerKey <= 0 {
		return
	}
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.keys[key]--; t.keys[key] <= 0 {
		delete(t.keys, key)
	}
}
