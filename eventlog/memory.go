package eventlog

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"strings"
	"sync"
	"time"
)

// Memory is a [Log] in memory: it ends with the process. It has no goroutine and no
// timer, and needs no closing.
//
// An append takes one allocation, for the record's bytes, and one more for its key,
// unless the log is compacted and has the key. It takes about the same time however
// much the log has. A read allocates its slice of records, and shares their bytes. A page
// has at most 1,024 records, so that a read holds the lock for a short time, however
// many there are and whatever was superseded before or between them.
type Memory struct {
	options MemoryOptions

	mu         sync.Mutex
	records    records
	unkeyed    class             // in a log that is not compacted, all records
	keyed      class             // in one that is, those with a key
	latest     map[string]uint64 // the place of each key's record, if the log is compacted
	start      Offset            // where the log began
	tail       Offset
	lost       uint64 // the greatest Seq that was lost, and not superseded
	closed     bool
	end        []byte
	deleted    bool
	attributes []byte
	revision   uint64
	watchers   watchers
}

// A class is the records that share limits.
type class struct {
	count, bytes int
	past         uint64 // all records of the class come after this Seq
}

// NewMemory returns an empty log of its own, in an epoch that is the time in nanoseconds.
// So an offset of a log that a process before this one had is another epoch's. Two logs
// that are made in the same nanosecond have the same epoch, and take each other's offsets
// for their own. Where time is fake, let some pass between the two.
func NewMemory(options MemoryOptions) *Memory {
	return newMemory(options, Offset{Epoch: epochAfter(0)})
}

func newMemory(options MemoryOptions, start Offset) *Memory {
	m := &Memory{
		options: options.withDefaults(),
		start:   start, tail: start, lost: start.Seq,
		revision: 1,
	}
	if options.Compact {
		m.latest = map[string]uint64{}
	}
	return m
}

// epochAfter returns the time, or what is greater than the epochs before.
func epochAfter(highest uint64) uint64 {
	return max(highest+1, uint64(max(time.Now().UnixNano(), 0)))
}

// Append implements [Log].
func (m *Memory) Append(ctx context.Context, record Record, options AppendOptions) (Offset, error) {
	if err := ctx.Err(); err != nil {
		return Offset{}, err
	}
	if options.Close == CloseOnly {
		record = Record{Meta: record.Meta}
	}
	fits := record.Size() <= m.options.RecordBytes
	if fits {
		record = withOwnBytes(record) // not under the lock, as it may be large
	}
	tail, watchers, err := m.append(&record, fits, options)
	watchers.call()
	return tail, err
}

// withOwnBytes returns the record with a copy of its bytes, in one allocation.
func withOwnBytes(r Record) Record {
	meta := len(r.Meta)
	all := append(append(make([]byte, 0, meta+len(r.Data)), r.Meta...), r.Data...)
	r.Meta, r.Data = all[:meta:meta], all[meta:]
	return r
}

func (m *Memory) append(record *Record, fits bool, options AppendOptions) (Offset, watchers, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.refuses(fits, options); err != nil {
		return Offset{}, nil, err
	}
	if options.Close != CloseOnly {
		m.add(record)
	}
	if options.Close != StayOpen {
		m.closed, m.end = true, bytes.Clone(record.Meta) // the record's would keep its data
	}
	return m.tail, m.watchers, nil
}

func (m *Memory) refuses(fits bool, options AppendOptions) error {
	switch {
	case m.deleted:
		return ErrDeleted
	case !options.Expect.IsZero() && options.Expect != m.tail:
		return &ConflictError{m.tail}
	case m.closed:
		return ErrClosed
	case !fits:
		return ErrTooLarge
	case m.tail.Seq == math.MaxUint64 && options.Close != CloseOnly:
		return fmt.Errorf("%w: there is no number left for it", ErrTooLarge)
	}
	return nil
}

// add appends a record, and takes out what it supersedes and what is over a limit.
func (m *Memory) add(record *Record) {
	now := time.Now()
	m.tail.Seq++
	record.Seq, record.Time = m.tail.Seq, now
	if m.keeps(record) {
		m.supersede(record)
	} else {
		record.Key = strings.Clone(record.Key) // it may be a piece of something large
	}
	m.records.push(record)
	c := m.class(record)
	c.count++
	c.bytes += record.Size()
	m.trim(now)
}

// keeps reports whether a record is kept until it is superseded.
func (m *Memory) keeps(record *Record) bool { return m.latest != nil && record.Key != "" }

func (m *Memory) class(record *Record) *class {
	if m.keeps(record) {
		return &m.keyed
	}
	return &m.unkeyed
}

// supersede takes out the record that has the key so far, and its string, too.
func (m *Memory) supersede(record *Record) {
	if seq, ok := m.latest[record.Key]; ok {
		record.Key = m.remove(seq).Key
	} else {
		record.Key = strings.Clone(record.Key)
	}
	m.latest[record.Key] = record.Seq
}

func (m *Memory) remove(seq uint64) Record {
	record := m.records.remove(seq)
	c := m.class(&record)
	c.count--
	c.bytes -= record.Size()
	return record
}

// trim takes out what is over a limit, but not the last record of a kind for any
// other reason than its age.
func (m *Memory) trim(now time.Time) {
	o := &m.options
	for c := &m.unkeyed; c.count > 1 && (c.count > o.Records || c.bytes > o.Bytes); {
		m.lose(m.oldest(c))
	}
	for c := &m.keyed; c.count > 1 && (c.count > o.Keys || c.bytes > o.Bytes); {
		m.lose(m.oldest(c))
	}
	m.expire(now)
}

// expire takes out what is too old.
func (m *Memory) expire(now time.Time) {
	for m.options.Age > 0 && m.unkeyed.count > 0 {
		record := m.oldest(&m.unkeyed)
		if now.Sub(record.Time) < m.options.Age {
			return
		}
		m.lose(record)
	}
}

// oldest returns the first record of a class, which must have one. What it has
// passed it does not pass again.
func (m *Memory) oldest(c *class) *Record {
	at := m.records.after(c.past)
	for {
		record := at.next()
		if m.class(record) == c {
			c.past = record.Seq - 1
			return record
		}
	}
}

// lose takes out a record that a reader will miss.
func (m *Memory) lose(record *Record) {
	m.lost = max(m.lost, record.Seq)
	delete(m.latest, record.Key)
	m.remove(record.Seq)
}

// Read implements [Log].
func (m *Memory) Read(ctx context.Context, after Offset, limit int) (Page, error) {
	if err := ctx.Err(); err != nil {
		return Page{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.use(); err != nil {
		return Page{}, err
	}
	from, known := m.place(after)
	page := Page{Next: m.tail, Gap: !known || from < m.lost}
	if page.Gap {
		page.First = Offset{m.start.Epoch, m.lost}
	}
	var more bool
	page.Records, more = m.records.page(from, limit)
	if more {
		page.Next.Seq = page.Records[len(page.Records)-1].Seq
	} else {
		page.Closed, page.End = m.closed, m.end
	}
	return page, nil
}

// use begins a call that finds out what the log has.
func (m *Memory) use() error {
	if m.deleted {
		return ErrDeleted
	}
	if m.options.Age > 0 {
		m.expire(time.Now())
	}
	return nil
}

// place returns the Seq after which a read begins, and whether the offset is one of
// this log's.
func (m *Memory) place(after Offset) (seq uint64, known bool) {
	switch {
	case after.IsZero():
		return m.start.Seq, true
	case after.Epoch != m.start.Epoch, after.Seq > m.tail.Seq:
		return m.start.Seq, false // one before the start is known to be before what is left
	}
	return after.Seq, true
}

// State implements [Log].
func (m *Memory) State(ctx context.Context) (State, error) {
	if err := ctx.Err(); err != nil {
		return State{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.use(); err != nil {
		return State{}, err
	}
	return State{
		First:      Offset{m.start.Epoch, m.lost},
		Tail:       m.tail,
		Closed:     m.closed,
		End:        m.end,
		Attributes: m.attributes,
		Revision:   m.revision,
	}, nil
}

// Watch implements [Log]. Whoever appends, closes or deletes makes the calls before
// it returns, one for each change.
func (m *Memory) Watch(changed func()) (stop func()) {
	one := &watcher{changed: changed}
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.deleted {
		m.watchers = m.watchers.with(one)
	}
	return func() {
		one.stopped.Store(true)
		m.mu.Lock()
		defer m.mu.Unlock()
		m.watchers = m.watchers.without(one)
	}
}

// update implements [Logs.Update] for one log.
func (m *Memory) update(revision, next uint64, attributes []byte) (uint64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if revision != 0 && revision != m.revision {
		return 0, ErrRevision
	}
	m.revision = next
	m.attributes = bytes.Clone(attributes)
	return m.revision, nil
}

// delete lets go of all that the log has, for those who still have the log.
func (m *Memory) delete(revision uint64) (watchers, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if revision != 0 && revision != m.revision {
		return nil, ErrRevision
	}
	told := m.watchers
	m.deleted, m.watchers = true, nil
	m.records, m.latest, m.end, m.attributes = records{}, nil, nil, nil
	return told, nil
}
