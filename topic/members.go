package topic

// expect enters a subscriber whose body has not begun, so that a drain finds it.
func (t *Topic) expect(s *subscriber) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.coming == nil {
		t.coming = make(map[*subscriber]struct{}, 1)
	}
	t.coming[s] = struct{}{}
	if s.socket != nil && s.lease.Key != "" {
		t.keys[s.lease.Key][s.request] = s
	}
}

// forget undoes expect. The caller holds the mutex.
func (t *Topic) forget(s *subscriber) {
	if delete(t.coming, s); len(t.coming) == 0 {
		t.coming = nil // ten thousand may have been here
	}
}

// join enters a subscriber, in its first turn.
func (t *Topic) join(s *subscriber) {
	s.reader = true
	t.feed.Join(&s.cursor, s.format.encoding, s.after)
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.forget(s)
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
	if !s.reader {
		return // it has ended before its first turn
	}
	if s.unhook != nil {
		s.unhook()
	}
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
}
