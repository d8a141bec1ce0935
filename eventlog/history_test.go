package eventlog_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/bare-go/bare/eventlog"
)

// A history is what several goroutines have done to a log at once, and seen of it.
type history struct {
	log   eventlog.Log
	start eventlog.Offset
	acked atomic.Uint64 // the greatest Seq whose append has returned

	mu      sync.Mutex
	records map[uint64]eventlog.Record // what was appended, by the Seq that was returned
	reads   []seen
}

// A seen is a read: what was asked for, what was found, and what had been appended
// before it began.
type seen struct {
	after eventlog.Offset
	acked uint64
	page  eventlog.Page
}

// produce appends at random, now and then at an expected tail.
func (h *history) produce(t *testing.T, random *rand.Rand, name string, appends int) {
	expect := h.start
	for i := range appends {
		r := eventlog.Record{Data: fmt.Append(nil, name, i)}
		if k := random.IntN(20); k > 5 {
			r.Key = fmt.Sprint(k)
		}
		var o eventlog.AppendOptions
		if random.IntN(3) == 0 {
			o.Expect = expect
		}
		offset, err := h.log.Append(t.Context(), r, o)
		if conflict, ok := errors.AsType[*eventlog.ConflictError](err); ok {
			if conflict.Tail == expect {
				t.Errorf("a conflict at the expected tail, %v", expect)
			}
			expect = conflict.Tail
			continue
		}
		if err != nil {
			t.Error(err)
			return
		}
		if !o.Expect.IsZero() && offset.Seq != o.Expect.Seq+1 {
			t.Errorf("an append at the expected tail %v is at %v", o.Expect, offset)
		}
		expect = offset
		h.appended(t, offset.Seq, r)
	}
}

func (h *history) appended(t *testing.T, seq uint64, r eventlog.Record) {
	for old := h.acked.Load(); old < seq && !h.acked.CompareAndSwap(old, seq); old = h.acked.Load() {
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := h.records[seq]; ok {
		t.Errorf("two appends are at %d", seq)
	}
	h.records[seq] = r
}

// consume reads at random places.
func (h *history) consume(t *testing.T, random *rand.Rand, reads int) {
	for range reads {
		one := seen{acked: h.acked.Load(), after: h.start}
		one.after.Seq += random.Uint64N(one.acked + 1)
		limit := 1 << 20
		if random.IntN(2) == 0 {
			limit = random.IntN(100)
		}
		var err error
		if one.page, err = h.log.Read(t.Context(), one.after, limit); err != nil {
			t.Error(err)
			return
		}
		if limit == 1<<20 && len(one.page.Records) < 1000 && one.page.Next.Seq < one.acked {
			t.Errorf("a read to the end is at %v, and %d had been appended before", one.page.Next, one.acked)
		}
		h.mu.Lock()
		h.reads = append(h.reads, one)
		h.mu.Unlock()
	}
}

// check holds each read against what was appended: a record that is not there has
// been superseded by then, or the read has a gap.
func (h *history) check(t *testing.T, compact bool) {
	later := map[uint64]uint64{} // for each record, the next one with its key
	latest := map[string]uint64{}
	for seq := uint64(1); seq <= uint64(len(h.records)); seq++ {
		r, ok := h.records[seq]
		if !ok {
			t.Fatalf("%d appends were made, and none is at %d", len(h.records), seq)
		}
		if r.Key != "" && compact {
			later[latest[r.Key]] = seq
			latest[r.Key] = seq
		}
	}
	for _, read := range h.reads {
		found := map[uint64]bool{}
		for _, r := range read.page.Records {
			found[r.Seq] = true
			if want := h.records[r.Seq]; r.Key != want.Key || !bytes.Equal(r.Data, want.Data) {
				t.Errorf("record %d is read as %q, and was appended as %q", r.Seq, r.Data, want.Data)
			}
		}
		for seq := read.after.Seq + 1; seq <= read.page.Next.Seq; seq++ {
			if !found[seq] && !read.page.Gap && later[seq] == 0 {
				t.Errorf("a read after %v has not found %d, and has no gap", read.after, seq)
			}
		}
	}
}

func TestMemory_is_one_log_for_all_who_use_it_at_once(t *testing.T) {
	tests := map[string]eventlog.MemoryOptions{
		"everything is kept": {},
		"trimmed":            {Records: 40},
		"compacted":          {Compact: true},
		"compacted, trimmed": {Compact: true, Records: 40, Keys: 7},
	}
	for name, options := range tests {
		t.Run(name, func(t *testing.T) {
			logs := eventlog.NewMemoryLogs(options)
			start := eventlog.Offset{Epoch: 7}
			log, err := logs.Create(t.Context(), "log", eventlog.CreateOptions{Start: start})
			if err != nil {
				t.Fatal(err)
			}
			h := &history{log: log, start: start, records: map[uint64]eventlog.Record{}}
			var group sync.WaitGroup
			for i := range uint64(3) {
				group.Go(func() { h.produce(t, rand.New(rand.NewPCG(i, 1)), fmt.Sprint(i, "/"), 500) })
				group.Go(func() { h.consume(t, rand.New(rand.NewPCG(i, 2)), 200) })
			}
			group.Wait()
			h.check(t, options.Compact)
			if seen := all(t, log, eventlog.Offset{}); name == "everything is kept" && len(seen) != len(h.records) {
				t.Errorf("%d records, and %d appends were made", len(seen), len(h.records))
			}
		})
	}
}
