package eventlog

import (
	"slices"
	"sort"
)

// blockSize is how many records a block has room for.
const blockSize = 256

// maxPage is how many records a page has at most. A page is copied under the log's lock,
// for which an append waits, and a limit in bytes says little of small records.
const maxPage = 1024

// records are those that a log in memory has, in ascending order. One may be taken
// out anywhere, as compaction needs it.
//
// They are in blocks. Any two neighbours have more than half a block of records
// together, or else they are merged, so that the slots without a record are few:
// finding a place costs two binary searches, and what a read skips on its way is
// less than two blocks and four slots a record.
type records struct {
	blocks []*block
	spare  *block // an empty block, kept so that a full ring allocates none
}

// A block is a run of records. It has at least one.
type block struct {
	slots []slot
	head  int // the slots before it are gone
	count int // the slots that are not gone
}

// A slot that is gone keeps its record's Seq, by which it is found, and nothing else.
type slot struct {
	record Record
	gone   bool
}

// squeeze closes the gaps between the records.
func (b *block) squeeze() {
	b.slots = slices.DeleteFunc(b.slots, func(s slot) bool { return s.gone })
	b.head = 0
}

func (b *block) last() uint64 { return b.slots[len(b.slots)-1].record.Seq }

// push appends a record, which must have the greatest Seq.
func (s *records) push(r *Record) {
	b := s.room()
	b.slots = append(b.slots, slot{record: *r})
	b.count++
}

// room returns the last block, with a free slot.
func (s *records) room() *block {
	if len(s.blocks) > 0 {
		b := s.blocks[len(s.blocks)-1]
		if len(b.slots) == blockSize && b.count <= blockSize/2 {
			b.squeeze()
		}
		if len(b.slots) < blockSize {
			return b
		}
	}
	s.blocks = append(s.blocks, s.newBlock())
	return s.blocks[len(s.blocks)-1]
}

// newBlock starts small for the first block: most logs stay short.
func (s *records) newBlock() *block {
	if b := s.spare; b != nil {
		s.spare = nil
		return b
	}
	if len(s.blocks) == 0 {
		return &block{}
	}
	return &block{slots: make([]slot, 0, blockSize)}
}

// A cursor is a place between records. It is valid until the next change.
type cursor struct {
	blocks []*block
	slot   int // in the first block
}

// after returns the place after a Seq.
func (s *records) after(seq uint64) cursor {
	if len(s.blocks) == 0 {
		return cursor{}
	}
	if first := s.blocks[0]; seq < first.slots[first.head].record.Seq {
		return cursor{s.blocks, first.head} // the oldest: what trimming asks for
	}
	i := sort.Search(len(s.blocks), func(i int) bool { return s.blocks[i].last() > seq })
	if i == len(s.blocks) {
		return cursor{}
	}
	b := s.blocks[i]
	j := sort.Search(len(b.slots), func(j int) bool { return b.slots[j].record.Seq > seq })
	return cursor{s.blocks[i:], max(j, b.head)}
}

// next returns the record after the cursor, and moves it; nil at the end.
func (c *cursor) next() *Record {
	for len(c.blocks) > 0 {
		slots := c.blocks[0].slots
		for c.slot < len(slots) {
			s := &slots[c.slot]
			c.slot++
			if !s.gone {
				return &s.record
			}
		}
		c.blocks, c.slot = c.blocks[1:], 0
	}
	return nil
}

// page returns the records after a Seq that have limit bytes together, at least one and
// at most maxPage, and whether there are more. The slice is a copy: slots are used again.
func (s *records) page(seq uint64, limit int) (page []Record, more bool) {
	from := s.after(seq)
	count, size := 0, 0
	for c := from; ; count++ {
		r := c.next()
		if r == nil {
			break
		}
		size += r.Size()
		if count > 0 && (size > limit || count == maxPage) {
			more = true
			break
		}
	}
	if count == 0 {
		return nil, false
	}
	page = make([]Record, count)
	for i := range page {
		page[i] = *from.next()
	}
	return page, more
}

// remove takes out the record with a Seq, which must be there.
func (s *records) remove(seq uint64) Record {
	i := sort.Search(len(s.blocks), func(i int) bool { return s.blocks[i].last() >= seq })
	b := s.blocks[i]
	j := sort.Search(len(b.slots), func(j int) bool { return b.slots[j].record.Seq >= seq })
	r := b.slots[j].record
	b.slots[j] = slot{record: Record{Seq: seq}, gone: true}
	b.count--
	for b.head < len(b.slots) && b.slots[b.head].gone {
		b.head++
	}
	s.tidy(i)
	return r
}

// tidy keeps a block from being empty, and neighbours from being sparse. A merge
// leaves room for half a block, so that the next one of its records is half a block
// of appends away.
func (s *records) tidy(i int) {
	switch {
	case s.blocks[i].count == 0:
		s.drop(i)
	case i+1 < len(s.blocks) && s.sparse(i):
		s.merge(i)
	case i > 0 && s.sparse(i-1):
		s.merge(i - 1)
	}
}

// sparse reports whether a block and the one after it are to be merged.
func (s *records) sparse(i int) bool {
	return s.blocks[i].count+s.blocks[i+1].count <= blockSize/2
}

// merge moves the records of the block after block i into it.
func (s *records) merge(i int) {
	into, from := s.blocks[i], s.blocks[i+1]
	into.squeeze()
	from.squeeze()
	into.slots = append(into.slots, from.slots...)
	into.count += from.count
	s.drop(i + 1)
}

func (s *records) drop(i int) {
	b := s.blocks[i]
	s.blocks = slices.Delete(s.blocks, i, i+1)
	clear(b.slots)
	*b = block{slots: b.slots[:0]}
	s.spare = b
}
