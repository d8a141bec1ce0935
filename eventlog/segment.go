package eventlog

import "sync/atomic"

const (
	// maxSegment is how many bytes a segment has at most, unless a single record has
	// more. It is what a stalled reader keeps in memory.
	maxSegment = 64 << 10
	// minSegment is the size of the first one: a feed with little in it, of which
	// there may be ten thousand, has little memory.
	minSegment = 1 << 10
	// minMarks is how many records a segment has room for at first, and maxMarks how many
	// it has at most: those that are encoded as nothing are forgotten with a segment, too.
	minMarks = 8
	maxMarks = 4096
)

// A segment is a run of encoded records. The pump alone appends to it, and what it
// has published never changes: readers take sub-slices of it without a lock.
type segment struct {
	epoch uint64
	base  int64  // the position of its first byte among all that the encoding ever had
	data  []byte // as long as its array; the pump writes beyond what is published
	// marks has an entry for each record. The pump replaces the table with a longer
	// copy when it is full.
	marks atomic.Pointer[[]mark]
	// count is how many of the marks are published, and with them their bytes.
	count atomic.Uint32
	// next is nil in the last segment, and again in one that was trimmed: a reader
	// that has stalled must not keep what came after in memory.
	next    atomic.Pointer[segment]
	trimmed atomic.Bool

	// The pump's own: what is written and perhaps not published yet.
	written uint32
	used    uint32
}

// A mark says where a record ends.
type mark struct {
	seq        uint64
	time       int64 // when the record was appended, in nanoseconds of Unix time
	end        uint32
	superseded atomic.Bool // there is a later record with its key
}

func newSegment(epoch uint64, base int64, size int) *segment {
	s := &segment{epoch: epoch, base: base, data: make([]byte, size)}
	s.marks.Store(new([]mark))
	return s
}

// fits reports whether there is room for another record of a size.
func (s *segment) fits(size int) bool { return size <= len(s.data)-int(s.used) && s.written < maxMarks }

// write adds a record that is not published yet. Only the pump calls it.
func (s *segment) write(record *Record, encoded []byte) {
	s.used += uint32(copy(s.data[s.used:], encoded)) //nolint:gosec // a record is smaller than 4 GiB: see window.add
	marks := *s.marks.Load()
	if int(s.written) == len(marks) {
		longer := make([]mark, max(minMarks, 2*len(marks)))
		copy(longer, marks)
		s.marks.Store(&longer)
		marks = longer
	}
	m := &marks[s.written]
	m.seq, m.time, m.end = record.Seq, record.Time.UnixNano(), s.used
	s.written++
}

// publish shows readers what was written.
func (s *segment) publish() { s.count.Store(s.written) }

// supersede marks a record that readers may leave out.
func (s *segment) supersede(record uint32) {
	(*s.marks.Load())[record].superseded.Store(true)
}

// end is where the first n records end.
func (s *segment) end(n uint32) uint32 {
	if n == 0 {
		return 0
	}
	return (*s.marks.Load())[n-1].end
}

// last is the number of the last record of the first n, which are some.
func (s *segment) last(n uint32) uint64 { return (*s.marks.Load())[n-1].seq }

// run returns the bytes of the records from the given one on, up to one that is
// superseded, and the number of the record behind them. It leaves out the
// superseded ones that come first.
func (s *segment) run(from, count uint32) (chunk []byte, to uint32) {
	marks := (*s.marks.Load())[:count]
	for from < count && marks[from].superseded.Load() {
		from++
	}
	for to = from; to < count && !marks[to].superseded.Load(); {
		to++
	}
	return s.data[s.end(from):s.end(to):s.end(to)], to
}

// trim takes the segment out of its window.
func (s *segment) trim() {
	s.trimmed.Store(true) // first: a reader that finds no next one asks for this
	s.next.Store(nil)
}
