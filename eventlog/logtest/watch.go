package logtest

import (
	"sync"
	"sync/atomic"

	"github.com/bare-go/bare/eventlog"
)

func watchCases() []logCase {
	return []logCase{
		{name: "a watch is told of each append and of the close", run: tellsOfChanges},
		{name: "a call of a watch finds what it reports", run: findsWhatIsReported},
		{name: "a call of a watch may use the log", run: callsWithoutALock},
		{name: "a watch that is stopped is not called", run: stops},
		{name: "stop may be called again, and by the call itself", run: stopsItself},
		{name: "watches are apart", run: watchesApart},
	}
}

// A signal is what a watch sends, and a case waits for.
type signal chan struct{}

func newSignal() signal { return make(signal, 1) }

func (s signal) send() {
	select {
	case s <- struct{}{}:
	default: // there is one already
	}
}

// wantSignal fails if nothing comes.
func (t *trial) wantSignal(s signal, what string) {
	t.Helper()
	if !t.comes(s) {
		t.Fatalf("a watch has not been called within %v after %s", t.patience, what)
	}
}

func tellsOfChanges(l *log) {
	changed := newSignal()
	stop := l.Watch(changed.send)
	defer stop()
	for range 3 {
		l.add("a")
		l.wantSignal(changed, "an append")
	}
	l.append(eventlog.Record{}, eventlog.AppendOptions{Close: eventlog.CloseOnly})
	l.wantSignal(changed, "a close")
}

// findsWhatIsReported has several append: calls that overlap must miss nothing.
func findsWhatIsReported(l *log) {
	const appends = 100
	var mu sync.Mutex
	var after eventlog.Offset
	seen, done := 0, newSignal()
	stop := l.Watch(func() {
		mu.Lock()
		defer mu.Unlock()
		page, err := l.Read(l.Context(), after, everything)
		if err != nil {
			l.Errorf("Read in a call of a watch: %v", err)
		}
		after = page.Next
		if seen += len(page.Records); seen == 4*appends {
			done.send()
		}
	})
	defer stop()
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range appends {
				if _, err := l.Append(l.Context(), record("x"), eventlog.AppendOptions{}); err != nil {
					l.Errorf("Append: %v", err)
				}
			}
		})
	}
	group.Wait()
	if !l.comes(done) {
		mu.Lock()
		defer mu.Unlock()
		l.Errorf("the calls of a watch have found %d records of %d", seen, 4*appends)
	}
}

func callsWithoutALock(l *log) {
	done := newSignal()
	var once atomic.Bool
	stop := l.Watch(func() {
		if !once.CompareAndSwap(false, true) {
			return
		}
		l.read(eventlog.Offset{}, everything)
		l.state()
		l.add("b")
		l.Watch(func() {})()
		done.send()
	})
	defer stop()
	l.waits("an append whose watch uses the log", func() {
		if _, err := l.Append(l.Context(), record("a"), eventlog.AppendOptions{}); err != nil {
			l.Errorf("Append: %v", err)
		}
	})
	l.wantSignal(done, "an append")
}

// stops has another watch say when all have been told.
func stops(l *log) {
	var calls atomic.Int64
	first := newSignal()
	stop := l.Watch(func() { calls.Add(1); first.send() })
	l.add("a")
	l.wantSignal(first, "an append")
	stop()
	for range 3 {
		fence := newSignal()
		stopFence := l.Watch(fence.send)
		before := calls.Load()
		l.add("b")
		l.wantSignal(fence, "an append")
		stopFence()
		if after := calls.Load(); after != before {
			l.Errorf("a watch that is stopped was called %d times", after-before)
		}
	}
}

func stopsItself(l *log) {
	var calls atomic.Int64
	var stop func()
	called := newSignal()
	stop = l.Watch(func() {
		calls.Add(1)
		stop()
		stop()
		called.send()
	})
	l.waits("an append whose watch stops itself", func() { l.add("a") })
	l.wantSignal(called, "an append")
	l.waits("stop", stop)
	fence := newSignal()
	defer l.Watch(fence.send)()
	l.add("b")
	l.wantSignal(fence, "an append")
	if n := calls.Load(); n != 1 {
		l.Errorf("a watch that stops itself was called %d times", n)
	}
}

func watchesApart(l *log) {
	one, other := newSignal(), newSignal()
	stopOne := l.Watch(one.send)
	defer l.Watch(other.send)()
	defer l.Watch(other.send)() // the same function may be there twice
	l.add("a")
	l.wantSignal(one, "an append")
	l.wantSignal(other, "an append")
	stopOne()
	l.add("b")
	l.wantSignal(other, "an append, and the stop of another watch")
}
