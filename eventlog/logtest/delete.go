package logtest

import (
	"errors"
	"sync"

	"github.com/bare-go/bare/eventlog"
)

func deleteCases() []logsCase {
	return []logsCase{
		{"a log that is deleted is gone", deletes},
		{"a delete expects a revision", deletesRevision},
		{"those who still have a deleted log are told", tellsOfDeletion},
		{"a watch is told of the deletion, and can be stopped after it", watchesDeletion},
		{"a name that is used again has another, greater epoch", recreates},
		{"of a delete and appends, none is after the delete", racesWithDelete},
	}
}

func deletes(l *logs) {
	l.want("Delete of nothing", l.Delete(l.Context(), "log", 0), eventlog.ErrNotFound)
	l.create("log", eventlog.CreateOptions{}).add("a")
	l.delete("log")
	l.wantNone()
	l.want("Delete of what is gone", l.Delete(l.Context(), "log", 1), eventlog.ErrNotFound)
	made := l.create("log", eventlog.CreateOptions{})
	made.has(eventlog.Offset{})
	made.wantAttributes(made.state().Revision, "")
}

func deletesRevision(l *logs) {
	made := l.create("log", eventlog.CreateOptions{})
	made.add("a")
	first := made.state().Revision
	revision := l.update(first, "two")
	l.want("Delete of an old revision", l.Delete(l.Context(), "log", first), eventlog.ErrRevision)
	l.open("log").has(eventlog.Offset{}, "a")
	if err := l.Delete(l.Context(), "log", revision); err != nil {
		l.Errorf("Delete of the revision that it has: %v", err)
	}
	l.wantNone()
}

func tellsOfDeletion(l *logs) {
	old := l.create("log", eventlog.CreateOptions{})
	tail := old.add("a")[0]
	l.delete("log")
	wantDeleted := func() {
		_, err := old.Append(l.Context(), record("b"), eventlog.AppendOptions{})
		l.want("Append", err, eventlog.ErrDeleted)
		_, err = old.Append(l.Context(), record("b"), eventlog.AppendOptions{
			Expect: eventlog.Offset{Epoch: tail.Epoch, Seq: tail.Seq + 1}, Close: eventlog.CloseOnly,
		})
		l.want("Append at another tail", err, eventlog.ErrDeleted)
		_, err = old.Read(l.Context(), eventlog.Offset{}, everything)
		l.want("Read", err, eventlog.ErrDeleted)
		_, err = old.State(l.Context())
		l.want("State", err, eventlog.ErrDeleted)
	}
	wantDeleted()
	made := l.create("log", eventlog.CreateOptions{})
	made.add("new")
	wantDeleted()
	made.has(eventlog.Offset{}, "new")
}

func watchesDeletion(l *logs) {
	made := l.create("log", eventlog.CreateOptions{})
	changed := newSignal()
	stop := made.Watch(func() {
		if _, err := made.State(l.Context()); errors.Is(err, eventlog.ErrDeleted) {
			changed.send()
		}
	})
	l.waits("Delete", func() { l.delete("log") })
	l.wantSignal(changed, "a deletion")
	stop()
	stop()
	l.waits("Watch of a deleted log", func() { made.Watch(func() {})() })
}

func recreates(l *logs) {
	var old []eventlog.Offset
	for range 3 {
		made := l.create("log", eventlog.CreateOptions{})
		tail := made.state().Tail
		for _, before := range old {
			if tail.Epoch <= before.Epoch {
				l.Errorf("the epoch of %v is not greater than that of %v", tail, before)
			}
			made.hasGap(before)
		}
		made.add("a", "b")
		for _, before := range old {
			made.hasGap(before, "a", "b")
			err := made.refused(record("c"), eventlog.AppendOptions{Expect: before})
			made.wantConflict(err, made.state().Tail)
		}
		old = append(old, tail, made.state().Tail)
		l.delete("log")
	}
}

func racesWithDelete(l *logs) {
	made := l.create("log", eventlog.CreateOptions{})
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			stop := made.Watch(func() {})
			defer stop()
			for range 100 {
				if _, err := made.Append(l.Context(), record("x"), eventlog.AppendOptions{}); err != nil {
					l.want("Append", err, eventlog.ErrDeleted)
					return
				}
			}
		})
	}
	l.delete("log")
	_, err := made.State(l.Context())
	l.want("State", err, eventlog.ErrDeleted)
	group.Wait()
}
