package topic

import (
	"context"
	"math"
	"sync/atomic"
	"time"

	"github.com/bare-go/bare/sse"
)

const (
	// maxTick is the longest time between two looks at the subscribers.
	maxTick = 2 * time.Second
	// ticksPerSilence is how often the wheel looks in the time after which it would
	// be too late.
	ticksPerSilence = 8
)

// A wheel looks after all subscribers of one topic: who has been silent for too long,
// whose lease is to be checked or has run out, who is too slow. It has one timer, which
// runs while there are subscribers. So a delivery costs a subscriber no timer, and not
// even the time of day: it notes the number of the last tick.
type wheel struct {
	topic *Topic
	now   atomic.Uint32 // ticks so far
	timer *time.Timer   // under the topic's mutex; nil while there are no subscribers
}

// tick is the time between two looks.
func (o *Options) tick() time.Duration {
	if o.KeepAlive <= 0 {
		return maxTick
	}
	return max(min(o.KeepAlive/ticksPerSilence, maxTick), 1)
}

// ticks is how many whole ticks there are in a time.
func (o *Options) ticks(d time.Duration) uint32 {
	return uint32(min(max(d/o.tick(), 1), math.MaxUint32))
}

// start begins to look. The caller holds the topic's mutex.
func (w *wheel) start() {
	w.timer = time.AfterFunc(w.topic.options.tick(), w.turn)
}

// stop ends it. The caller holds the topic's mutex.
func (w *wheel) stop() {
	w.timer.Stop()
	w.timer = nil
}

// turn looks at all subscribers. Those who are to be cut are cut after the look: a
// subscriber that ends needs the lock.
func (w *wheel) turn() {
	type ending struct {
		subscriber *subscriber
		why        error
	}
	var endings []ending
	t := w.topic
	now := time.Now()
	half := t.halfOfRecords()
	t.mutex.Lock()
	if w.timer == nil {
		t.mutex.Unlock()
		return // the last subscriber has just left
	}
	tick := w.now.Add(1)
	for _, s := range t.subscribers {
		if why := t.look(s, tick, now, half); why != nil {
			endings = append(endings, ending{s, why})
		}
	}
	w.timer.Reset(t.options.tick())
	t.mutex.Unlock()
	for _, e := range endings {
		e.subscriber.dismiss(e.why)
	}
}

// look gives a subscriber its orders, or returns why it must end. The caller holds the
// mutex.
func (t *Topic) look(s *subscriber, tick uint32, now time.Time, half uint64) error {
	switch {
	case !s.lease.Expires.IsZero() && !now.Before(s.lease.Expires):
		return ErrExpired
	case t.isSlow(s, tick, half):
		return ErrSlow
	}
	if s.lease.Check != nil && tick-s.checked >= t.options.ticks(t.options.checkEvery()) {
		s.checked = tick
		s.order(orderCheck)
	}
	if t.options.KeepAlive > 0 && tick-s.spoke.Load() >= t.options.ticks(t.options.KeepAlive) {
		s.order(orderKeepAlive)
	}
	return nil
}

func (o *Options) checkEvery() time.Duration {
	if o.KeepAlive > 0 {
		return o.KeepAlive
	}
	return sse.DefaultKeepAlive
}

// halfOfRecords is the number of the record in the middle of as many as the log in memory
// keeps: small records may be lost by their number before there are too many bytes. It
// is 0 if there is no such limit, or not yet so many.
func (t *Topic) halfOfRecords() uint64 {
	limit := t.options.Memory.Records
	if limit <= 1 {
		return 0
	}
	state, err := t.log.State(context.Background())
	half := uint64(limit / 2)
	if err != nil || state.Tail.Seq < half {
		return 0
	}
	return state.Tail.Seq - half
}

// isSlow reports whether a subscriber is too far behind, and does not come nearer. One
// look alone says little: a burst puts everybody behind for a moment. One that has come
// back, and has had much to catch up with from the beginning, is given more time. The
// caller holds the mutex.
func (t *Topic) isSlow(s *subscriber, tick uint32, half uint64) bool {
	if t.options.Slow != Disconnect || t.options.Conflate {
		return false
	}
	lag, known := t.feed.Lag(&s.cursor)
	given := s.given.Load()
	older := given < half
	if older && lag <= int64(t.options.MaxLag) {
		lag = int64(half - given) //nolint:gosec // a log has no such number of records
	}
	switch {
	case !known && !older:
		s.lag = 0
		return false
	case !older && lag <= int64(t.options.MaxLag):
		s.lag, s.near = 0, true
		return false
	case s.lag == 0 || lag < s.lag:
		s.lag, s.nearer = lag, tick
		return false
	case s.near:
		return true
	}
	return tick-s.nearer >= ticksPerSilence
}
