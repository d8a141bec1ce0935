package durable

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/eventlog"
	"github.com/bare-go/bare/internal/longpoll"
)

// A posting is what a POST asks for: to append, to close, or both.
type posting struct {
	stamp       stamp
	contentType string
	close       bool
	body        []byte
}

// A receipt is what has become of a posting.
type receipt struct {
	tail      eventlog.Offset
	closed    bool
	appended  bool
	duplicate *duplicateError // nil if it was done now
}

// post answers POST (sections 5.2 and 5.3).
func (h *Handler) post(request *bare.HttpRequest, name string) bare.HttpResponse {
	if err := h.permit(request, Append, name); err != nil {
		return fail(err)
	}
	asked, err := parsePosting(request.Scope.Header)
	if err != nil {
		return fail(err)
	}
	v, err := h.findFor(request, name) // before a body is read that nobody wants
	if err != nil {
		return fail(err)
	}
	if asked.body, err = bare.BytesReader(request.Body, h.options.MaxAppend); err != nil {
		return fail(err)
	}
	ctx, cancel := finishing(request.Context())
	defer cancel()
	done, err := v.do(ctx, asked)
	if errors.Is(err, errClosed) {
		return v.tooLate(ctx)
	}
	if err != nil {
		return fail(err)
	}
	v.touch()
	return done.response(&asked.stamp)
}

func parsePosting(header http.Header) (p *posting, err error) {
	p = &posting{close: isTrue(header, longpoll.Closed)}
	if p.stamp, err = producer(header); err != nil {
		return nil, err
	}
	p.contentType, _, err = given(header, "Content-Type")
	return p, err
}

// response says where the stream is now.
func (r *receipt) response(s *stamp) bare.HttpResponse {
	headers, status := longpoll.Headers(r.tail, "", false, r.closed), http.StatusNoContent
	if s.producer != "" {
		last := s.number
		if r.duplicate != nil {
			last = r.duplicate.last
		}
		if r.appended { // 200 is for new data, so that a producer can tell (section 5.2.1)
			status = http.StatusOK
		}
		headers.Set(producerEpoch, strconv.FormatUint(s.epoch, 10))
		headers.Set(producerSeq, strconv.FormatUint(last, 10))
	}
	return bare.HttpResponse{Status: status, Headers: headers}
}

// tooLate is the answer to an append after the close, which says where the end is.
func (v *view) tooLate(ctx context.Context) bare.HttpResponse {
	response := fail(errClosed).WithHeader(longpoll.Closed, "true")
	if state, err := v.log.State(ctx); err == nil {
		response = response.WithHeader(longpoll.NextOffset, state.Tail.String())
	}
	return response
}
