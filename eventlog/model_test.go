package eventlog_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare/eventlog"
)

// A model is a log in memory as its documentation has it, and nothing clever: a slice
// of all records, and what each limit leaves of it.
type model struct {
	options eventlog.MemoryOptions
	start   eventlog.Offset
	tail    eventlog.Offset
	left    []eventlog.Record
	lost    uint64
	closed  bool
	end     []byte
}

func newModel(options eventlog.MemoryOptions, start eventlog.Offset) *model {
	return &model{options: options, start: start, tail: start, lost: start.Seq}
}

func (m *model) append(r eventlog.Record, o eventlog.AppendOptions) (eventlog.Offset, error) {
	switch {
	case !o.Expect.IsZero() && o.Expect != m.tail:
		return eventlog.Offset{}, &eventlog.ConflictError{Tail: m.tail}
	case m.closed:
		return eventlog.Offset{}, eventlog.ErrClosed
	case o.Close != eventlog.CloseOnly && r.Size() > m.options.RecordBytes:
		return eventlog.Offset{}, eventlog.ErrTooLarge
	}
	if o.Close != eventlog.CloseOnly {
		m.tail.Seq++
		r.Seq, r.Time = m.tail.Seq, time.Now()
		if m.keyed(r) {
			m.left = slices.DeleteFunc(m.left, func(old eventlog.Record) bool { return old.Key == r.Key })
		}
		m.left = append(m.left, r)
		m.trim(false, m.options.Records)
		m.trim(true, m.options.Keys)
	}
	if o.Close != eventlog.StayOpen {
		m.closed, m.end = true, r.Meta
	}
	return m.tail, nil
}

func (m *model) keyed(r eventlog.Record) bool { return m.options.Compact && r.Key != "" }

// trim loses the oldest of those with keys, or of the others, until they fit.
func (m *model) trim(keyed bool, count int) {
	for {
		first, n, size := -1, 0, 0
		for i, r := range m.left {
			if m.keyed(r) == keyed {
				if n++; first < 0 {
					first = i
				}
				size += r.Size()
			}
		}
		if n <= 1 || n <= count && size <= m.options.Bytes {
			return
		}
		m.lose(first)
	}
}

func (m *model) lose(i int) {
	m.lost = max(m.lost, m.left[i].Seq)
	m.left = slices.Delete(m.left, i, i+1)
}

func (m *model) expire() {
	for i := 0; i < len(m.left); {
		if r := m.left[i]; !m.keyed(r) && time.Since(r.Time) >= m.options.Age {
			m.lose(i)
		} else {
			i++
		}
	}
}

func (m *model) read(after eventlog.Offset, limit int) eventlog.Page {
	m.expire()
	page := eventlog.Page{Next: m.tail}
	if after.IsZero() {
		after = m.start
	}
	if after.Epoch != m.tail.Epoch || after.Seq < m.start.Seq || after.Seq > m.tail.Seq {
		after, page.Gap = m.start, true
	}
	if page.Gap = page.Gap || after.Seq < m.lost; page.Gap {
		page.First = eventlog.Offset{Epoch: m.tail.Epoch, Seq: m.lost}
	}
	size := 0
	for _, r := range m.left {
		if r.Seq <= after.Seq {
			continue
		}
		if size += r.Size(); size > limit && len(page.Records) > 0 {
			page.Next.Seq = page.Records[len(page.Records)-1].Seq
			return page
		}
		page.Records = append(page.Records, r)
	}
	page.Closed = m.closed
	if m.closed {
		page.End = m.end
	}
	return page
}

// A program is bytes that say what to do with a log.
type program []byte

func (p *program) next(n int) int {
	if len(*p) == 0 {
		return 0
	}
	b := (*p)[0]
	*p = (*p)[1:]
	return int(b) % n
}

// run does to a log and to its model what the program says, and compares them.
func (p *program) run(t *testing.T, options eventlog.MemoryOptions) {
	t.Helper()
	logs := eventlog.NewMemoryLogs(options)
	start := eventlog.Offset{Epoch: 7, Seq: uint64(p.next(3))}
	log, err := logs.Create(t.Context(), "log", eventlog.CreateOptions{Start: start})
	if err != nil {
		t.Fatal(err)
	}
	m := newModel(options, start)
	for len(*p) > 0 {
		switch p.next(8) {
		case 0:
			time.Sleep(time.Duration(p.next(4)) * time.Second)
		case 1, 2, 3, 4:
			p.append(t, log, m)
		default:
			p.read(t, log, m)
		}
	}
	after := start
	p.compare(t, log, m, after, 1<<20)
}

func (p *program) append(t *testing.T, log eventlog.Log, m *model) {
	t.Helper()
	r := eventlog.Record{Data: bytes.Repeat([]byte{'x'}, p.next(30))}
	if k := p.next(12); k > 3 {
		r.Key = fmt.Sprint(k)
	}
	var o eventlog.AppendOptions
	switch p.next(200) {
	case 0:
		r.Meta = []byte("end")
		o.Close = eventlog.Closing(1 + p.next(2))
	case 1, 2, 3, 4, 5, 6, 7, 8, 9:
		o.Expect = eventlog.Offset{Epoch: 7, Seq: m.tail.Seq + uint64(p.next(2))}
	}
	m.expire()
	got, err := log.Append(t.Context(), r, o)
	want, wantErr := m.append(r, o)
	var conflict *eventlog.ConflictError
	if got != want || fmt.Sprint(err) != fmt.Sprint(wantErr) || errors.As(wantErr, &conflict) != errors.As(err, &conflict) {
		t.Fatalf("Append(%+v, %+v) = %v, %v, want %v, %v", r, o, got, err, want, wantErr)
	}
}

func (p *program) read(t *testing.T, log eventlog.Log, m *model) {
	t.Helper()
	after := eventlog.Offset{Epoch: 7, Seq: m.start.Seq}
	switch p.next(8) {
	case 0:
		after = eventlog.Offset{}
	case 1:
		after.Epoch += uint64(p.next(3)) - 1
		after.Seq += uint64(p.next(4)) - 2
	default:
		after.Seq += uint64(p.next(256)) % (m.tail.Seq - m.start.Seq + 2)
	}
	p.compare(t, log, m, after, p.next(200))
}

func (p *program) compare(t *testing.T, log eventlog.Log, m *model, after eventlog.Offset, limit int) {
	t.Helper()
	got, err := log.Read(t.Context(), after, limit)
	want := m.read(after, limit)
	same := slices.EqualFunc(got.Records, want.Records, func(a, b eventlog.Record) bool {
		return a.Seq == b.Seq && a.Key == b.Key && a.Time.Equal(b.Time) && bytes.Equal(a.Data, b.Data)
	})
	if err != nil || !same || got.Next != want.Next || got.Gap != want.Gap || got.First != want.First || got.Closed != want.Closed || !bytes.Equal(got.End, want.End) {
		t.Fatalf("Read(%v, %d) =\n%+v, %v, want\n%+v", after, limit, got, err, want)
	}
	state, err := log.State(t.Context())
	first := eventlog.Offset{Epoch: 7, Seq: m.lost}
	if err != nil || state.First != first || state.Tail != m.tail || state.Closed != m.closed || !bytes.Equal(state.End, m.end) {
		t.Fatalf("State() = %+v, %v, want %v to %v, closed %v", state, err, first, m.tail, m.closed)
	}
}

// modelOptions are limits that a program reaches.
func modelOptions(compact bool) eventlog.MemoryOptions {
	return eventlog.MemoryOptions{
		Bytes: 400, Records: 20, RecordBytes: 28, Age: 20 * time.Second,
		Compact: compact, Keys: 6,
	}
}

func TestMemory_is_what_its_model_is(t *testing.T) {
	for seed := range uint64(40) {
		synctest.Test(t, func(t *testing.T) {
			p := program(randomBytes(seed, 3000))
			p.run(t, modelOptions(seed%2 == 0))
		})
	}
}

func FuzzMemory_is_what_its_model_is(f *testing.F) {
	f.Add(randomBytes(1, 300), true)
	f.Add(randomBytes(2, 300), false)
	f.Fuzz(func(t *testing.T, data []byte, compact bool) {
		synctest.Test(t, func(t *testing.T) {
			p := program(data[:min(len(data), 500)])
			p.run(t, modelOptions(compact))
		})
	})
}

// The blocks of a log are many and sparse only if it is large.
func TestMemory_is_what_its_model_is_when_it_is_large(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		options := eventlog.MemoryOptions{
			Bytes: 1 << 20, Records: 300, RecordBytes: 100, Age: time.Hour, Compact: true, Keys: 600,
		}
		logs := eventlog.NewMemoryLogs(options)
		start := eventlog.Offset{Epoch: 7}
		log, err := logs.Create(t.Context(), "log", eventlog.CreateOptions{Start: start})
		if err != nil {
			t.Fatal(err)
		}
		m := newModel(options, start)
		for i, b := range randomBytes(1, 4_000) {
			r := eventlog.Record{Data: fmt.Append(nil, i)}
			if b > 100 {
				// Some keys are appended to all the time, and most of them for a while only.
				r.Key = fmt.Sprint(int(b)%8 + i/64*8*(int(b)/8%2))
			}
			_, err := log.Append(t.Context(), r, eventlog.AppendOptions{})
			if _, wantErr := m.append(r, eventlog.AppendOptions{}); err != nil || wantErr != nil {
				t.Fatal(err, wantErr)
			}
			if i%100 == 0 {
				var p program
				after := eventlog.Offset{Epoch: 7, Seq: uint64(i) * uint64(b) / 255}
				p.compare(t, log, m, after, i%3000)
				p.compare(t, log, m, start, 1<<20)
			}
		}
	})
}

// Readers fold the log while producers append: each must end with the last of every
// key, though it was skipped, trimmed and superseded all the while.
func TestMemory_brings_the_last_of_each_key_to_every_reader(t *testing.T) {
	const producers, readers, appends = 4, 4, 2000
	log := eventlog.NewMemory(eventlog.MemoryOptions{Compact: true, Records: 10})
	var group sync.WaitGroup
	for p := range producers {
		group.Go(func() {
			for i := range appends {
				r := eventlog.Record{Key: fmt.Sprint(p, " ", i%50), Data: fmt.Append(nil, i)}
				if i%3 == 0 {
					r.Key = ""
				}
				if _, err := log.Append(t.Context(), r, eventlog.AppendOptions{}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	views := make([]map[string]string, readers)
	for i := range views {
		views[i] = map[string]string{}
		group.Go(func() { fold(t, log, views[i], producers*appends) })
	}
	group.Wait()
	for i, view := range views {
		for p := range producers {
			for key := range 50 {
				last := appends - 1 // the last number that is appended under the key
				for last%50 != key || last%3 == 0 {
					last--
				}
				if got, want := view[fmt.Sprint(p, " ", key)], fmt.Sprint(last); got != want {
					t.Errorf("reader %d has %q of key %d of producer %d, want %q", i, got, key, p, want)
				}
			}
		}
	}
}

// fold reads through a Seq, and keeps what is the latest of each key.
func fold(t *testing.T, log eventlog.Log, view map[string]string, through uint64) {
	changed := make(chan struct{}, 1)
	defer log.Watch(func() {
		select {
		case changed <- struct{}{}:
		default:
		}
	})()
	for after := (eventlog.Offset{}); after.Seq < through; {
		page, err := log.Read(t.Context(), after, 500)
		if err != nil {
			t.Error(err)
			return
		}
		for i, r := range page.Records {
			if r.Seq <= after.Seq || i > 0 && r.Seq <= page.Records[i-1].Seq {
				t.Errorf("after %v there is record %d", after, r.Seq)
			}
			if r.Key != "" {
				view[r.Key] = string(r.Data)
			}
		}
		if page.Next == after && after.Seq < through {
			<-changed
		}
		after = page.Next
	}
}
