package durable

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/bare-go/bare/eventlog"
)

// A stream is what the handler remembers of one between requests. Everything else
// is in its log, and whatever is here can be made anew from that, but for the time
// of the last use: a sliding window begins again when the process does.
type stream struct {
	name string
	id   string

	turn  chan struct{} // holds a token while somebody uses fold
	fold  *fold
	last  atomic.Int64 // when it was last used, in nanoseconds since 1970
	live  atomic.Int64 // how many live reads are under way, which all use it
	gone  chan struct{}
	ended atomic.Bool // gone is closed

	appointment *appointment            // with the expiry, whose mutex guards it; nil if there has been none
	latest      atomic.Pointer[encoded] // what the readers at the tail are sent
}

// A view is a stream as one request has found it.
type view struct {
	*stream

	log    eventlog.Log
	state  eventlog.State
	config config
}

// find opens a stream, for a client. It fails with errNotFound or errGone.
func (h *Handler) find(ctx context.Context, name string) (view, error) {
	v, err := h.look(ctx, name)
	switch {
	case err != nil:
		return v, err
	case v.config.Gone:
		return v, errGone
	case h.expired(&v):
		h.discard(ctx, &v)
		return v, errNotFound
	}
	return v, nil
}

// look opens a stream, also one that is there for its forks only.
func (h *Handler) look(ctx context.Context, name string) (view, error) {
	log, err := h.logs.Open(ctx, name)
	if errors.Is(err, eventlog.ErrNotFound) {
		h.forget(name)
	}
	if err != nil {
		return view{}, err
	}
	return h.view(ctx, name, log)
}

// view reads what is known of a log.
func (h *Handler) view(ctx context.Context, name string, log eventlog.Log) (view, error) {
	state, err := log.State(ctx)
	if err != nil {
		return view{}, err
	}
	settings, err := decodeConfig(state.Attributes)
	if err != nil {
		return view{}, errNotFound // somebody else's log
	}
	v := view{log: log, state: state, config: settings}
	v.stream = h.remember(name, &v)
	return v, nil
}

// remember returns what is remembered of a stream, or begins to.
func (h *Handler) remember(name string, v *view) *stream {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	known := h.streams[name]
	if known != nil && known.id == v.config.ID {
		return known
	}
	if known != nil {
		h.end(known) // there is another one under the name
	}
	s := &stream{
		name: name,
		id:   v.config.ID,
		turn: make(chan struct{}, 1),
		fold: newFold(h.options.MaxProducers),
		gone: make(chan struct{}),
	}
	s.touch()
	h.streams[name] = s
	if v.config.expires() && !v.config.Gone {
		h.expiry.schedule(h, s, v.config.deadline(time.Now()))
	}
	return s
}

// forget drops what is remembered under a name, and ends those who read it live.
func (h *Handler) forget(name string) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if known := h.streams[name]; known != nil {
		h.end(known)
		delete(h.streams, name)
	}
}

// end tells live readers that the stream is no more.
func (h *Handler) end(s *stream) {
	if s.ended.CompareAndSwap(false, true) {
		close(s.gone)
		h.expiry.cancel(s)
	}
}

// touch is a use of the stream: it begins the sliding window again.
func (s *stream) touch() { s.last.Store(time.Now().UnixNano()) }

// used returns when the stream was last used: now, if it is being read live.
func (s *stream) used() time.Time {
	if s.live.Load() > 0 {
		return time.Now()
	}
	return time.Unix(0, s.last.Load())
}

// follow counts a live read until the function that it returns is called.
func (s *stream) follow() (leave func()) {
	s.live.Add(1)
	return func() {
		s.touch() // first, so that the stream does not look unused in between
		s.live.Add(-1)
	}
}

// withFold runs a function that has the stream's fold to itself. So validation and
// append are one step for all producers of a stream.
func (s *stream) withFold(ctx context.Context, do func(*fold) error) error {
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-s.turn }()
	return do(s.fold)
}
