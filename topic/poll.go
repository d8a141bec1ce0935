package topic

import (
	"context"
	"net/http"
	"strconv"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/eventlog"
	"github.com/bare-go/bare/internal/longpoll"
	"github.com/bare-go/bare/sse"
)

// pollBytes is how much one answer to a long poll has, unless one event has more.
const pollBytes = 64 << 10

// poll answers a long poll, which waits here: the head has not been sent, so that the
// status can still be 204. The answer is an array of the records that NDJSON has.
func (t *Topic) poll(request *bare.HttpRequest, lease *Lease, response *bare.HttpResponse) {
	defer label(response)
	id := sse.LastEventID(request)
	given, err := longpoll.ParsePosition(request.Query())
	switch {
	case err != nil:
		*response = bare.ErrorResponse(err)
		return
	case given.Given:
		id = given.String()
	}
	state, err := t.state(request)
	if err != nil {
		failure(response, err)
		return
	}
	p := t.locate(id, state)
	switch {
	case p.over():
		*response = pollResponse(http.StatusNoContent, p.after, true, nil)
	case isHead(request):
		*response = pollResponse(http.StatusOK, p.after, false, nil)
		response.Headers.Del("Content-Length") // nobody knows
	case !t.acquire(lease.Key, request):
		tooMany(response)
	default:
		request.OnEnd(func(bare.End) { t.release(lease.Key, request) })
		t.await(request, lease, p, response)
	}
}

// await answers a long poll that may wait.
func (t *Topic) await(request *bare.HttpRequest, lease *Lease, p *position, response *bare.HttpResponse) {
	page, err := longpoll.Poll(request, &pollSource{topic: t, after: p.after}, p.after, pollBytes, lease.limit(t.options.PollTime))
	if err != nil {
		failure(response, err)
		return
	}
	content := pollContent(p, &page)
	switch {
	case len(content) > 0 && !lease.holds(request.Context()):
		*response = pollResponse(http.StatusNoContent, p.after, false, nil) // it has had nothing of it
	case len(content) == 0:
		*response = pollResponse(http.StatusNoContent, page.Next, page.Closed, nil)
	default:
		*response = pollResponse(http.StatusOK, page.Next, page.Closed, content)
	}
}

// A pollSource is the topic's log for one poll. It waits in the topic's feed: a log
// may tell few watchers well, and thousands of polls badly.
type pollSource struct {
	topic  *Topic
	after  eventlog.Offset
	cursor eventlog.Cursor
	waiter eventlog.Waiter
}

// Read implements [longpoll.Source]. When there is nothing, the poll is about to wait.
func (s *pollSource) Read(ctx context.Context, after eventlog.Offset, limit int) (eventlog.Page, error) {
	page, err := s.topic.log.Read(ctx, after, limit)
	if err == nil && len(page.Records) == 0 && !page.Closed && s.topic.feed.Wait(&s.waiter, page.Next) {
		s.waiter.Wake() // there is more by now
	}
	return page, err
}

// Watch implements [longpoll.Source].
func (s *pollSource) Watch(changed func()) (stop func()) {
	feed := s.topic.feed
	s.waiter.Wake = changed
	feed.Join(&s.cursor, s.topic.lines.encoding, s.after)
	return func() {
		feed.Forget(&s.waiter)
		feed.Leave(&s.cursor)
	}
}

func pollResponse(status int, next eventlog.Offset, closed bool, content []byte) bare.HttpResponse {
	headers := longpoll.Headers(next, "", status == http.StatusNoContent, closed)
	headers.Set("Cache-Control", "no-store")
	if status == http.StatusNoContent {
		return bare.HttpResponse{Status: status, Headers: headers}
	}
	headers.Set("Content-Type", "application/json")
	headers.Set("Content-Length", strconv.Itoa(len(content)))
	return bare.HttpResponse{Status: status, Headers: headers, Body: bare.BytesWriter(content)}
}

// pollContent is a page as an array, empty if there is nothing to say.
func pollContent(p *position, page *eventlog.Page) []byte {
	content := []byte{'['}
	next := func() {
		if len(content) > 1 {
			content = append(content, ',')
		}
	}
	if page.Gap {
		from, to := p.lost, page.Next
		if from == "" {
			from = p.after.String()
		}
		if len(page.Records) > 0 {
			to.Seq = max(page.Records[0].Seq, 1) - 1
		}
		content = appendGap(content, from, to)
	}
	for i := range page.Records {
		record := &page.Records[i]
		next()
		content = appendRecord(content, eventOf(record), eventlog.Offset{Epoch: page.Next.Epoch, Seq: record.Seq})
	}
	if page.Closed {
		next()
		content = appendEnd(content, page)
	}
	if len(content) == 1 {
		return nil
	}
	return append(content, ']')
}

// appendEnd is the last record of a topic that was closed.
func appendEnd(dst []byte, page *eventlog.Page) []byte {
	if message, failed := failedWith(page.End); failed {
		return appendFailed(dst, message)
	}
	return appendDone(dst, page.Next)
}
