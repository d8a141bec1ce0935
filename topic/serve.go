package topic

import (
	"cmp"
	"context"
	"iter"
	"math"
	"net/http"
	"strings"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/eventlog"
	"github.com/bare-go/bare/internal/longpoll"
	"github.com/bare-go/bare/sse"
)

// Handle answers a request with what is published from now on (see [Options.Replay]),
// or from where the client says that it left off, in the transport that it asks for:
//
//   - A request to upgrade to a WebSocket opens one, for pages of the same origin and of
//     [bare.WebSocketOptions].Origins. Each message is a record, as a line of NDJSON is.
//   - With the query parameter live=long-poll, it is a long poll. Its position is the query
//     parameter offset, for which a text that is none is answered with 400, or else what a
//     stream has.
//   - With an Accept header, it is text/event-stream (server-sent events) or
//     application/x-ndjson, whichever the client likes better, and 406 if it takes
//     neither.
//   - Otherwise, and if the client does not care, it is an event stream.
//
// The position is taken here, before the head goes out: the client misses nothing
// that is published after it was answered.
//
// A client resumes with the id of the last event that it had, in the header
// Last-Event-ID, or in the query parameter last-event-id. It gets everything after
// that. "-1" is the beginning, and "now" the end. An id that is not in the log (any
// more) is answered with a gap event, whose data names the id and the position at which
// the stream goes on, and then with what there is. Whoever resumes at the end of a
// topic that was closed gets a 204; after [Topic.Fail] it is first told of the failure.
//
// An event stream begins with the id of its position, so that a client that is cut
// before its first event resumes there. In NDJSON it is in the header
// Stream-Next-Offset, if the log has that position. A WebSocket's first message has it,
// and the client of one resumes at the end of a closed topic to be told of the end again.
//
// Who looks at the application's streams (see [bare.Application.Streams]) is told the
// transport, the lag in bytes, and the key of the lease.
//
// A HEAD is answered with the head alone. Handle is [Topic.Serve] with the zero
// [Lease].
func (t *Topic) Handle(request *bare.HttpRequest) (response bare.HttpResponse) {
	t.answer(request, nil, &response)
	return response
}

// Serve is [Topic.Handle] for a stream with conditions. It is called by a handler that
// knows who the client is:
//
//	func(request *bare.HttpRequest) bare.HttpResponse {
//		token, err := authenticate(request)
//		if err != nil {
//			return bare.ErrorResponse(err)
//		}
//		return prices.Serve(request, topic.Lease{Key: token.User, Expires: token.Expires})
//	}
//
// A stream over [Options.StreamsPerKey] is answered with 429.
func (t *Topic) Serve(request *bare.HttpRequest, lease Lease) (response bare.HttpResponse) {
	t.answer(request, &lease, &response)
	return response
}

// answer is Serve; without a lease it is Handle. It and what it calls have few variables, and no response of their
// own: see [runners].
func (t *Topic) answer(request *bare.HttpRequest, lease *Lease, response *bare.HttpResponse) {
	if request.WantsWebSocket() {
		t.open(request, cmp.Or(lease, new(Lease)), response)
	} else if wantsPoll(request) {
		t.poll(request, cmp.Or(lease, new(Lease)), response)
	} else if format := t.negotiate(request); format != nil {
		t.subscribe(request, lease, format, sse.LastEventID(request), response)
	} else {
		refuse(response, http.StatusNotAcceptable, "This is text/event-stream or application/x-ndjson.")
	}
}

// wantsPoll reports whether the query asks for a long poll. It is parsed only if it may.
func wantsPoll(request *bare.HttpRequest) bool {
	if request.Scope == nil || request.Scope.URL == nil {
		return false
	}
	raw := request.Scope.URL.RawQuery
	return (strings.Contains(raw, "long-poll") || strings.Contains(raw, "%")) && request.Query().Get("live") == "long-poll"
}

// label adds what caches have to know of any answer, unless it is there.
func label(response *bare.HttpResponse) {
	// A 410 could be stored by a cache without it (RFC 9110, section 15.1).
	for _, header := range [][2]string{{"Cache-Control", "no-store"}, {"Vary", "Accept"}} {
		if response.Headers.Get(header[0]) == "" {
			*response = response.WithHeader(header[0], header[1])
		}
	}
}

func header(request *bare.HttpRequest) http.Header {
	if request.Scope == nil {
		return nil
	}
	return request.Scope.Header
}

// negotiate returns the format that the client likes best, and nil if it takes none.
func (t *Topic) negotiate(request *bare.HttpRequest) *format {
	values := header(request)["Accept"]
	if len(values) == 0 || len(values) == 1 && values[0] == sse.ContentType { // as an EventSource says
		return t.events
	}
	return t.weigh(request)
}

// weigh returns the format that an Accept header likes best, and nil if it has none. It
// is not inlined, as what it needs would stay on the stack of the stream.
//
//go:noinline
func (t *Topic) weigh(request *bare.HttpRequest) *format {
	switch request.Accepts(t.events.contentType(), t.lines.contentType()) {
	case t.events.contentType():
		return t.events
	case t.lines.contentType():
		return t.lines
	}
	return nil
}

func refuse(response *bare.HttpResponse, status int, message string) {
	fail(response, &bare.HttpError{Status: status, Message: message})
}

func fail(response *bare.HttpResponse, err error) {
	*response = bare.ErrorResponse(err)
	label(response)
}

// tooMany is the answer to a stream that is one too many for its key.
func tooMany(response *bare.HttpResponse) {
	refuse(response, http.StatusTooManyRequests, "There are too many streams already.")
	*response = response.WithHeader("retry-after", "10")
}

// atEnd is the answer to a client that has had everything of a topic that was closed.
func atEnd(response *bare.HttpResponse) {
	response.Status, response.Headers = http.StatusNoContent, bare.Headers("cache-control", "no-store", "vary", "Accept")
}

// A position is where a client begins.
type position struct {
	after   eventlog.Offset
	resumes bool   // the client has named it
	lost    string // what it has named, if that was no offset
	known   bool   // the log has it
	tail    bool   // nothing comes after it yet
	closed  bool   // nothing will ever
	end     []byte // the Meta of what has closed the log
	told    bool   // the client has had the failure with which the topic has ended
}

// over reports whether a client that resumes has had everything. After a failure it
// has only if it names the failure itself: whoever was between two requests when the
// producer failed must not take the stream for complete.
func (p *position) over() bool {
	if _, failed := failedWith(p.end); failed {
		return p.told
	}
	return p.closed && p.resumes
}

// failedSuffix follows the last offset in the id of an event stream's last event, if
// its producer has failed. A client that comes back with it has been told.
const failedSuffix = ".failed"

// nowhere is an offset that is in no log. Reading from there is a gap, and then all that
// the log has: in one that is compacted, also the keys before its first offset.
func nowhere() eventlog.Offset { return eventlog.Offset{Epoch: math.MaxUint64, Seq: math.MaxUint64} }

// maxShownID is how much of an unknown id the gap event repeats.
const maxShownID = 64

// locate finds out where a client begins, from the id that it names, "" for none, and
// from the state of the log.
func (t *Topic) locate(id string, state *eventlog.State) *position {
	p := &position{after: state.Tail, resumes: id != ""}
	if before, ok := strings.CutSuffix(id, failedSuffix); ok {
		id = before
		_, failed := failedWith(state.End)
		p.told = state.Closed && failed && id == state.Tail.String()
	}
	switch id {
	case "":
		if t.options.Replay {
			p.after = t.beginning(state)
		}
	case "now":
	case "-1":
		p.after = eventlog.Offset{}
	default:
		var err error
		if p.after, err = eventlog.ParseOffset(id); err != nil {
			p.after, p.lost = nowhere(), id[:min(len(id), maxShownID)]
		}
	}
	p.tail = p.after == state.Tail
	p.known = p.after.Epoch == state.Tail.Epoch && p.after.Compare(state.First) >= 0 && p.after.Compare(state.Tail) <= 0
	p.closed = p.tail && state.Closed
	if p.closed {
		p.end = state.End
	}
	return p
}

// state asks the log for a request. One in memory needs no context, and so none is made.
func (t *Topic) state(request *bare.HttpRequest) (*eventlog.State, error) {
	if _, ok := t.log.(*eventlog.Memory); !ok {
		return t.ask(request)
	}
	state, err := t.log.State(context.Background())
	return &state, err
}

func (t *Topic) ask(request *bare.HttpRequest) (*eventlog.State, error) {
	state, err := longpoll.Ask(request.Context(), t.log.State)
	return &state, err
}

// beginning is where all that a log has comes after. In one that is compacted there are
// records before those that it has lost, so there the loss is announced.
func (t *Topic) beginning(state *eventlog.State) eventlog.Offset {
	if t.options.Conflate {
		return eventlog.Offset{}
	}
	return state.First
}

// subscribe answers with a stream.
func (t *Topic) subscribe(request *bare.HttpRequest, lease *Lease, f *format, id string, response *bare.HttpResponse) {
	state, err := t.state(request)
	if err != nil {
		failure(response, err)
		return
	}
	p := t.locate(id, state)
	head := isHead(request)
	switch {
	case p.over():
		atEnd(response)
		return
	case !head && lease != nil && !t.acquire(lease.Key, request):
		tooMany(response)
		return
	}
	response.Headers = f.headers
	if f == t.lines && p.known { // otherwise the gap says where it goes on
		addOffset(response, p.after)
	}
	if !head {
		response.Body = t.expected(request, lease, f, p)
	}
}

// expected returns the body of a stream that is about to begin.
//
//go:noinline
func (t *Topic) expected(request *bare.HttpRequest, lease *Lease, f *format, p *position) iter.Seq[[]byte] {
	s := newSubscriber(t, f, request, p)
	if lease != nil {
		s.lease = *lease
	}
	t.expect(s)
	request.OnEnd(s.ended)
	request.Describe(s.describe)
	return bare.StreamWriter(s.stream)
}

func addOffset(response *bare.HttpResponse, at eventlog.Offset) {
	*response = response.WithHeader(longpoll.NextOffset, at.String())
}

func isHead(request *bare.HttpRequest) bool {
	return request.Scope != nil && request.Scope.Method == http.MethodHead
}
