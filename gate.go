package bare

import "sync/atomic"

// A gate is a lock. Unlike a wait for a [sync.Mutex], the wait for a gate lets the
// fake time of testing/synctest go on: a client that stalls can be tested without
// waiting. The zero value is open.
type gate struct {
	state atomic.Int32
	wake  atomic.Pointer[chan struct{}] // made by the first goroutine that waits
}

const (
	gateOpen   int32 = iota
	gateTaken        // by one
	gateWanted       // by one, and others may wait
)

func (g *gate) tryLock() bool { return g.state.CompareAndSwap(gateOpen, gateTaken) }

func (g *gate) lock() {
	if g.tryLock() {
		return
	}
	wake := g.wake.Load()
	if wake == nil {
		made := make(chan struct{}, 1)
		if g.wake.CompareAndSwap(nil, &made) {
			wake = &made
		} else {
			wake = g.wake.Load()
		}
	}
	// Whoever gets it from here on leaves it wanted, so that its unlock wakes the
	// next one. A token from an earlier wait costs one more round.
	for g.state.Swap(gateWanted) != gateOpen {
		<-*wake
	}
}

func (g *gate) unlock() {
	switch g.state.Swap(gateOpen) {
	case gateOpen:
		panic("bare: an open gate is unlocked") //nolint:forbidigo // a fault of ours, as with a sync.Mutex
	case gateWanted:
		select {
		case *g.wake.Load() <- struct{}{}:
		default: // one is under way already
		}
	}
}
