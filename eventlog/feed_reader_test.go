package eventlog_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/bare-go/bare/eventlog"
)

// line encodes a record as a line of its number and its data.
func line(dst []byte, record *eventlog.Record, at eventlog.Offset) []byte {
	return fmt.Appendf(dst, "%d %s\n", at.Seq, record.Data)
}

// A reader reads a feed as a program does: it asks, and waits to be woken.
type reader struct {
	t      *testing.T
	feed   *eventlog.Feed
	cursor eventlog.Cursor
	waiter eventlog.Waiter
	woken  chan struct{}
}

func join(t *testing.T, feed *eventlog.Feed, encoding *eventlog.Encoding, after eventlog.Offset) *reader {
	t.Helper()
	r := &reader{t: t, feed: feed, woken: make(chan struct{}, 1)}
	r.waiter.Wake = func() {
		select {
		case r.woken <- struct{}{}:
		default:
		}
	}
	feed.Join(&r.cursor, encoding, after)
	return r
}

func (r *reader) leave() {
	r.feed.Forget(&r.waiter)
	r.feed.Leave(&r.cursor)
}

// now returns what there is without a wait, except for the log.
func (r *reader) now() (chunk string, status eventlog.Status) {
	r.t.Helper()
	for {
		chunk, status := r.feed.Next(&r.cursor)
		if status != eventlog.Cold {
			return string(chunk), status
		}
		if err := r.feed.Fetch(r.t.Context(), &r.cursor); err != nil {
			if !errors.Is(err, eventlog.ErrDeleted) {
				r.t.Errorf("Fetch failed: %v", err)
			}
			return "", eventlog.Ended
		}
	}
}

// next waits until there is something.
func (r *reader) next() (chunk string, status eventlog.Status) {
	r.t.Helper()
	for {
		if chunk, status = r.now(); status != eventlog.Idle {
			return chunk, status
		}
		if !r.feed.Wait(&r.waiter, r.cursor.Offset()) {
			<-r.woken
		}
	}
}

// rest reads until there is nothing more for now, and returns it with the statuses
// other than Ready and Idle.
func (r *reader) rest() string {
	r.t.Helper()
	var b strings.Builder
	for {
		chunk, status := r.now()
		switch status {
		case eventlog.Ready:
			b.WriteString(chunk)
		case eventlog.Idle:
			return b.String()
		case eventlog.Gap:
			from, to := r.cursor.Gap()
			fmt.Fprintf(&b, "gap %d %d\n", from.Seq, to.Seq)
		default:
			return b.String() + status.String()
		}
	}
}

func tail(t *testing.T, log eventlog.Log) eventlog.Offset {
	t.Helper()
	state, err := log.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return state.Tail
}

func want(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}
