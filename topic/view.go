package topic

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"

	"github.com/bare-go/bare/eventlog"
)

// ErrIncomplete is returned by [View.Read] and [View.Snapshot] when the log has lost
// events before the view had them.
var ErrIncomplete = errors.New("topic: the view lacks events that the log has lost")

// ErrFold is returned by [View.Read] and [View.Snapshot] when the view's function has
// panicked.
var ErrFold = errors.New("topic: the function of the view has panicked")

// viewBytes is how much a view reads from its log at a time.
const viewBytes = 64 << 10

// A View is the state that a topic's events add up to: each that the log has is folded
// into it once, in the order of the log. It is made by [NewView], and safe for concurrent
// use.
//
// A page that shows the state and then follows the topic from the offset that Read has
// given sees each event exactly once.
//
// In a topic that conflates, an event that was superseded before the view came to it is
// never folded. There the events must say how things are, and not what has changed: a sum
// of them would be wrong.
type View[S any] struct {
	topic *Topic
	fold  func(state S, event Event) S
	stop  func()          // of the watch
	ended context.Context //nolint:containedctx // of the folds in the background
	end   context.CancelFunc

	marks atomic.Int64 // changes of the log that nobody has looked at
	run   func()

	// turn holds one. Whoever has put it in may use what follows. It is not a mutex, as
	// a Read that waits for its turn obeys its context.
	turn   chan struct{}
	state  S
	at     eventlog.Offset
	lost   bool
	failed error // of the fold: the state may be half of one, and is not shown
}

// NewView returns a view that begins with state and folds all events that the topic's
// log has, and each that comes. The function fold is given the state so far, and returns
// the next one, which may be the same value, changed. It must not call the view, and must
// not keep or change the event's bytes.
//
// Events are folded soon after they were published, in a goroutine that runs only
// then. A view that is no longer used, on a topic that still is, must be closed.
//
// A fold that panics does not end the process. The view has no state any more then: each
// Read fails with [ErrFold], and names the event and the panic.
func NewView[S any](t *Topic, state S, fold func(state S, event Event) S) *View[S] {
	v := &View[S]{topic: t, fold: fold, state: state, turn: make(chan struct{}, 1)}
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
// Until read returns, nothing is folded, and no other read runs: it must not keep a state
// that fold changes, or a part of one. For a state that is a plain value see
// [View.Snapshot].
//
// Read returns the context's error, the log's, or [ErrFold], and then read was not called;
// or [ErrIncomplete], and then it was.
func (v *View[S]) Read(ctx context.Context, read func(state S, at eventlog.Offset)) error {
	state, err := v.topic.log.State(ctx)
	if err != nil {
		return err
	}
	for {
		at, done, err := v.show(ctx, state.Tail, read)
		if done || err != nil {
			return err
		}
		moved, err := v.advance(ctx, at)
		if err != nil {
			return err
		}
		if !moved { // the log has nothing more, whatever it said
			_, _, err := v.show(ctx, at, read)
			return err
		}
	}
}

// Snapshot is [View.Read] for a state that fold does not change in place, such as a
// number, a text, or a struct of them: it returns the state, and the offset of the last
// event in it. A map or a slice that fold changes must be read with Read.
//
// With [ErrIncomplete] it returns what there is; with any other error nothing.
func (v *View[S]) Snapshot(ctx context.Context) (state S, at eventlog.Offset, err error) {
	err = v.Read(ctx, func(s S, last eventlog.Offset) { state, at = s, last })
	return state, at, err
}

// take waits for the turn.
func (v *View[S]) take(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case v.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (v *View[S]) give() { <-v.turn }

// show calls read if the state has everything through an offset, and says where it is.
func (v *View[S]) show(ctx context.Context, through eventlog.Offset, read func(S, eventlog.Offset)) (at eventlog.Offset, done bool, err error) {
	if err := v.take(ctx); err != nil {
		return at, false, err
	}
	defer v.give()
	switch {
	case v.failed != nil:
		return v.at, false, v.failed
	case v.at.Compare(through) < 0:
		return v.at, false, nil
	}
	read(v.state, v.at)
	if v.lost {
		return v.at, true, ErrIncomplete
	}
	return v.at, true, nil
}

// advance folds a page of what comes after an offset, and reports whether there was one.
// It reads without the turn, as the log may take its time. What somebody else has folded
// in the meantime is not folded again.
func (v *View[S]) advance(ctx context.Context, at eventlog.Offset) (moved bool, err error) {
	page, err := v.topic.log.Read(ctx, at, viewBytes)
	if err != nil {
		return false, err
	}
	if err := v.take(ctx); err != nil {
		return false, err
	}
	defer v.give()
	if v.at == at && v.failed == nil {
		v.add(&page)
	}
	return v.at != at, v.failed
}

// add folds a page. Whoever calls it has the turn.
func (v *View[S]) add(page *eventlog.Page) {
	at, folded := page.Next, false
	defer func() {
		if !folded { // nor has it if the goroutine ends, with nothing to recover
			v.failed = fmt.Errorf("%w at event %s: %v\n%s", ErrFold, at, recover(), debug.Stack())
		}
	}()
	for i := range page.Records {
		at.Seq = page.Records[i].Seq
		v.state = v.fold(v.state, eventOf(&page.Records[i]))
	}
	v.at, v.lost, folded = page.Next, v.lost || page.Gap, true
}

// mark is called by the log. The first mark starts the goroutine.
func (v *View[S]) mark() {
	if v.marks.Add(1) == 1 {
		go v.run()
	}
}

// follow folds what is new, until there are no further marks. Its turns are short, so that
// those who read come in between.
func (v *View[S]) follow() {
	for {
		marks := v.marks.Load()
		for v.foldPage() {
		}
		if v.marks.CompareAndSwap(marks, 0) {
			return
		}
	}
}

// foldPage reports whether there may be another page. An error is left to a Read, which
// tries again, and says so.
func (v *View[S]) foldPage() bool {
	if v.take(v.ended) != nil {
		return false
	}
	at := v.at
	v.give()
	moved, err := v.advance(v.ended, at)
	return moved && err == nil
}
