package eventlog

import (
	"slices"
	"sync/atomic"
)

// watchers are those who are told of a log's changes. The slice is never changed,
// only replaced, so that they can be called without a lock.
type watchers []*watcher

type watcher struct {
	changed func()
	due     atomic.Bool // a call is due and has not begun: it will see what happened until then
	stopped atomic.Bool
}

func (w watchers) with(one *watcher) watchers {
	return append(slices.Clip(w), one)
}

func (w watchers) without(one *watcher) watchers {
	return slices.DeleteFunc(slices.Clone(w), func(other *watcher) bool { return other == one })
}

// call tells all of them.
func (w watchers) call() {
	for _, one := range w {
		one.call()
	}
}

// call leaves it to another goroutine that is about to call.
func (w *watcher) call() {
	if w.due.Swap(true) {
		return
	}
	w.due.Store(false)
	if !w.stopped.Load() {
		w.changed()
	}
}
