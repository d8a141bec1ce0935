package topic

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/bare-go/bare/eventlog"
)

// ErrIncomplete is returned by [View.Read] when the log has lost events before the view
// had them.
var ErrIncomplete = errors.New("topic: the view lacks events that the log has lost")

// viewBytes is how much a view reads from its log at a time.
const viewBytes = 64 << 10

// A View is the state that a topic's events add up to: each is folded into it once, in
// the order of the log. It is made by [NewView], and safe for concurrent use.
//
// A page that shows the state and then follows the topic from the offset that Read has
// given sees each event exactly once.
type View[S any] struct {
	topic *Topic
	fold  func(state S, event Event) S
	stop  func()          // of the watch
	ended context.Context //nolint:containedctx // of the folds in the background
	end   context.CancelFunc

	marks atomic.Int64 // changes of the log that nobody has looked at
	run   func()

	mutex sync.Mutex
	state S
	at    eventlog.Offset
	lost  bool
}

// NewView returns a view that begins with state and folds all events that the topic's
// log has, and each that comes. The function fold is given the state so far, and returns
// the next one, which may be the same value, changed. It must not call the view, and must
// not keep or change the event's bytes.
//
// Events are folded soon after they were published, in a goroutine that runs only
// then. A view that is no longer used, on a topic that still is, must be closed.
func NewView[S any](t *Topic, state S, fold func(state S, event Event) S) *View[S] {
	v := &View[S]{topic: t, fold: fold, state: state}
	v.ended, v.end = context.WithCancel(context.Background()) //nolint:gosec // Close calls it
	v.run = v.follow
	v.stop = t.log.Watch(v.mark)
	v.mark()
	return v
}

// Close ends the folding. Read goes on to work, and folds what has come.
func (v *View[S]) Close() {
	v.stop()
	v.end()
}

// Read folds everything that was published before the call, and calls read with the
// state and the offset of the last event in it. A reader of the topic that begins after
// this offset gets what the state does not have, and nothing else.
//
// Until read returns, nothing is folded, and no other Read runs: it must not keep a state
// that fold changes, or a part of one. Read returns the log's error, and then read was not
// called; or [ErrIncomplete], and then it was.
func (v *View[S]) Read(ctx context.Context, read func(state S, at eventlog.Offset)) error {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	if err := v.catchUp(ctx); err != nil {
		return err
	}
	read(v.state, v.at)
	if v.lost {
		return ErrIncomplete
	}
	return nil
}

// mark is called by the log. The first mark starts the goroutine.
func (v *View[S]) mark() {
	if v.marks.Add(1) == 1 {
		go v.run()
	}
}

func (v *View[S]) follow() {
	for {
		marks := v.marks.Load()
		v.mutex.Lock()
		_ = v.catchUp(v.ended) // a Read tries again, and says so
		v.mutex.Unlock()
		if v.marks.CompareAndSwap(marks, 0) {
			return
		}
	}
}

// catchUp folds what is new. The caller holds the mutex.
func (v *View[S]) catchUp(ctx context.Context) error {
	for {
		page, err := v.topic.log.Read(ctx, v.at, viewBytes)
		if err != nil {
			return err
		}
		v.lost = v.lost || page.Gap
		for i := range page.Records {
			v.state = v.fold(v.state, eventOf(&page.Records[i]))
		}
		moved := v.at != page.Next
		v.at = page.Next
		if !moved || page.Closed {
			return nil
		}
	}
}
