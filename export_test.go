package bare

import "time"

// What the tests need of the inside.
var (
	IsToken      = isToken
	IsFieldValue = isFieldValue
)

// Watched returns how many exchanges an application watches now.
func Watched(app *Application) int { return len(app.watch.all()) }

// A Wait is an operation that the watch may end.
type Wait struct{ wait }

// Begin begins an operation, and returns its number.
func (w *Wait) Begin() uint64 {
	w.begin()
	return w.current.Load()
}

// End ends the operation, and reports whether it was in time.
func (w *Wait) End() bool { return w.end() }

// Expire ends the operation in the watch's name, if it is still under way.
func (w *Wait) Expire(operation uint64) bool { return w.expire(operation) }

// Stuck looks at the operation under way.
func (w *Wait) Stuck(now, limit time.Duration) (operation uint64, stuck bool) {
	return w.stuck(now, limit)
}

// Stalled reports whether the watch has ended an operation.
func (w *Wait) Stalled() bool { return w.stalled.Load() }
