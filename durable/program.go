package durable

import (
	"context"

	"github.com/bare-go/bare/eventlog"
)

// Create makes a stream for the program itself, as a PUT does, but without asking
// [Options.Authorize]. It does nothing if there is one with this content type
// already; an empty content type means application/octet-stream. The name is the
// path below the group's prefix.
//
// The errors of Create, Append and Close choose their own responses, as
// [bare.HttpError] does, with the status that a client would be answered with.
func (h *Handler) Create(ctx context.Context, name, contentType string) error {
	asked := &creation{typed: contentType != ""}
	if asked.config.Type = contentType; asked.typed {
		if err := checkType(contentType); err != nil {
			return err
		}
	}
	if err := checkName(name); err != nil {
		return err
	}
	_, _, err := h.ensure(ctx, name, asked)
	return answer(err)
}

// Append appends to a stream, as a POST does with the stream's own content type:
// JSON must be valid, and of an array each element is a message. It returns the new
// tail.
func (h *Handler) Append(ctx context.Context, name string, data []byte) (eventlog.Offset, error) {
	if len(data) == 0 {
		return eventlog.Offset{}, errEmptyBody
	}
	return h.change(ctx, name, &posting{body: data})
}

// Close closes a stream, and appends what is last in the same step, unless that is
// empty. To close one that is closed does nothing, unless there is something to
// append. It returns the tail.
func (h *Handler) Close(ctx context.Context, name string, last []byte) (eventlog.Offset, error) {
	return h.change(ctx, name, &posting{body: last, close: true})
}

func (h *Handler) change(ctx context.Context, name string, p *posting) (eventlog.Offset, error) {
	v, err := h.find(ctx, name)
	if err != nil {
		return eventlog.Offset{}, answer(err)
	}
	p.contentType = v.config.Type
	done, err := v.do(ctx, p)
	if err != nil {
		return eventlog.Offset{}, answer(err)
	}
	v.touch()
	return done.tail, nil
}
