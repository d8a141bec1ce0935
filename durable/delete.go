package durable

import (
	"context"
	"errors"
	"net/http"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/eventlog"
)

// remove answers DELETE (section 5.4).
func (h *Handler) remove(request *bare.HttpRequest, name string) bare.HttpResponse {
	if err := h.permit(request, Delete, name); err != nil {
		return fail(err)
	}
	ctx, cancel := finishing(request.Context())
	defer cancel()
	v, err := h.find(ctx, name)
	if err == nil {
		err = h.discard(ctx, &v)
	}
	if err != nil {
		return fail(err)
	}
	return bare.HttpResponse{Status: http.StatusNoContent}
}

// discard deletes a stream, or hides it if there are forks that read from it.
func (h *Handler) discard(ctx context.Context, v *view) error {
	for {
		err := h.hideOrDelete(ctx, v)
		if !errors.Is(err, eventlog.ErrRevision) {
			return err
		}
		again, err := h.look(ctx, v.name)
		if err != nil {
			return err
		}
		if again.config.Gone || again.id != v.id {
			return errNotFound // somebody else was faster
		}
		*v = again
	}
}

func (h *Handler) hideOrDelete(ctx context.Context, v *view) error {
	if v.config.References > 0 {
		hidden := v.config
		hidden.Gone = true
		_, err := h.logs.Update(ctx, v.name, v.state.Revision, hidden.encode())
		if err == nil {
			h.hide(v.name)
		}
		return err
	}
	if err := h.logs.Delete(ctx, v.name, v.state.Revision); err != nil {
		return err
	}
	h.forget(v.name)
	if v.config.Fork == nil {
		return nil
	}
	return h.release(ctx, v.config.Fork.Name)
}
