package logtest

import (
	"errors"
	"fmt"
	"sync"

	"github.com/bare-go/bare/eventlog"
)

func concurrentCases() []logCase {
	return []logCase{
		{name: "appends from several goroutines are all there, in order", run: appendsTogether},
		{name: "of appends that expect one tail, one is made", run: racesForTheTail},
		{name: "of a close and appends, none is after the close", run: racesWithClose},
		{name: "reads while it is appended to join", run: readsMeanwhile},
	}
}

func appendsTogether(l *log) {
	const producers, appends = 4, 100
	var group sync.WaitGroup
	for p := range producers {
		group.Go(func() {
			for i := range appends {
				r := eventlog.Record{Meta: fmt.Append(nil, p), Data: fmt.Append(nil, i)}
				if _, err := l.Append(l.Context(), r, eventlog.AppendOptions{}); err != nil {
					l.Errorf("Append: %v", err)
				}
			}
		})
	}
	group.Wait()
	records, _ := l.rest(eventlog.Offset{}, everything)
	next := map[string]int{}
	for _, r := range records {
		if got, want := string(r.Data), fmt.Sprint(next[string(r.Meta)]); got != want {
			l.Fatalf("producer %s has %s where %s is due", r.Meta, got, want)
		}
		next[string(r.Meta)]++
	}
	if len(records) != producers*appends {
		l.Errorf("%d records, want %d", len(records), producers*appends)
	}
}

// racesForTheTail is a producer that runs twice: whoever loses reads the tail from
// the conflict, and goes on there.
func racesForTheTail(l *log) {
	const twins, rounds = 2, 50
	start := l.state().Tail
	var mu sync.Mutex
	made := map[eventlog.Offset]int{}
	var group sync.WaitGroup
	for range twins {
		group.Go(func() {
			expect := start
			for done := 0; done < rounds; {
				offset, err := l.Append(l.Context(), record("x"), eventlog.AppendOptions{Expect: expect})
				var conflict *eventlog.ConflictError
				switch {
				case err == nil:
					mu.Lock()
					made[expect]++
					mu.Unlock()
					done++
					expect = offset
				case errors.As(err, &conflict) && conflict.Tail.Compare(expect) > 0:
					expect = conflict.Tail
				default:
					l.Errorf("Append at %v: %v", expect, err)
					return
				}
			}
		})
	}
	group.Wait()
	for expect, appends := range made {
		if appends > 1 {
			l.Errorf("%d appends that expected %v were made", appends, expect)
		}
	}
	if records, _ := l.rest(eventlog.Offset{}, everything); len(records) != twins*rounds {
		l.Errorf("%d records, and %d appends were made", len(records), twins*rounds)
	}
}

func racesWithClose(l *log) {
	const producers = 4
	var mu sync.Mutex
	var group sync.WaitGroup
	made := 0
	for range producers {
		group.Go(func() {
			for range 50 {
				_, err := l.Append(l.Context(), record("x"), eventlog.AppendOptions{})
				if errors.Is(err, eventlog.ErrClosed) {
					return
				}
				if err != nil {
					l.Errorf("Append: %v", err)
				}
				mu.Lock()
				made++
				mu.Unlock()
			}
		})
	}
	tail := l.append(eventlog.Record{Meta: []byte("end")}, eventlog.AppendOptions{Close: eventlog.CloseOnly})
	group.Wait()
	l.wantClosed(tail)
	if records, _ := l.rest(eventlog.Offset{}, everything); len(records) != made {
		l.Errorf("%d records, and %d appends were made", len(records), made)
	}
}

func readsMeanwhile(l *log) {
	const appends = 300
	var group sync.WaitGroup
	defer group.Wait()
	group.Go(func() {
		for i := range appends {
			if _, err := l.Append(l.Context(), record(fmt.Sprint(i)), eventlog.AppendOptions{}); err != nil {
				l.Errorf("Append: %v", err)
				return
			}
		}
	})
	changed := newSignal()
	defer l.Watch(changed.send)()
	var after eventlog.Offset
	for seen := 0; seen < appends; {
		page := l.read(after, 20)
		after = page.Next
		for _, r := range page.Records {
			if want := fmt.Sprint(seen); page.Gap || string(r.Data) != want {
				l.Fatalf("read %q (gap: %v), want %q", r.Data, page.Gap, want)
			}
			seen++
		}
		if len(page.Records) == 0 {
			l.wantSignal(changed, "an append")
		}
	}
}
