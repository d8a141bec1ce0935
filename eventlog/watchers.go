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
	stopped atomic.Bool
}

func (w watchers) with(one *watcher) watchers {
	return append(slices.Clip(w), one)
}

func (w watchers) without(one *watcher) watchers {
	return slices.DeleteFunc(slices.Clone(w), func(other *watcher) bool { return other == one })
}

// call tells all of them. One that was stopped meanwhile is still in the slice.
func (w watchers) call() {
	for _, one := range w {
		if !one.stopped.Load() {
			one.changed()
		}
	}
}
