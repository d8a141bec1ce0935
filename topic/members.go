package topic

import "time"

// join enters a subscriber, in the goroutine of its body.
func (t *Topic) join(s *subscriber) {
	s.reader = true
	t.feed.Join(&s.cursor, s.format.encoding, s.after)
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.joined++
	s.place = len(t.subscribers)
	s.checked = t.wheel.now.Load()
	t.subscribers = append(t.subscribers, s)
	if len(t.subscribers) == 1 {
		t.wheel.start()
	}
}

// leave is the opposite of join. It comes before the feed's own: the wheel asks the
// feed only about those who are in the list.
func (t *Topic) leave(s *subscriber) {
	t.remove(s)
	t.feed.Forget(&s.waiter)
	t.feed.Leave(&s.cursor)
}

func (t *Topic) remove(s *subscriber) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	last := len(t.subscribers) - 1
	moved := t.subscribers[last]
	t.subscribers[s.place], moved.place = moved, s.place
	t.subscribers[last] = nil
	t.subscribers = t.subscribers[:last]
	if last == 0 {
		t.subscribers = nil // ten thousand may have been here
		t.wheel.stop()
	}
	if s.drain != nil {
		s.drain.leave()
	}
}

// Kick cuts the streams of a key (see [Lease]), and returns how many there were. An
// EventSource comes back: the handler must refuse it. Long polls are not affected. The
// empty key is nobody's.
func (t *Topic) Kick(key string) int {
	if key == "" {
		return 0
	}
	var kicked []*subscriber
	t.mutex.Lock()
	for _, s := range t.subscribers {
		if s.lease.Key == key {
			kicked = append(kicked, s)
		}
	}
	t.mutex.Unlock()
	for _, s := range kicked {
		s.request.Cut(ErrKicked)
	}
	return len(kicked)
}

const (
	// pauseEach is what each subscriber adds to the time that the end of all of them
	// takes when the server stops.
	pauseEach = 100 * time.Microsecond
	// maxPause is that time's limit.
	maxPause = time.Second
)
