package eventlog

import (
	"slices"
	"sort"
	"sync/atomic"
	"time"
)

// An EncodeFunc appends what readers are sent of a record to dst, and returns the
// extended slice. The offset is the record's. The record is shared, and must not be
// changed or kept. A record of which it appends nothing is not seen by readers.
//
// Readers that join later get the same bytes, so they must depend on nothing else.
// It is called by one goroutine at a time for all those who have caught up, and by
// the goroutines of those who catch up.
type EncodeFunc func(dst []byte, record *Record, offset Offset) []byte

// An Encoding is one form in which readers of a [Feed] get its records: each record
// is encoded once for all of them. It is made by [Feed.Encoding], belongs to that
// feed, and is safe for concurrent use. Without readers it holds no memory.
type Encoding struct {
	encode EncodeFunc

	// Under the feed's mutex.
	readers int
	window  *window // nil as long as the pump has not made it

	total atomic.Int64 // the bytes that were ever published
	kept  atomic.Int64 // the position of the first byte in the window
	fetch atomic.Int64 // see fetchBytes; 0 is the most
}

// fetchBytes is how much a reader that is behind reads from the log, so that it is about
// a segment when it is encoded. What one has learned of that is used by all.
func (e *Encoding) fetchBytes() int {
	if n := e.fetch.Load(); n > 0 {
		return int(n)
	}
	return fetchBytes
}

// hadRoom is told of a page that was encoded whole, and of how many bytes a segment would
// have had left. The next page may be larger if this one was as large as was asked for.
func (e *Encoding) hadRoom(stored, left int) {
	if limit := e.fetchBytes(); limit < fetchBytes && left > maxSegment/2 && stored > limit/2 {
		e.fetch.Store(int64(min(max(2*limit, stored), fetchBytes)))
	}
}

// A window is the latest part of a log as the bytes of one encoding: segments, the
// oldest first. It ends at the feed's tail.
//
// The pump writes to it without the feed's lock, and publishes with it.
type window struct {
	encoding *Encoding
	limit    int           // of its bytes
	age      time.Duration // of its records; 0 for none

	// Under the feed's mutex.
	segments []*segment
	start    Offset // the window has all that comes after it

	// The pump's own.
	fresh   []*segment       // written, and in no list yet
	keys    map[string]place // the latest record of each key; nil unless the log is compacted
	marked  []place          // superseded by what is not published yet
	grown   bool             // it has a segment that it had not when the log was last asked
	scratch []byte
}

// A place is where a record stands.
type place struct {
	segment *segment
	record  uint32
}

func newWindow(encoding *Encoding, start Offset, options *FeedOptions) *window {
	position := encoding.total.Load()
	encoding.kept.Store(position)
	w := &window{
		encoding: encoding,
		limit:    options.Window,
		age:      options.Age,
		start:    start,
		// An empty one, so that readers that have everything have their place.
		segments: []*segment{newSegment(start.Epoch, position, 0)},
	}
	if options.Compacted {
		w.keys = make(map[string]place)
	}
	return w
}

// writing is the segment that is written to.
func (w *window) writing() *segment {
	if n := len(w.fresh); n > 0 {
		return w.fresh[n-1]
	}
	return w.segments[len(w.segments)-1]
}

// add encodes a record. It is not published yet.
func (w *window) add(record *Record, offset Offset) {
	w.scratch = w.encoding.encode(w.scratch[:0], record, offset)
	if len(w.scratch) > 1<<31 {
		w.scratch = nil // a segment counts with 32 bits, and no client waits for that
	}
	s := w.writing()
	if !s.fits(len(w.scratch)) {
		size := min(max(2*len(s.data), minSegment), maxSegment)
		s = newSegment(offset.Epoch, s.base+int64(s.used), max(size, len(w.scratch)))
		w.fresh = append(w.fresh, s)
	}
	s.write(record, w.scratch)
	if w.keys != nil && record.Key != "" {
		if before, ok := w.keys[record.Key]; ok {
			w.marked = append(w.marked, before)
		}
		w.keys[record.Key] = place{s, s.written - 1}
	}
	if cap(w.scratch) > maxSegment {
		w.scratch = nil
	}
}

// publish shows readers what was added, and trims what is too much. The caller holds
// the feed's mutex.
func (w *window) publish() {
	last := w.segments[len(w.segments)-1]
	last.publish()
	for _, s := range w.fresh {
		s.publish()
		last.next.Store(s) // after its own records: a reader goes on only behind them
		last = s
	}
	w.segments = append(w.segments, w.fresh...)
	w.grown = w.grown || len(w.fresh) > 0
	w.fresh = slices.Delete(w.fresh, 0, len(w.fresh))
	w.encoding.total.Store(last.base + int64(last.used))
	for _, before := range w.marked {
		before.segment.supersede(before.record)
	}
	w.marked = slices.Delete(w.marked, 0, len(w.marked))
	w.trim(func(s *segment) bool { return w.encoding.total.Load()-s.base > int64(w.limit) })
}

// trim drops the segments from the oldest on for which old returns true, but not
// the last one. The caller holds the feed's mutex.
func (w *window) trim(old func(s *segment) bool) {
	n := 0
	for n < len(w.segments)-1 && old(w.segments[n]) {
		s := w.segments[n]
		if count := s.count.Load(); count > 0 {
			w.start.Seq = s.last(count)
		}
		s.trim()
		n++
	}
	if n == 0 {
		return
	}
	w.segments = slices.Delete(w.segments, 0, n)
	w.encoding.kept.Store(w.segments[0].base)
	for key, place := range w.keys {
		if place.segment.trimmed.Load() {
			delete(w.keys, key)
		}
	}
}

// trimBefore drops what a log does not have any more.
func (w *window) trimBefore(first Offset) {
	w.trim(func(s *segment) bool {
		count := s.count.Load()
		return count == 0 || first.Epoch == s.epoch && s.last(count) <= first.Seq
	})
}

// drop takes all segments out of the window, which is used no more.
func (w *window) drop() {
	for _, s := range w.segments {
		s.trim()
	}
}

// find returns where the first record after an offset stands, or will stand, and
// false if the window begins after it or ends before it, or if that record is so old that
// the log may have lost it. The caller holds the feed's mutex.
func (w *window) find(after, tail Offset) (place, bool) {
	if after.Epoch != tail.Epoch || after.Compare(w.start) < 0 || after.Compare(tail) > 0 {
		return place{}, false
	}
	// The first segment whose last record comes after it, else the last segment.
	i := sort.Search(len(w.segments)-1, func(i int) bool {
		count := w.segments[i].count.Load()
		return count > 0 && w.segments[i].last(count) > after.Seq
	})
	s := w.segments[i]
	marks := (*s.marks.Load())[:s.count.Load()]
	record := sort.Search(len(marks), func(i int) bool { return marks[i].seq > after.Seq })
	if w.age > 0 && record < len(marks) && time.Now().UnixNano()-marks[record].time >= int64(w.age) {
		return place{}, false
	}
	return place{s, uint32(record)}, true //nolint:gosec // a segment counts with 32 bits
}
