package topic

import (
	"context"
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
//   - With the query parameter live=long-poll, it is a long poll. Its position is the query
//     parameter offset, for which a text that is none is answered with 400, or else what a
//     stream has.
//   - With an Accept header, it is text/event-stream (server-sent events) or
//     application/x-ndjson, whichever the client likes better, and 406 if it takes
//     neither.
//   - Otherwise, and if the client does not care, it is an event stream.
//   - A request to upgrade to a WebSocket is answered with 400: this package does not speak it yet.
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
// Stream-Next-Offset, if the log has that position.
//
// A HEAD is answered with the head alone. Handle is [Topic.Serve] with the zero
// [Lease].
func (t *Topic) Handle(request *bare.HttpRequest) bare.HttpResponse { return t.Serve(request, Lease{}) }

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
func (t *Topic) Serve(request *bare.HttpRequest, lease Lease) bare.HttpResponse {
	if wantsWebSocket(request) {
		return refuse(http.StatusBadRequest, "This topic cannot be read over a WebSocket.")
	}
	var response bare.HttpResponse
	if request.Query().Get("live") == "long-poll" {
		response = t.poll(request, lease)
	} else if format := t.negotiate(request); format != nil {
		response = t.subscribe(request, lease, format)
	} else {
		response = refuse(http.StatusNotAcceptable, "This is text/event-stream or application/x-ndjson.")
	}
	// A 410 could be stored by a cache without it (RFC 9110, section 15.1).
	for _, header := range [][2]string{{"Cache-Control", "no-store"}, {"Vary", "Accept"}} {
		if response.Headers.Get(header[0]) == "" {
			response = response.WithHeader(header[0], header[1])
		}
	}
	return response
}

// wantsWebSocket reports whether the client asks for a WebSocket (RFC 6455, section
// 4.1). Answering with a stream would leave it waiting.
func wantsWebSocket(request *bare.HttpRequest) bool {
	for _, value := range header(request)["Upgrade"] {
		for protocol := range strings.SplitSeq(value, ",") {
			if strings.EqualFold(strings.TrimSpace(protocol), "websocket") {
				return true
			}
		}
	}
	return false
}

func header(request *bare.HttpRequest) http.Header {
	if request.Scope == nil {
		return nil
	}
	return request.Scope.Header
}

// negotiate returns the format that the client likes best, and nil if it takes none.
func (t *Topic) negotiate(request *bare.HttpRequest) *format {
	switch request.Accepts(t.events.contentType(), t.lines.contentType()) {
	case t.events.contentType():
		return t.events
	case t.lines.contentType():
		return t.lines
	}
	return nil
}

func refuse(status int, message string) bare.HttpResponse {
	return bare.ErrorResponse(&bare.HttpError{Status: status, Message: message})
}

// tooMany is the answer to a stream that is one too many for its key.
func tooMany() bare.HttpResponse {
	return refuse(http.StatusTooManyRequests, "There are too many streams already.").WithHeader("retry-after", "10")
}

// atEnd is the answer to a client that has had everything of a topic that was closed.
func atEnd() bare.HttpResponse {
	return bare.HttpResponse{Status: http.StatusNoContent, Headers: bare.Headers("cache-control", "no-store")}
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

// position finds out where a client begins, from the id that it names, "" for none.
func (t *Topic) position(ctx context.Context, id string) (position, error) {
	state, err := longpoll.Ask(ctx, t.log.State)
	if err != nil {
		return position{}, err
	}
	p := position{after: state.Tail, resumes: id != ""}
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
	return p, nil
}

// beginning is where all that a log has comes after. In one that is compacted there are
// records before those that it has lost, so there the loss is announced.
func (t *Topic) beginning(state eventlog.State) eventlog.Offset {
	if t.options.Conflate {
		return eventlog.Offset{}
	}
	return state.First
}

// subscribe answers with a stream.
func (t *Topic) subscribe(request *bare.HttpRequest, lease Lease, f *format) bare.HttpResponse {
	p, err := t.position(request.Context(), sse.LastEventID(request))
	switch {
	case err != nil:
		return failure(err)
	case p.over():
		return atEnd()
	}
	response := bare.HttpResponse{Headers: f.headers}
	if f == t.lines && p.known { // otherwise the gap says where it goes on
		response = response.WithHeader(longpoll.NextOffset, p.after.String())
	}
	if isHead(request) {
		return response
	}
	if !t.acquire(lease.Key, request) {
		return tooMany()
	}
	s := &subscriber{
		topic: t, format: f, request: request, lease: lease,
		after: p.after, lost: p.lost, near: p.tail, wake: make(chan struct{}, 1),
	}
	t.expect(s)
	request.OnEnd(s.ended)
	response.Body = bare.StreamWriter(s.stream)
	return response
}

func isHead(request *bare.HttpRequest) bool {
	return request.Scope != nil && request.Scope.Method == http.MethodHead
}
