package logtest

import (
	"errors"
	"fmt"
	"sync"

	"github.com/bare-go/bare/eventlog"
)

func attributeCases() []logsCase {
	return []logsCase{
		{"attributes are what they were set to", keepsAttributes},
		{"an update expects a revision", expectsRevision},
		{"of updates that expect one revision, one is made", racesToUpdate},
		{"a revision is not used again under the name", usesRevisionsOnce},
		{"there is no update without a log", updatesNothing},
	}
}

// wantAttributes fails unless the log has the attributes, in the revision.
func (l *log) wantAttributes(revision uint64, attributes string) {
	l.Helper()
	state := l.state()
	if string(state.Attributes) != attributes || state.Revision != revision {
		l.Errorf("the attributes are %q in revision %d, want %q in %d", state.Attributes, state.Revision, attributes, revision)
	}
}

// update replaces the attributes of the log "log".
func (l *logs) update(expected uint64, attributes string) uint64 {
	l.Helper()
	revision, err := l.Update(l.Context(), "log", expected, []byte(attributes))
	if err != nil {
		l.Fatalf("Update(%d): %v", expected, err)
	}
	return revision
}

func keepsAttributes(l *logs) {
	attributes := []byte("one")
	made := l.create("log", eventlog.CreateOptions{Attributes: attributes})
	clear(attributes)
	first := made.state().Revision
	made.wantAttributes(first, "one")
	attributes = []byte("two")
	revision, err := l.Update(l.Context(), "log", 0, attributes)
	if err != nil || first == 0 || revision <= first {
		l.Fatalf("Update: revision %d, %v", revision, err)
	}
	clear(attributes)
	made.wantAttributes(revision, "two")
	l.open("log").wantAttributes(revision, "two")
	tail := made.state().Tail
	if state := made.state(); state.Closed || state.Tail != tail {
		l.Errorf("an update has changed more than the attributes: %+v", state)
	}
	another := l.create("another", eventlog.CreateOptions{})
	another.wantAttributes(another.state().Revision, "")
}

func expectsRevision(l *logs) {
	made := l.create("log", eventlog.CreateOptions{Attributes: []byte("one")})
	first := made.state().Revision
	revision := l.update(first, "two")
	_, err := l.Update(l.Context(), "log", first, []byte("three"))
	l.want("Update of an old revision", err, eventlog.ErrRevision)
	_, err = l.Update(l.Context(), "log", revision+1, []byte("three"))
	l.want("Update of a revision to come", err, eventlog.ErrRevision)
	made.wantAttributes(revision, "two")
	again := l.update(revision, "two")
	if again == revision {
		l.Error("the same attributes set again have the same revision")
	}
	made.wantAttributes(l.update(0, ""), "")
}

func racesToUpdate(l *logs) {
	const writers, rounds = 4, 20
	made := l.create("log", eventlog.CreateOptions{Attributes: []byte("0")})
	var group sync.WaitGroup
	for range writers {
		group.Go(func() {
			for done := 0; done < rounds; {
				state, err := made.State(l.Context())
				if err != nil {
					l.Errorf("State: %v", err)
					return
				}
				var n int
				if _, err := fmt.Sscan(string(state.Attributes), &n); err != nil {
					l.Errorf("attributes %q: %v", state.Attributes, err)
					return
				}
				_, err = l.Update(l.Context(), "log", state.Revision, fmt.Append(nil, n+1))
				if err == nil {
					done++
				} else if !errors.Is(err, eventlog.ErrRevision) {
					l.Errorf("Update: %v", err)
					return
				}
			}
		})
	}
	group.Wait()
	if got := string(made.state().Attributes); got != fmt.Sprint(writers*rounds) {
		l.Errorf("after %d updates that add 1 there is %s", writers*rounds, got)
	}
}

// Whoever has looked at a log must not change another one that has its name by now.
func usesRevisionsOnce(l *logs) {
	first := l.create("log", eventlog.CreateOptions{}).state().Revision
	second := l.update(first, "two")
	l.delete("log")
	made := l.create("log", eventlog.CreateOptions{Attributes: []byte("new")})
	if revision := made.state().Revision; revision <= second {
		l.Errorf("a new log is in revision %d, and the one before it was in %d", revision, second)
	}
	for _, revision := range []uint64{first, second} {
		_, err := l.Update(l.Context(), "log", revision, []byte("old"))
		l.want("Update of a revision of the log before", err, eventlog.ErrRevision)
		l.want("Delete of a revision of the log before", l.Delete(l.Context(), "log", revision), eventlog.ErrRevision)
	}
	made.wantAttributes(made.state().Revision, "new")
}

func updatesNothing(l *logs) {
	for _, revision := range []uint64{0, 1} {
		_, err := l.Update(l.Context(), "log", revision, nil)
		l.want("Update", err, eventlog.ErrNotFound)
	}
	l.wantNone()
}
