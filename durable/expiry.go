package durable

import (
	"container/heap"
	"context"
	"sync"
	"time"
)

// expiry ends streams whose time is over, without being asked for them. It has one
// timer, however many streams there are, and none when no stream expires. The zero
// value is ready.
//
// A stream is in the queue once, at a time before which it cannot end. Whether it
// does then is looked at when that time has come: a use of the stream need not touch
// the queue.
type expiry struct {
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
func (e *expiry) schedule(h *Handler, s *stream, at time.Time) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	if s.appointment == nil {
		s.appointment = &appointment{stream: s, place: -1}
	}
	a := s.appointment
	if a.at = at; a.place >= 0 {
		heap.Fix(&e.queue, a.place)
	} else if !s.ended.Load() { // asked under the mutex: cancel comes after the end
		heap.Push(&e.queue, a)
	}
	e.arm(h)
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
func (e *expiry) arm(h *Handler) {
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
		e.timer = time.AfterFunc(wait, func() { e.sweep(h) })
		return
	}
	e.timer.Reset(wait)
}

// sweep looks at the streams whose time has come.
func (e *expiry) sweep(h *Handler) {
	for _, s := range e.due() {
		h.review(s)
	}
	e.mutex.Lock()
	defer e.mutex.Unlock()
	e.next, e.sweeping = time.Time{}, false
	e.arm(h)
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
		h.expiry.schedule(h, s, v.config.deadline(s.used()))
	}
	if err != nil {
		h.expiry.schedule(h, s, time.Now().Add(patience)) // the logs may be back by then
	}
}

// expired reports whether the stream's time is over.
func (h *Handler) expired(v *view) bool {
	return v.config.expires() && !v.config.deadline(v.used()).After(time.Now())
}

// expiryQueue has the earliest appointment first; see [heap.Interface].
type expiryQueue []*appointment

func (q expiryQueue) Len() int           { return len(q) }
func (q expiryQueue) Less(i, j int) bool { return q[i].at.Before(q[j].at) }
func (q expiryQueue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].place, q[j].place = i, j
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
