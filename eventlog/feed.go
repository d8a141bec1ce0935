package eventlog

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// pageBytes is how much the feed reads from its log at a time.
	pageBytes = 64 << 10
	// retryAfter is how long the feed waits when its log has failed.
	retryAfter = time.Second
	// wakeBatch is how many waiters are taken off their list under one lock.
	wakeBatch = 32
)

// DefaultWindow is the [FeedOptions.Window] of the zero value.
const DefaultWindow = 1 << 20

// FeedOptions are the options of a [Feed]. The zero value is useful.
type FeedOptions struct {
	// Window is how many encoded bytes are kept for readers, for each encoding that
	// has any. What is older is read from the log, and encoded anew. 0 means
	// [DefaultWindow]; at least the latest segment of up to 64 KiB is kept.
	Window int
	// Compacted says that the log is compacted. A reader that is behind then leaves
	// out what was superseded meanwhile, as it does when it reads from the log.
	Compacted bool
	// Age is how long the log keeps a record. A window may have it for longer, but a
	// reader that joins before a record which is older reads from the log, and is told of
	// the loss. 0 means that the log has no such limit.
	Age time.Duration
}

// A Feed passes on what is appended to a log to any number of readers, in the
// order of the log and without a gap. There is one for each log and process, and it
// is safe for concurrent use.
//
// A reader is a [Cursor]: a position, and no goroutine, queue or copy. It asks with
// [Feed.Next] what there is, and has itself told with [Feed.Wait] when there is more.
// Each record is encoded once for each [Encoding]. The bytes go into segments that
// never change, and each reader is given a part of a segment, as long as it can be.
// So a burst of a thousand records is one chunk.
//
// Nobody waits for a reader. One that is too far behind reads from the log itself,
// with [Feed.Fetch], until it has caught up.
//
// While nobody reads, a feed does not watch its log. While nothing is appended it
// has no goroutine: an append starts one, which reads what is new, encodes it, wakes
// those who wait, and ends. Log.Read may therefore take its time, as that of a log on
// another machine does.
type Feed struct {
	log     Log
	options FeedOptions

	// marks counts the changes that the pump has not looked at. Whoever counts the
	// first one starts it.
	marks atomic.Int64
	run   func() // pump, bound once: starting it allocates nothing

	mutex     sync.Mutex
	readers   int
	encodings []*Encoding // those that have readers
	session   *session    // nil while nobody reads
	waiting   waiters

	// The pump's own, except that waking is changed under the mutex, as any waiter's
	// owner may take it out of there.
	waking  waiters
	pumping []*window
}

// A session is the time in which a feed has readers. What it has is guarded by the
// feed's mutex.
type session struct {
	ctx    context.Context //nolint:containedctx // of the pump's reads
	cancel context.CancelFunc
	stop   func() // of the watch

	// tail is the offset through which the windows have everything; zero until the
	// log was asked for the first time.
	tail  Offset
	ended bool // nothing follows the tail
	end   []byte
	err   error

	retry *time.Timer // nil unless the log has failed and the pump is to try again
}

// NewFeed returns a feed of a log.
func NewFeed(log Log, options FeedOptions) *Feed {
	if options.Window <= 0 {
		options.Window = DefaultWindow
	}
	f := &Feed{log: log, options: options}
	f.run = f.pump
	f.waiting.clear()
	f.waking.clear()
	return f
}

// Encoding makes an encoding of the feed's records. It is made once, and used for
// all the readers that are to get the same bytes.
func (f *Feed) Encoding(encode EncodeFunc) *Encoding { return &Encoding{encode: encode} }

// Wait has waiter.Wake called when there is something after an offset, or an end.
// If there is already it returns true, and Wake is not called: ask Next. A waiter
// that waits already goes on waiting.
//
// No wake-up is lost. Wait looks and enters the waiter into the list under one lock,
// and the pump publishes and takes the list under the same lock. So either Wait sees
// what was published, or the pump sees the waiter. An append that the pump has not
// looked at yet has marked the feed, so the pump is about to look.
//
// Whoever has called Wait calls [Feed.Forget] before the waiter or its cursor is
// given up.
func (f *Feed) Wait(waiter *Waiter, after Offset) (more bool) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if s := f.session; s == nil || s.ended || s.tail.Compare(after) > 0 {
		return true
	}
	if !waiter.waits() {
		f.waiting.add(waiter)
	}
	return false
}

// Forget undoes Wait. It returns false if the waiter does not wait: Wake was called,
// or is about to be.
func (f *Feed) Forget(waiter *Waiter) bool {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if !waiter.waits() {
		return false
	}
	waiter.remove()
	return true
}

// End reports whether the log has ended for the feed's readers: with the Meta of the
// append that closed it, or with [ErrDeleted].
func (f *Feed) End() (ended bool, meta []byte, err error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if f.session == nil {
		return false, nil, nil
	}
	return f.session.ended, f.session.end, f.session.err
}

// enter counts a reader. The caller holds the mutex.
func (f *Feed) enter(encoding *Encoding) {
	f.readers++
	encoding.readers++
	if encoding.readers == 1 {
		f.encodings = append(f.encodings, encoding)
	}
	if f.session == nil {
		ctx, cancel := context.WithCancel(context.Background())
		f.session = &session{ctx: ctx, cancel: cancel}
		f.session.stop = f.log.Watch(f.mark)
	}
	if encoding.window == nil {
		f.mark() // the pump makes it
	}
}

// leave is the opposite of enter. The caller holds the mutex.
func (f *Feed) leave(encoding *Encoding) {
	f.readers--
	encoding.readers--
	if encoding.readers == 0 {
		f.encodings = slices.DeleteFunc(f.encodings, func(e *Encoding) bool { return e == encoding })
		encoding.drop()
	}
	if f.readers > 0 {
		return
	}
	s := f.session
	f.session = nil
	s.stop()
	s.cancel()
	if s.retry != nil {
		s.retry.Stop()
	}
}

// drop frees the window. The caller holds the feed's mutex.
func (e *Encoding) drop() {
	if e.window != nil {
		e.window.drop()
		e.window = nil
	}
}

// mark says that the log may have changed. It takes no time, and no lock: a log
// calls it from its appends.
func (f *Feed) mark() {
	if f.marks.Add(1) == 1 {
		go f.run()
	}
}

// pump reads what is new until there are no further marks. A burst of appends is
// one round.
func (f *Feed) pump() {
	for {
		marks := f.marks.Load()
		for f.round() {
		}
		clear(f.pumping) // a window that was dropped is not kept
		f.pumping = f.pumping[:0]
		if f.marks.CompareAndSwap(marks, 0) {
			return
		}
	}
}

// round passes on one page of the log, and reports whether there may be another.
func (f *Feed) round() bool {
	f.mutex.Lock()
	s := f.session
	if s == nil {
		f.mutex.Unlock()
		return false
	}
	tail := s.tail
	f.pumping = f.pumping[:0]
	for _, e := range f.encodings {
		if e.window != nil {
			f.pumping = append(f.pumping, e.window)
		}
	}
	f.mutex.Unlock()

	page, err := f.read(s.ctx, tail)
	if page.Gap {
		clear(f.pumping) // they end before it: their readers are to find it in the log
		f.pumping = f.pumping[:0]
	}
	for _, w := range f.pumping {
		for i := range page.Records {
			record := &page.Records[i]
			w.add(record, Offset{page.Next.Epoch, record.Seq})
		}
	}
	again := f.publish(s, page, err)
	f.wake()
	f.trim(s)
	return again
}

// read returns what there is after the tail. As long as that is not known, it is where the
// log is now.
func (f *Feed) read(ctx context.Context, tail Offset) (Page, error) {
	if !tail.IsZero() {
		return f.log.Read(ctx, tail, pageBytes)
	}
	state, err := f.log.State(ctx)
	return Page{Next: state.Tail}, err
}

// publish shows the readers a page that was added to the windows, and has all those
// woken who wait.
func (f *Feed) publish(s *session, page Page, err error) (again bool) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if f.session != s {
		return false // all have left meanwhile
	}
	if err != nil {
		f.fail(s, err)
		return false
	}
	for _, e := range f.encodings {
		if page.Gap {
			e.drop()
		}
	}
	for _, w := range f.pumping {
		w.publish()
	}
	moved := page.Next != s.tail
	s.tail, s.ended, s.end = page.Next, page.Closed, page.End
	for _, e := range f.encodings {
		if e.window == nil {
			e.window = newWindow(e, s.tail, &f.options)
		}
	}
	if moved || s.ended {
		f.waking.take(&f.waiting)
	}
	return moved && !s.ended
}

// fail ends the readers' waits if the log is no more, and otherwise has the pump
// try again later. There is one retry at a time: appends and joins have the pump look as
// well, and each look at a log that is down fails. The caller holds the mutex.
func (f *Feed) fail(s *session, err error) {
	if errors.Is(err, ErrDeleted) {
		s.ended, s.err = true, err
		f.waking.take(&f.waiting)
		return
	}
	if s.retry == nil {
		s.retry = time.AfterFunc(retryAfter, func() { f.again(s) })
	}
}

// again has the pump try again.
func (f *Feed) again(s *session) {
	f.mutex.Lock()
	s.retry = nil
	over := f.session != s
	f.mutex.Unlock()
	if !over {
		f.mark()
	}
}

// wake calls those who are to be woken. They may wait again at once: then they are
// in the other list.
func (f *Feed) wake() {
	var batch [wakeBatch]*Waiter
	for {
		f.mutex.Lock()
		n := 0
		for ; n < len(batch) && !f.waking.empty(); n++ {
			batch[n] = f.waking.root.next
			batch[n].remove()
		}
		f.mutex.Unlock()
		for _, w := range batch[:n] {
			w.Wake()
		}
		if n < len(batch) {
			return
		}
	}
}

// trim has the windows forget what the log has forgotten. They do so by whole segments,
// so the log is asked only when there is a new one.
func (f *Feed) trim(s *session) {
	if !slices.ContainsFunc(f.pumping, func(w *window) bool { return w.grown }) {
		return
	}
	state, err := f.log.State(s.ctx)
	if err != nil {
		return // the next round will see it
	}
	f.mutex.Lock()
	defer f.mutex.Unlock()
	for _, w := range f.pumping {
		w.grown = false
		w.trimBefore(state.First)
	}
}
