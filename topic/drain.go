package topic

import (
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"time"
)

// drainGrace is how long a drain waits for subscribers that are told, before it cuts
// those that are waiting for their clients.
const drainGrace = time.Second

// A drain is subscribers that are to end. It is guarded by the topic's mutex.
type drain struct {
	size int // of all
	left int
	done chan struct{} // closed when all have ended
}

// concluded tells those who wait for a subscriber that its response has ended.
func (t *Topic) concluded(s *subscriber) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.forget(s)
	s.over = true
	for _, d := range s.drains {
		if d.left--; d.left == 0 {
			close(d.done)
		}
	}
	s.drains = nil
}

// Drain ends the streams that are open, one after the other over a time, so that they
// do not all come back at once. Each EventSource is told when to come back: see
// [Options.Spread]. Then its response is cut, or ended cleanly with [Options.EndCleanly].
// Drain returns when all of them have ended, and [Options.OnEnd] has been told. When ctx
// ends first, it cuts what is left, and returns the context's error. A second Drain at
// the same time waits for the same streams, and ends them earlier if its time is shorter.
//
// It is for a program that goes on: one that hands its clients to another server. New
// streams are served as before. A server that stops does the same by itself, within a
// second.
func (t *Topic) Drain(ctx context.Context, over time.Duration) error {
	members, d := t.beginDrain()
	if len(members) == 0 {
		return ctx.Err()
	}
	defer t.cutAll(members) // those that are still there; the others have ended
	begin := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for i, s := range members {
		if !wait(ctx, timer, time.Until(begin.Add(over/time.Duration(len(members))*time.Duration(i)))) {
			return ctx.Err()
		}
		s.order(orderDrain) //nolint:contextcheck // what follows is of the stream, and not of the drain
	}
	timer.Reset(drainGrace)
	select {
	case <-d.done:
		return nil
	case <-timer.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	t.cutAll(members)
	select {
	case <-d.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// beginDrain returns the present subscribers, in any order.
func (t *Topic) beginDrain() ([]*subscriber, *drain) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	d := &drain{done: make(chan struct{})}
	members := slices.AppendSeq(slices.Clone(t.subscribers), maps.Keys(t.coming))
	members = slices.DeleteFunc(members, func(s *subscriber) bool { return s.over }) // a body may outlive its response
	for _, s := range members {
		s.drains = append(s.drains, d)
	}
	d.size, d.left = len(members), len(members)
	rand.Shuffle(len(members), func(i, j int) { //nolint:gosec // it spreads clients, and keeps no secret
		members[i], members[j] = members[j], members[i]
	})
	return members, d
}

// cutAll cuts those that have not ended.
func (*Topic) cutAll(members []*subscriber) {
	for _, s := range members {
		s.request.Cut(ErrDrained)
	}
}

// wait returns false when the context has ended.
func wait(ctx context.Context, timer *time.Timer, d time.Duration) bool {
	if d > 0 {
		timer.Reset(d)
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	return ctx.Err() == nil
}

const (
	// pauseEach is what each subscriber adds to the time that the end of all of them
	// takes when the server stops, and maxPause that time's limit.
	pauseEach = 100 * time.Microsecond
	maxPause  = time.Second
	// minSpread is the time over which the subscribers of a topic come back, however few
	// there are: there may be many topics. Each subscriber adds spreadEach to it.
	minSpread  = time.Second
	spreadEach = time.Millisecond
)

// count is how many subscribers there are.
func (t *Topic) count() int {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return len(t.subscribers)
}

// drained is how many subscribers are sent away together with one that is drained.
func (t *Topic) drained(s *subscriber) int {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	count := 1
	for _, d := range s.drains {
		count = max(count, d.size)
	}
	return count
}

// pause is how long one of many subscribers waits when the server stops. One that is
// alone does not.
func pause(count int) time.Duration {
	all := min(time.Duration(max(count-1, 0))*pauseEach, maxPause)
	return rand.N(all + 1) //nolint:gosec // it spreads clients, and keeps no secret
}
