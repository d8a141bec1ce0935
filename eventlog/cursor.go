package eventlog

import (
	"bytes"
	"context"
	"math"
	"sync/atomic"
)

// A Status is what [Feed.Next] has found.
type Status int

const (
	// Ready is a chunk of one or more whole records.
	Ready Status = iota
	// Idle is nothing, for now: see [Feed.Wait].
	Idle
	// Cold is records that only the log has, or an offset that only the log can
	// judge: call [Feed.Fetch], then Next again.
	Cold
	// Gap is a loss: records after the cursor's offset are no longer, or were never,
	// in the log. [Cursor.Gap] says which. The next call goes on behind it.
	Gap
	// Ended is the end: the log was closed or deleted, and the cursor has had all of
	// it. See [Feed.End].
	Ended
)

func (s Status) String() string {
	names := [...]string{"Ready", "Idle", "Cold", "Gap", "Ended"}
	if s < 0 || int(s) >= len(names) {
		return "Status(?)"
	}
	return names[s]
}

// fetchBytes is how much a cursor reads from the log at a time, at most.
const fetchBytes = 32 << 10

// A Cursor is one reader's place in a [Feed]. It belongs to its reader, and is used
// by one goroutine at a time, except for [Feed.Lag]. The zero value is in no feed: see
// [Feed.Join]. It must not be copied after that.
//
// However far behind it is, its reader is given chunks of up to 64 KiB, unless a single
// record has more, and keeps no more than one chunk, or the segment that it is a part of,
// in memory. Between [Gap] and the next call it keeps a page of the log instead.
type Cursor struct {
	encoding *Encoding // nil in no feed
	offset   Offset

	// In the window: the next record, and where its bytes begin among all that the
	// encoding ever had. Segment is nil outside of it, and position is then -1.
	segment  *segment
	record   uint32
	position atomic.Int64

	// confirmed says that the log knows the offset, even if the feed does not yet.
	confirmed bool
	told      Offset   // what was lost through there, the reader has been told
	fetched   *fetched // nil unless it was fetched and not handed out
}

// fetched is what a cursor outside of the window has.
type fetched struct {
	page     Page
	pending  bool // the page's records have not been handed out
	from, to Offset
	buffer   []byte
}

// Offset is the position that the reader has reached: that of the last record that
// Next has returned, or of one behind it that was left out.
func (c *Cursor) Offset() Offset { return c.offset }

// Gap says what was lost, when Next has returned [Gap]: what came after from and up
// to to. To is the position at which the reader goes on, and its offset.
func (c *Cursor) Gap() (from, to Offset) {
	if c.fetched == nil {
		return c.offset, c.offset
	}
	return c.fetched.from, c.fetched.to
}

// Join begins to read after an offset. The offset may be anybody's: one that is not
// in the log is a [Gap]. Leave must be called when the reader ends.
func (f *Feed) Join(c *Cursor, encoding *Encoding, after Offset) {
	*c = Cursor{encoding: encoding, offset: after}
	c.position.Store(-1)
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.enter(encoding)
}

// Leave ends what Join has begun. It does nothing for a cursor that is in no feed.
func (f *Feed) Leave(c *Cursor) {
	if c.encoding == nil {
		return
	}
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.leave(c.encoding)
	c.encoding, c.segment, c.fetched = nil, nil, nil
}

// Next returns what comes after the cursor's offset, and moves it. It never waits. For
// a reader that has nearly caught up it makes no copy and allocates nothing, and it
// takes the feed's lock only if there is nothing. The chunk must not be changed, and is
// valid until the next call.
func (f *Feed) Next(c *Cursor) ([]byte, Status) {
	if c.fetched != nil {
		if chunk, status := c.nextFetched(); status != Idle {
			return chunk, status
		}
	}
	for {
		if c.segment == nil {
			if status := f.locate(c); c.segment == nil {
				return nil, status
			}
		}
		if chunk := c.nextInWindow(f.options.Compacted); len(chunk) > 0 {
			return chunk, Ready
		}
		if status, ok := f.atTail(c); ok {
			return nil, status
		}
	}
}

// nextInWindow returns the next bytes of the segments. When there are none it leaves
// the cursor at the end of the last one, or takes it out of a window that has gone on
// without it.
func (c *Cursor) nextInWindow(compacted bool) []byte {
	for {
		s := c.segment
		next := s.next.Load() // before count: what is in this segment comes first
		count := s.count.Load()
		if c.record < count {
			chunk, to := s.data[s.end(c.record):s.end(count):s.end(count)], count
			if compacted {
				chunk, to = s.run(c.record, count)
			}
			c.moveTo(s, to)
			c.offset = Offset{s.epoch, s.last(to)}
			if len(chunk) > 0 {
				return chunk
			}
			continue // all of them were superseded
		}
		if next == nil {
			if s.trimmed.Load() {
				c.moveTo(nil, 0)
			}
			return nil
		}
		c.moveTo(next, 0)
	}
}

// moveTo puts the cursor before a record of a segment, or out of the window.
func (c *Cursor) moveTo(s *segment, record uint32) {
	c.segment, c.record = s, record
	if s == nil {
		c.position.Store(-1)
		return
	}
	c.position.Store(s.base + int64(s.end(record)))
}

// locate finds the cursor's place in the window, and otherwise says what is to be
// done.
func (f *Feed) locate(c *Cursor) Status {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	s := f.session
	if s.err != nil {
		return Ended
	}
	if w := c.encoding.window; w != nil {
		if place, ok := w.find(c.offset, s.tail); ok {
			c.moveTo(place.segment, place.record)
			c.confirmed, c.fetched = false, nil
			return Ready
		}
	}
	switch {
	case c.offset == s.tail && !s.tail.IsZero(), c.confirmed && s.tail.Compare(c.offset) < 0:
		return s.atTail()
	default:
		return Cold
	}
}

// atTail says what there is for a cursor that has had everything in the window. It
// returns false if there is more by now: the last record may have come together with
// the end. The cursor is put at the tail, as what is before it may be superseded, and
// Wait would see the tail behind the last record.
func (f *Feed) atTail(c *Cursor) (Status, bool) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	s := c.segment
	if s == nil || s.trimmed.Load() || s.next.Load() != nil || c.record < s.count.Load() {
		return 0, false
	}
	c.offset = f.session.tail
	return f.session.atTail(), true
}

func (s *session) atTail() Status {
	if s.ended {
		return Ended
	}
	return Idle
}

// Fetch reads from the log what Next could not find, when it has returned [Cold]. It
// waits for the log, and returns its errors; the cursor stays where it was then.
func (f *Feed) Fetch(ctx context.Context, c *Cursor) error {
	page, err := f.log.Read(ctx, c.offset, c.encoding.fetchBytes())
	if err != nil {
		return err
	}
	if c.fetched == nil {
		c.fetched = new(fetched)
	}
	c.fetched.page, c.fetched.pending = page, true
	return nil
}

// nextFetched hands out what Fetch has brought. It returns Idle when that is done.
func (c *Cursor) nextFetched() ([]byte, Status) {
	p := c.fetched
	if !p.pending {
		return nil, Idle
	}
	page := &p.page
	if page.Gap && !c.knows(page.First) {
		c.told, page.Gap = page.First, false
		p.from, p.to = c.offset, page.Next
		if len(page.Records) > 0 {
			p.to.Seq = max(page.Records[0].Seq, 1) - 1
		}
		c.offset = p.to
		return nil, Gap
	}
	c.offset, c.confirmed = c.encodeFetched(), true
	p.page, p.pending = Page{}, false
	if len(p.buffer) == 0 {
		return nil, Idle
	}
	return p.buffer, Ready
}

// knows reports whether the reader has been told of all that the log has lost. In a log
// that is compacted, what is kept of the keys comes before what is lost, and each page that
// begins there tells of the same loss.
func (c *Cursor) knows(first Offset) bool {
	return c.told.Epoch == first.Epoch && c.offset.Epoch == first.Epoch && first.Compare(c.told) <= 0 && !first.IsZero()
}

// encodeFetched encodes as much of the page as a segment has, and returns the offset that
// the reader has reached with it. The rest is read again: records that are small in the
// log may be large when they are encoded, and a reader that stalls keeps all of it.
func (c *Cursor) encodeFetched() (reached Offset) {
	p := c.fetched
	p.buffer = p.buffer[:0]
	if cap(p.buffer) > 2*maxSegment {
		p.buffer = nil // of a single record
	}
	stored := 0
	reached.Epoch = p.page.Next.Epoch
	for i := range p.page.Records {
		record := &p.page.Records[i]
		before := len(p.buffer)
		p.buffer = c.encoding.encode(p.buffer, record, Offset{reached.Epoch, record.Seq})
		if before > 0 && len(p.buffer) > maxSegment {
			p.buffer = p.buffer[:before]
			if cap(p.buffer) > 2*maxSegment {
				p.buffer = bytes.Clone(p.buffer) // the record that is left out was large
			}
			c.encoding.fetch.Store(int64(max(stored, 1)))
			return reached
		}
		stored += record.Size()
		reached.Seq = record.Seq
	}
	c.encoding.hadRoom(stored, maxSegment-len(p.buffer))
	return p.page.Next
}

// Lag returns how many encoded bytes a cursor has yet to be given, what was superseded
// included; the chunk that Next returned last counts as given. [math.MaxInt64] means
// that it has fallen out of the window since its last call. Lag returns false for a
// cursor that reads from the log, or has read nothing yet. It may be called from any
// goroutine between Join and Leave, and takes no lock.
func (f *Feed) Lag(c *Cursor) (bytes int64, known bool) {
	position := c.position.Load()
	encoding := c.encoding
	if position < 0 || encoding == nil {
		return 0, false
	}
	if position < encoding.kept.Load() {
		return math.MaxInt64, true
	}
	return encoding.total.Load() - position, true
}
