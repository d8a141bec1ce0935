package durable

import (
	"container/heap"
	"context"
	"sync"
	"time"
)

// expiry ends streams whose time is over, without being asked for them. It has one
// timer, however many streams there are, and none when no stream expires.
//
// A stream is in the queue once, at a time before which it cannot end. Whether it
// does then is looked at when that time has come: a use of the stream need not touch
// the queue.
type expiry struct {
	// review looks at a stream whose time has come. It is called without a lock.
	review func(*stream)

	mutex    sync.Mutex
	queue    expiryQueue
	timer    *time.Timer
	next     time.Time // what the timer is set to
	sweeping bool      // the timer is set anew at the end
}

// An appointment is when to look at a stream.
type appointment struct {
	stream *stream
	at     time.Time
	place  int // in the queue; -1 outside
}

// coarse is how far apart the timer looks at the queue: streams that end within it
// end together.
const coarse = 100 * time.Millisecond

// schedule has a stream looked at, once.
func (e *expiry) schedule(s *stream, at time.Time) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	if s.appointment == nil {
		s.appointment = &appointment{stream: s, place: -1}
	}
	a := s.appointment
	if a.at = at; a.place >= 0 {
		heap.Fix(&e.queue, a.place)
	} else if s.over.Err() == nil { // asked under the mutex: cancel comes after the end
		heap.Push(&e.queue, a)
	}
	e.arm()
}

// cancel takes a stream that has ended out of the queue, which would keep it.
func (e *expiry) cancel(s *stream) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	if a := s.appointment; a != nil && a.place >= 0 {
		heap.Remove(&e.queue, a.place)
	}
}

// arm sets the timer to the first appointment.
func (e *expiry) arm() {
	if len(e.queue) == 0 || e.sweeping {
		return
	}
	first := e.queue[0].at
	if !e.next.IsZero() && !first.Before(e.next) {
		return // it comes early enough
	}
	e.next = first
	wait := max(time.Until(first), coarse)
	if e.timer == nil {
		e.timer = time.AfterFunc(wait, e.sweep)
		return
	}
	e.timer.Reset(wait)
}

// sweep looks at the streams whose time has come.
func (e *expiry) sweep() {
	for _, s := range e.due() {
		e.review(s)
	}
	e.mutex.Lock()
	defer e.mutex.Unlock()
	e.next, e.sweeping = time.Time{}, false
	e.arm()
}

func (e *expiry) due() []*stream {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	e.sweeping = true
	var due []*stream
	for now := time.Now(); len(e.queue) > 0 && !e.queue[0].at.After(now); {
		due = append(due, e.queue[0].stream)
		heap.Remove(&e.queue, 0)
	}
	return due
}

// patience is how long the logs may take for a change.
const patience = 10 * time.Second

// review ends a stream whose time is over, and has any other looked at again.
func (h *Handler) review(s *stream) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	v, err := h.look(ctx, s.name)
	switch {
	case err == nil && (v.stream != s || v.config.Gone):
		return // it is another one by now, or has ended
	case err == nil && h.expired(&v):
		err = h.discard(ctx, &v)
	case err == nil:
		h.expiry.schedule(s, v.config.deadline(s.used()))
	}
	if err != nil {
		h.expiry.schedule(s, time.Now().Add(patience)) // the logs may be back by then
	}
}

// expired reports whether the stream's time is over.
func (h *Handler) expired(v *view) bool {
	return v.config.expires() && !v.config.deadline(v.used()).After(time.Now())
}

// expiryQueue has the earliest appointment first; see [heap.Interface].
type expiryQueue []*appointment

func (q *expiryQueue) Len() int           { return len(*q) }
func (q *expiryQueue) Less(i, j int) bool { return (*q)[i].at.Before((*q)[j].at) }

// Swap keeps the appointments' places as well.
func (q *expiryQueue) Swap(i, j int) {
	one, other := (*q)[j], (*q)[i]
	(*q)[i], (*q)[j] = one, other
	one.place, other.place = i, j
}

// Push adds what is an appointment.
func (q *expiryQueue) Push(x any) {
	if a, ok := x.(*appointment); ok {
		a.place = len(*q)
		*q = append(*q, a)
	}
}

// Pop removes the last one, and lets go of it.
func (q *expiryQueue) Pop() any {
	last := len(*q) - 1
	a := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	a.place = -1
	return a
}
