package sse

import (
	"runtime"
	"sync/atomic"
	"time"

	"github.com/bare-go/bare"
)

// A writer yields events as chunks, and a comment after each silence. The producer
// calls send, perhaps from several goroutines, and a timer calls beat.
type writer struct {
	request   *bare.HttpRequest
	yield     func([]byte) bool
	keepAlive time.Duration // negative: none

	// gate is held by whoever yields. It is a channel, as a wait for a mutex would stop
	// the fake time of testing/synctest, in which stalled clients are tested.
	gate    chan struct{}
	refused atomic.Int32 // events that came after send had returned false

	timer  *time.Timer
	last   time.Time // when something was yielded
	buffer []byte
	over   bool  // nothing is yielded any more
	err    error // of an event that cannot be encoded; no event follows it
	crash  any   // what yield panicked with in beat
}

// silence is the comment that keeps a connection alive.
const silence = ":\n\n"

// maxRefused is how many events a producer may send in vain: it would go on forever.
const maxRefused = 100

// firstBytes is how large the buffer is at first, and keptBuffer how large it may be to
// be kept for the next event.
const (
	firstBytes = 256
	keptBuffer = 64 << 10
)

func newWriter(request *bare.HttpRequest, yield func([]byte) bool, options Options) *writer {
	keepAlive := options.KeepAlive
	if keepAlive == 0 {
		keepAlive = DefaultKeepAlive
	}
	return &writer{
		request:   request,
		yield:     yield,
		keepAlive: keepAlive,
		gate:      make(chan struct{}, 1),
		buffer:    make([]byte, 0, firstBytes),
	}
}

func (w *writer) lock()   { w.gate <- struct{}{} }
func (w *writer) unlock() { <-w.gate }

// open yields the first bytes, and starts to watch for silences.
func (w *writer) open(retry time.Duration) {
	w.lock()
	defer w.unlock()
	first := []byte(silence)
	if retry > 0 {
		first, _ = Event{Retry: retry}.AppendText(nil) // it has nothing that cannot be encoded
	}
	w.pass(first)
	if w.keepAlive > 0 {
		w.timer = time.AfterFunc(w.keepAlive, w.beat)
	}
}

// send yields an event. It returns false when there is no use in another: the client
// is gone, the server stops, or the event cannot be encoded.
func (w *writer) send(event Event) bool {
	// A producer that never waits sees the end of the context only here. Sleep notes
	// that it was told.
	if w.request.Sleep(0) && w.put(event) {
		return true
	}
	if w.refused.Add(1) >= maxRefused {
		runtime.Goexit() // as the server does with a body that never stops
	}
	return false
}

func (w *writer) put(event Event) bool {
	w.lock()
	defer w.unlock()
	if w.over || w.err != nil {
		return false
	}
	chunk, err := event.AppendText(w.buffer[:0])
	if err != nil {
		w.err = err
		return false
	}
	w.buffer = chunk
	if cap(chunk) > keptBuffer {
		w.buffer = nil
	}
	return w.pass(chunk)
}

// pass yields a chunk. The caller holds the gate.
func (w *writer) pass(chunk []byte) bool {
	w.over = true // if yield panics
	w.over = !w.yield(chunk)
	w.last = time.Now()
	return !w.over
}

// beat is called by the timer when there may have been a silence. An event does not
// set the timer anew, as that would cost more than to look at the clock. The timer is
// set under the gate, so that none is left after close.
func (w *writer) beat() {
	w.lock()
	defer w.unlock()
	if w.over {
		return
	}
	if time.Since(w.last) >= w.keepAlive {
		w.passGuarded([]byte(silence))
	}
	w.timer.Reset(w.keepAlive - time.Since(w.last))
}

// passGuarded keeps a panic of yield for close: in the timer's goroutine it would end
// the process. The caller holds the gate.
func (w *writer) passGuarded(chunk []byte) {
	defer func() { w.crash = recover() }()
	w.pass(chunk)
}

// failure returns the error of an event that could not be encoded, once: an event that
// tells of it may follow.
func (w *writer) failure() error {
	w.lock()
	defer w.unlock()
	err := w.err
	w.err = nil
	return err
}

// close waits for a beat that is under way, and lets none follow.
func (w *writer) close() {
	w.lock()
	w.over = true
	timer, crash := w.timer, w.crash
	w.unlock()
	if timer != nil {
		timer.Stop()
	}
	if crash != nil {
		panic(crash) //nolint:forbidigo // it has only changed goroutines
	}
}
