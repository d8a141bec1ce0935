package bare

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// stallChecks is how often in a StallTimeout the watch looks.
	stallChecks = 8
	// departureCheck is the longest that a client's departure may go unnoticed
	// where only the kernel knows of it.
	departureCheck = 4 * time.Second
)

// A watch looks after the exchanges of one application that take their time: it
// ends their waits for clients that have stalled, and finds the clients that have
// left unnoticed. What may block runs in a goroutine of its own.
type watch struct {
	clock *clock
	stall time.Duration // 0 or less means no limit

	mutex     sync.Mutex
	exchanges map[*exchange]uint64 // each with its number
	numbers   uint64               // how many have been given out
	timer     *time.Timer
	armed     bool

	looking []*exchange // look's own, kept for its capacity
}

// interval is the time between two looks.
func (w *watch) interval() time.Duration {
	if w.stall <= 0 {
		return departureCheck
	}
	return min(w.stall/stallChecks, departureCheck)
}

// see has the exchange looked at until forget.
func (w *watch) see(x *exchange) {
	if !x.watched.Load() {
		w.add(x)
	}
}

// add is see, and returns the exchange's number: 0 if it was forgotten.
func (w *watch) add(x *exchange) uint64 {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if x.forgotten || x.watched.Load() {
		return w.exchanges[x]
	}
	x.watched.Store(true)
	if w.exchanges == nil {
		w.exchanges = make(map[*exchange]uint64)
	}
	w.numbers++
	w.exchanges[x] = w.numbers
	if !w.armed {
		w.armed = true
		w.timer = arm(w.timer, w.interval(), w.look)
	}
	return w.numbers
}

// forget ends the watch over an exchange, for good. Certain says that nobody can
// ask for a watch any more.
func (w *watch) forget(x *exchange, certain bool) {
	if certain && !x.watched.Load() {
		return
	}
	w.mutex.Lock()
	defer w.mutex.Unlock()
	x.forgotten = true
	delete(w.exchanges, x)
}

// all returns the exchanges that are watched now.
func (w *watch) all() []*exchange {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.collect(nil)
}

// collect appends the exchanges that are watched. The caller holds the mutex.
func (w *watch) collect(exchanges []*exchange) []*exchange {
	for x := range w.exchanges {
		exchanges = append(exchanges, x)
	}
	return exchanges
}

// A numbered is an exchange with its number.
type numbered struct {
	exchange *exchange
	id       uint64
}

// numbered returns the exchanges that are watched now.
func (w *watch) numbered() []numbered {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	all := make([]numbered, 0, len(w.exchanges))
	for x, id := range w.exchanges {
		all = append(all, numbered{x, id})
	}
	return all
}

// find returns the exchange with a number, nil if it is not watched any more.
func (w *watch) find(id uint64) *exchange {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	for x, number := range w.exchanges {
		if number == id {
			return x
		}
	}
	return nil
}

// look looks at each exchange once. The kernel is asked outside the mutex, which
// requests wait for.
func (w *watch) look() {
	w.mutex.Lock()
	w.looking = w.collect(w.looking[:0])
	w.mutex.Unlock()
	now := w.clock.now()
	for _, x := range w.looking {
		w.inspect(x, now)
	}
	clear(w.looking) // what has ended is not kept

	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.armed = len(w.exchanges) > 0; w.armed {
		w.timer.Reset(w.interval())
	}
}

func (w *watch) inspect(x *exchange, now time.Duration) {
	if w.stall > 0 {
		// A wait is first seen up to one look late, and must not outlast the limit.
		limit := w.stall - w.interval()
		if x.body != nil {
			if operation, stuck := x.body.reading.stuck(now, limit); stuck {
				go x.giveUpReading(operation)
			}
		}
		if operation, stuck := x.stream.writing.stuck(now, limit); stuck &&
			x.sink.watchesWrites() && !x.sink.waitsForKernel(limit) {
			go x.giveUpWriting(operation)
		}
	}
	// A WebSocket that nobody reads from learns of a stall by this alone.
	if !x.lifetime.over() && (x.sink.departed() || x.sink.stalled()) {
		x.lifetime.end(context.Canceled)
	}
}

// A wait is an operation that lasts until a client does its part. One goroutine
// operates at a time; the watch looks on.
type wait struct {
	// count numbers the operations from 1 on; the operating goroutine's own. It
	// shares a word with stalled, which keeps an exchange within 512 bytes.
	count   uint32
	stalled atomic.Bool // the watch has ended an operation: it is final
	// current is the number of the operation under way, 0 for none. Whoever takes
	// it away first, its end or the watch, decides how it ended.
	current atomic.Uint64

	// What the watch saw when it looked last.
	seen  uint64
	since time.Duration
}

func (w *wait) begin() {
	w.count = max(w.count+1, 1) // 0, after four thousand million of them, is none
	w.current.Store(uint64(w.count))
}

// end ends the operation. When it returns false the watch was faster: whatever the
// operation returned, it has failed with ErrStalled.
func (w *wait) end() bool {
	return w.current.CompareAndSwap(uint64(w.count), 0)
}

// expire ends the operation with the given number in the watch's name, and reports
// whether it was still under way.
func (w *wait) expire(operation uint64) bool {
	if !w.current.CompareAndSwap(operation, 0) {
		return false
	}
	w.stalled.Store(true)
	return true
}

// stuck reports whether the same operation has been under way for limit, and its
// number.
func (w *wait) stuck(now, limit time.Duration) (operation uint64, stuck bool) {
	operation = w.current.Load()
	if operation == 0 || operation != w.seen {
		w.seen, w.since = operation, now
		return 0, false
	}
	return operation, now-w.since >= limit
}
