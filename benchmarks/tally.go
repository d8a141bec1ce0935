//go:build unix

package main

import (
	"math"
	"slices"
	"time"
)

// A tally counts what a crowd of subscribers is sent of one series of events. The
// events of the series have ascending numbers, one after the other; each subscriber
// is to have each of them once, in order.
type tally struct {
	summary

	first, count int64
	start        time.Duration // when the first event was made, as far as is known
	last         time.Duration // when the last one came
	waits        []time.Duration
	spent        time.Duration // CPU time before the series
}

// A summary is what a tally comes to.
type summary struct {
	Readers   int   // subscribers that read
	Joined    int   // subscribers that have had a probe
	Delivered int64 // events that have come, each counted once a subscriber
	Lost      int64 // events that have not come
	Repeated  int64 // that have come to a subscriber that had them
	Reordered int64 // that have come behind a later one
	Strange   int64 // that are not of the series
	Cut       int   // subscribers whose stream has ended, cleanly or not
	Left      int   // subscribers that have had enough
	Gaps      int64 // losses that were announced
	Holes     int64 // losses that were not, between two events of one subscriber

	Took     time.Duration // from the first event to the last that came
	P50, P99 time.Duration // from an event's publication to a subscriber
	Spent    time.Duration // CPU time of the subscribers' process
}

// A record is what one subscriber has had of the series.
type record struct {
	joined  bool
	ended   bool
	excused bool // a loss has been announced, and nothing has come since
	had     int64
	highest int64
	seen    []uint64 // a bit an event
}

// begin starts a new series. The records of the subscribers are begun anew, too.
func (t *tally) begin(first, count int64) {
	t.first, t.count = first, count
	t.start, t.last = math.MaxInt64, 0
	t.waits = slices.Grow(t.waits[:0], int(count)*t.Readers)
	t.spent = cpuTime()
	t.summary = summary{Readers: t.Readers, Joined: t.Joined, Cut: t.Cut}
}

// arrived notes an event that was made at a time and has come now.
func (t *tally) arrived(r *record, number int64, at, now time.Duration) {
	if number == 0 {
		if !r.joined {
			r.joined = true
			t.Joined++
		}
		return
	}
	index := number - t.first
	if index < 0 || index >= t.count {
		t.Strange++
		return
	}
	if !r.note(index, t.count) {
		t.Repeated++
		return
	}
	switch {
	case number < r.highest:
		t.Reordered++
	case r.highest > 0 && number > r.highest+1 && !r.excused:
		t.Holes++
	}
	r.highest, r.excused = max(r.highest, number), false
	r.had++
	t.Delivered++
	t.start, t.last = min(t.start, at), now
	t.waits = append(t.waits, now-at)
}

// announced notes that the broker has said that something is lost.
func (t *tally) announced(r *record) {
	t.Gaps++
	r.excused = true
}

// note reports whether an event of a series is new.
func (r *record) note(index, count int64) bool {
	if r.seen == nil {
		r.seen = make([]uint64, (count+63)/64)
	}
	word, bit := &r.seen[index/64], uint64(1)<<(index%64)
	if *word&bit != 0 {
		return false
	}
	*word |= bit
	return true
}

// begin forgets what was of the last series.
func (r *record) begin() { r.highest, r.had, r.seen = 0, 0, nil }

// ended notes the end of a stream.
func (t *tally) ended(r *record) {
	if !r.ended {
		r.ended = true
		t.Cut++
	}
}

// complete reports whether nothing is missing.
func (t *tally) complete() bool { return t.Delivered == t.count*int64(t.Readers) }

func (t *tally) sum() summary {
	s := t.summary
	s.Lost = t.count*int64(t.Readers) - t.Delivered
	s.Spent = cpuTime() - t.spent
	if t.Delivered > 0 {
		s.Took = t.last - t.start
		slices.Sort(t.waits)
		s.P50, s.P99 = atQuantile(t.waits, 0.5), atQuantile(t.waits, 0.99)
	}
	return s
}

// atQuantile is [quantile] of what is sorted already.
func atQuantile(sorted []time.Duration, q float64) time.Duration {
	return sorted[int(q*float64(len(sorted)-1)+0.5)]
}
