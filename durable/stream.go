package durable

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/eventlog"
	"github.com/bare-go/bare/internal/longpoll"
)

// A stream is what the handler remembers of one between requests. Everything else
// is in its log, and whatever is here can be made anew from that, but for the time
// of the last use: a sliding window begins again when the process does.
type stream struct {
	name string
	id   string

	turn chan struct{} // holds a token while somebody uses fold
	fold *fold
	last atomic.Int64    // when it was last used, in nanoseconds since 1970
	live atomic.Int64    // how many live reads are under way, which all use it
	over context.Context // ends when the stream is deleted, or hidden
	end  context.CancelFunc

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
	case !h.expired(&v):
		return v, nil
	}
	ctx, cancel := finishing(ctx) // a client that leaves now must not leave half of it done
	defer cancel()
	if err := h.discard(ctx, &v); err != nil {
		return v, err
	}
	if v.config.References > 0 {
		return v, errGone
	}
	return v, errNotFound
}

// findFor is find for a request that reads. Its client may have closed its side of the
// connection already, and is answered all the same.
func (h *Handler) findFor(request *bare.HttpRequest, name string) (view, error) {
	return longpoll.Ask(request.Context(), func(ctx context.Context) (view, error) { return h.find(ctx, name) })
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
		return view{}, errForeign // or lost
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
		h.dismiss(known) // there is another one under the name
	}
	s := &stream{
		name: name,
		id:   v.config.ID,
		turn: make(chan struct{}, 1),
		fold: newFold(h.options.MaxProducers),
	}
	s.over, s.end = context.WithCancel(context.Background())
	s.touch()
	h.streams[name] = s
	if v.config.expires() && !v.config.Gone {
		h.expiry.schedule(s, v.config.deadline(time.Now()))
	}
	return s
}

// forget drops what is remembered under a name, and ends those who read it live.
func (h *Handler) forget(name string) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if known := h.streams[name]; known != nil {
		h.dismiss(known)
		delete(h.streams, name)
	}
}

// hide ends those who read a stream live that is there for its forks only. It is
// remembered, as it counts towards [Options.MaxStreams]: its log stays.
func (h *Handler) hide(name string) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if known := h.streams[name]; known != nil {
		h.dismiss(known)
	}
}

// dismiss tells live readers that the stream is no more.
func (h *Handler) dismiss(s *stream) {
	s.end()
	h.expiry.cancel(s)
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

// attend counts a live read until the function that it returns is called.
func (s *stream) attend() (leave func()) {
	s.live.Add(1)
	return func() {
		s.touch() // first, so that the stream does not look unused in between
		if s.live.Add(-1) == 0 {
			s.latest.Store(nil)
		}
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
