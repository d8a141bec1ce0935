package logtest

import "github.com/bare-go/bare/eventlog"

func forkCases() []logsCase {
	return []logsCase{
		{"a fork counts on where it starts", forks},
		{"a fork may begin with records", forksWithRecords},
		{"a name that was a fork's has a greater epoch when it is used again", recreatesFork},
	}
}

// fork makes a source of two records, and a fork after its first.
func (l *logs) fork(options eventlog.CreateOptions) (fork *log, start, later eventlog.Offset) {
	l.Helper()
	offsets := l.create("source", eventlog.CreateOptions{}).add("a", "b", "c")
	options.Start = offsets[1]
	return l.create("fork", options), offsets[1], offsets[2]
}

func forks(l *logs) {
	fork, start, _ := l.fork(eventlog.CreateOptions{})
	if state := fork.state(); state.First != start || state.Tail != start {
		l.Errorf("a fork begins at %v to %v, want %v", state.First, state.Tail, start)
	}
	fork.has(eventlog.Offset{})
	fork.has(start)
	before := eventlog.Offset{Epoch: start.Epoch, Seq: start.Seq - 1}
	fork.hasGap(before)
	next := fork.append(record("d"), eventlog.AppendOptions{Expect: start})
	if next.Epoch != start.Epoch || next.Seq <= start.Seq {
		l.Errorf("the first append of a fork at %v is at %v", start, next)
	}
	fork.has(eventlog.Offset{}, "d")
	fork.has(start, "d")
	fork.has(next)
	fork.hasGap(before, "d")
	l.open("source").has(eventlog.Offset{}, "a", "b", "c")
	l.delete("source")
	fork.has(start, "d")
}

func forksWithRecords(l *logs) {
	fork, start, _ := l.fork(eventlog.CreateOptions{Records: []eventlog.Record{record("d"), record("e")}, Closed: true, End: []byte("end")})
	fork.has(eventlog.Offset{}, "d", "e")
	fork.has(start, "d", "e")
	page := fork.whole(2)
	if page.Records[0].Seq <= start.Seq || page.Next.Epoch != start.Epoch {
		l.Errorf("the first record of a fork at %v is %d, and Next %v", start, page.Records[0].Seq, page.Next)
	}
	fork.wantClosed(page.Next)
}

func recreatesFork(l *logs) {
	fork, start, later := l.fork(eventlog.CreateOptions{})
	fork.add("d")
	l.delete("fork")
	made := l.create("fork", eventlog.CreateOptions{})
	if tail := made.state().Tail; tail.Epoch <= start.Epoch {
		l.Errorf("the epoch of %v is not greater than that of the fork before it, %v", tail, start)
	}
	made.hasGap(start)
	made.hasGap(later)
}
