package bare

import "sync/atomic"

// A gate is a lock for one goroutine that waits and others that only try. Unlike
// a wait for a [sync.Mutex], the wait for a gate lets the fake time of
// testing/synctest go on: a client that stalls can be tested without waiting.
type gate struct {
	state atomic.Int32
	wake  chan struct{} // made by the goroutine that waits
}

const (
	gateOpen   int32 = iota
	gateTaken        // by one
	gateWanted       // by one, and another waits
)

func (g *gate) tryLock() bool { return g.state.CompareAndSwap(gateOpen, gateTaken) }

func (g *gate) lock() {
	if g.tryLock() {
		return
	}
	if g.wake == nil {
		g.wake = make(chan struct{}, 1)
	}
	// A token from an earlier wait costs one more round.
	for g.state.Swap(gateWanted) != gateOpen {
		<-g.wake
	}
}

func (g *gate) unlock() {
	if g.state.Swap(gateOpen) == gateWanted {
		select {
		case g.wake <- struct{}{}:
		default:
		}
	}
}
