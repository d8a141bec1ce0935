package topic

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/eventlog"
)

// windowSlack is what a window keeps beyond the greatest lag: it is trimmed by whole
// segments.
const windowSlack = 128 << 10

// A Topic is a sequence of events, and those who follow it. It is made by [New], and
// safe for concurrent use. It needs no closing: without subscribers it has no goroutine
// and no timer, and a topic that is no longer used is collected like any other value.
type Topic struct {
	options Options
	log     eventlog.Log
	feed    *eventlog.Feed
	events  *format // server-sent events
	lines   *format // NDJSON
	records *format // the messages of WebSockets
	metas   sync.Pool

	published atomic.Uint64
	runners   runners

	mutex       sync.Mutex
	coming      map[*subscriber]struct{} // their bodies have not begun
	subscribers []*subscriber            // each knows its place
	keys        map[string]crowd
	wheel       wheel
	ends        [reasons]uint64
	joined      uint64
}

// New returns a topic.
func New(options Options) *Topic {
	options.setDefaults()
	t := &Topic{options: options, keys: make(map[string]crowd)}
	t.log = t.options.Log
	t.feed = eventlog.NewFeed(t.log, eventlog.FeedOptions{
		Window:    t.options.MaxLag + windowSlack,
		Compacted: t.options.Conflate,
		Age:       max(t.options.Memory.Age, 0),
	})
	t.events = newFormat(t, eventStream{retryAfter: t.options.Retry})
	t.lines = newFormat(t, ndjson{})
	t.records = t.lines.spoken(messages{retryAfter: t.options.Retry})
	t.metas.New = func() any { return new([]byte) }
	t.wheel.topic = t
	return t
}

// Publish appends an event to the topic's log, and returns its id. It does not wait
// for any subscriber. The event's bytes are the caller's again when it returns.
//
// It fails with [ErrType] or [ErrJSON], with [eventlog.ErrTooLarge] for an event that
// is over the log's limit, which is 1 MiB unless you choose another, with
// [ErrClosed] after [Topic.Close] or [Topic.Fail], and with other errors of
// the log. Nothing has been published then, unless it is an error of the log's that
// leaves that open: see [eventlog.Log].
//
// With a log in memory, which never waits, Publish does not look at ctx: a change that was
// made is told although the client that made it has left. Another log may wait, and fails
// when ctx ends. Give it [context.WithoutCancel] of a request's context then, with a
// limit of its own.
func (t *Topic) Publish(ctx context.Context, event Event) (eventlog.Offset, error) {
	if err := event.check(); err != nil {
		return eventlog.Offset{}, err
	}
	meta, _ := t.metas.Get().(*[]byte)
	defer t.metas.Put(meta)
	*meta = event.appendMeta((*meta)[:0])
	offset, err := t.log.Append(t.lasting(ctx), eventlog.Record{Key: event.Key, Meta: *meta, Data: event.Data}, eventlog.AppendOptions{})
	if err != nil {
		return eventlog.Offset{}, err
	}
	t.published.Add(1)
	return offset, nil
}

// lasting is the context of an append. It allocates nothing.
func (t *Topic) lasting(ctx context.Context) context.Context {
	if _, ok := t.log.(*eventlog.Memory); ok {
		return context.Background() // nothing waits
	}
	return ctx
}

// Close says that no further event will come. Each subscriber gets what there is, and
// then an end: in an event stream the event "done", in NDJSON and over WebSockets a
// record of the type "end". Whoever comes back with the id of the last event gets a 204, at which an
// EventSource gives up. Close does not wait for the subscribers. It fails with
// [ErrClosed] the second time. As to ctx, it is as [Topic.Publish].
func (t *Topic) Close(ctx context.Context) error { return t.end(ctx, nil) }

// Fail says that no further event will come, as the producer has failed. Each
// subscriber gets what there is, and then an event, or a record, of the type "failed"
// whose data is a message. After it the response is cut. Whoever comes back is told of the
// failure again, except an EventSource that has had it: it gets a 204. The message is the error's own
// if it has the methods StatusCode() int and SafeMessage() string, as [bare.HttpError]
// does; otherwise it is "Internal Server Error". Otherwise Fail is as [Topic.Close].
func (t *Topic) Fail(ctx context.Context, err error) error {
	return t.end(ctx, append([]byte{metaFailed}, bare.SafeMessage(err)...))
}

// metaFailed is the first byte of the Meta with which a producer that has failed closes
// the log; the message follows.
const metaFailed = 'f'

// failedWith returns the message of a producer that has failed, from the Meta that
// closed its log.
func failedWith(meta []byte) (message string, failed bool) {
	if len(meta) == 0 || meta[0] != metaFailed {
		return "", false
	}
	return string(meta[1:]), true
}

func (t *Topic) end(ctx context.Context, meta []byte) error {
	_, err := t.log.Append(t.lasting(ctx), eventlog.Record{Meta: meta}, eventlog.AppendOptions{Close: eventlog.CloseOnly})
	return err
}

// Cursor returns the position behind the last event. A page that shows state takes it
// before it reads the state, and follows the topic from there: with it as the query
// parameter last-event-id. Then no change can fall between the two; one may be seen
// twice. The error is that of the log. A log in memory has none but that of a context that
// has ended.
func (t *Topic) Cursor(ctx context.Context) (eventlog.Offset, error) {
	state, err := t.log.State(ctx)
	return state.Tail, err
}

// failure is the answer when a log has failed.
func failure(response *bare.HttpResponse, err error) {
	if errors.Is(err, eventlog.ErrDeleted) {
		err = &bare.HttpError{Status: http.StatusGone, Message: deleted, Err: err}
	}
	fail(response, err)
}
