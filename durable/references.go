package durable

import (
	"context"
	"errors"

	"github.com/bare-go/bare/eventlog"
)

// release takes a fork's reference to its source back. A source that was only there
// for its forks goes with the last of them, and so on up the chain.
func (h *Handler) release(ctx context.Context, name string) error {
	for {
		source, err := h.look(ctx, name)
		if errors.Is(err, eventlog.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		rest := source.config
		rest.References--
		if rest.Gone && rest.References <= 0 {
			source.config = rest
			err = h.hideOrDelete(ctx, &source)
		} else {
			_, err = h.logs.Update(ctx, name, source.state.Revision, rest.encode())
		}
		if !errors.Is(err, eventlog.ErrRevision) {
			return err
		}
	}
}

// refer counts a fork of a stream.
func (h *Handler) refer(ctx context.Context, source *view) error {
	for {
		more := source.config
		more.References++
		_, err := h.logs.Update(ctx, source.name, source.state.Revision, more.encode())
		if !errors.Is(err, eventlog.ErrRevision) {
			return err
		}
		again, err := h.look(ctx, source.name)
		switch {
		case err != nil:
			return err
		case again.config.Gone:
			return errSourceGone
		case again.id != source.id:
			return errNoSource
		}
		*source = again
	}
}
