package eventlog

// A Waiter is told once that there may be more to read: see [Feed.Wait]. It belongs
// to its owner, is used for one feed at a time, and must not be copied while it
// waits.
type Waiter struct {
	// Wake is called when there is more, once for each successful Wait. It is called by
	// the goroutine that serves all readers, and without a lock: it may call the
	// feed, Wait with this waiter included, but it must not wait for anything. It
	// must be set before Wait is called.
	Wake func()

	// The neighbours in the list that the waiter is in; nil in none.
	next, previous *Waiter
}

// waiters is a list whose zero value must be set up by clear.
type waiters struct{ root Waiter }

func (l *waiters) clear() { l.root.next, l.root.previous = &l.root, &l.root }

func (l *waiters) empty() bool { return l.root.next == &l.root }

func (l *waiters) add(w *Waiter) {
	w.previous, w.next = l.root.previous, &l.root
	w.previous.next, w.next.previous = w, w
}

// waits reports whether the waiter is in a list.
func (w *Waiter) waits() bool { return w.next != nil }

// remove takes the waiter out of whichever list it is in.
func (w *Waiter) remove() {
	w.previous.next, w.next.previous = w.next, w.previous
	w.next, w.previous = nil, nil
}

// take moves all waiters of another list behind those of this one.
func (l *waiters) take(other *waiters) {
	if other.empty() {
		return
	}
	first, last := other.root.next, other.root.previous
	first.previous, l.root.previous.next = l.root.previous, first
	last.next, l.root.previous = &l.root, last
	other.clear()
}
