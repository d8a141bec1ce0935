package conn

// Open counts the connections that the listener knows.
func (l *Listener) Open() int {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return len(l.conns)
}

// Sweeping reports whether the sweeper's timer runs.
func (l *Listener) Sweeping() bool {
	l.sweeper.mutex.Lock()
	defer l.sweeper.mutex.Unlock()
	return l.sweeper.armed
}
