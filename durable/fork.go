package durable

import (
	"context"
	"errors"
	"math"
	"net/http"
	"net/url"
	"strings"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/eventlog"
)

// maxDepth is how many sources a fork may have behind each other: a read goes
// through all of them.
const maxDepth = 64

// A forking is where a PUT wants a fork to begin (section 4.2).
type forking struct {
	source string
	at     eventlog.Offset // zero is the beginning
	atTail bool            // the request names no offset
	part   int
}

// parseForking reads the headers of a fork, nil if the request has none. What may be
// forked may be read.
func (h *Handler) parseForking(request *bare.HttpRequest, name string) (*forking, error) {
	header := request.Scope.Header
	from, forks, err := given(header, forkedFrom)
	if err != nil {
		return nil, err
	}
	part, hasPart, err := number(header, forkSubOffset, true, math.MaxInt32)
	if err != nil {
		return nil, err
	}
	at, hasOffset, err := given(header, forkOffset)
	switch {
	case err != nil:
		return nil, err
	case !forks && hasPart:
		return nil, refuse(http.StatusBadRequest, forkSubOffset+" goes with "+forkedFrom+".")
	case !forks && hasOffset:
		return nil, refuse(http.StatusBadRequest, forkOffset+" goes with "+forkedFrom+".")
	case !forks:
		return nil, nil //nolint:nilnil // it is no fork
	}
	f := &forking{atTail: !hasOffset, part: int(part)} //nolint:gosec // at most 2^31
	if hasOffset {
		if f.at, err = eventlog.ParseOffset(at); err != nil {
			return nil, invalid(forkOffset)
		}
	}
	if f.source, err = sourceName(request, from, name); err != nil {
		return nil, err
	}
	return f, h.permit(request, Read, f.source)
}

// sourceName is the name of the stream whose path is given. A path that does not
// begin as this request's does is that of no stream of the same group.
func sourceName(request *bare.HttpRequest, path, name string) (string, error) {
	decoded, err := url.PathUnescape(path)
	if err != nil {
		return "", invalid(forkedFrom)
	}
	rest := request.Matches.String(nameVariable)
	prefix := strings.TrimSuffix(request.Scope.URL.Path, rest)
	source, ok := strings.CutPrefix(decoded, prefix)
	if !ok || source == "" || prefix == "" {
		return "", errNoSource
	}
	if source = strings.TrimSuffix(name, rest) + source; checkName(source) != nil {
		return "", errNoSource
	}
	return source, nil
}

// matches compares a fork that is there with the one that was asked for.
func (f *forking) matches(existing *origin) bool {
	if f == nil || existing == nil {
		return f == nil && existing == nil
	}
	// Without an offset it was the tail at that time, whatever that was.
	return f.source == existing.Name && f.part == existing.Part &&
		(f.atTail || f.at == existing.offset() || f.at.IsZero() && existing.Start)
}

// branch finds the source of a fork, counts the fork, and fills in what the fork's
// log begins with. If the log cannot be made, the source must be released.
func (h *Handler) branch(ctx context.Context, asked *creation, settings *config, options *eventlog.CreateOptions) (*view, error) {
	source, err := h.find(ctx, asked.fork.source)
	if err != nil {
		return nil, sourceError(err)
	}
	if asked.typed && mediaType(source.config.Type) != mediaType(asked.config.Type) {
		return nil, errType
	}
	if !asked.typed {
		settings.Type = source.config.Type
	}
	if !settings.expires() {
		settings.TTL, settings.Expires, settings.end = source.config.TTL, source.config.Expires, source.config.end
	}
	if settings.Fork, err = h.place(ctx, &source, asked.fork); err != nil {
		return nil, err
	}
	options.Start = settings.Fork.offset()
	if asked.fork.part > 0 {
		part, err := h.part(ctx, &source, settings)
		if err != nil {
			return nil, err
		}
		options.Records = []eventlog.Record{{Data: part}}
	}
	if err := h.refer(ctx, &source); err != nil {
		return nil, sourceError(err)
	}
	return &source, nil
}

// sourceError is what the client of a fork is told of its source.
func sourceError(err error) error {
	switch err = answer(err); {
	case errors.Is(err, errGone):
		return errSourceGone
	case errors.Is(err, errNotFound), errors.Is(err, errForeign):
		return errNoSource
	}
	return err
}

// place finds the offset at which a fork leaves its source.
func (h *Handler) place(ctx context.Context, source *view, f *forking) (*origin, error) {
	at := f.at
	first, err := h.first(ctx, source)
	switch {
	case err != nil:
		return nil, err
	case f.atTail:
		at = source.state.Tail
	case at.IsZero():
		at = first
	case at.Epoch != first.Epoch || at.Compare(source.state.Tail) > 0:
		return nil, errBeyond
	case at.Compare(first) < 0:
		return nil, errTrimmed
	}
	depth := 1
	if source.config.Fork != nil {
		depth += source.config.Fork.Depth
	}
	if depth > maxDepth {
		return nil, errDeepFork
	}
	return &origin{Name: source.name, Epoch: at.Epoch, Seq: at.Seq, Start: f.at.IsZero() && !f.atTail, Part: f.part, Depth: depth}, nil
}

// part copies the beginning of the record after a fork's offset, which the fork has
// only a part of.
func (h *Handler) part(ctx context.Context, source *view, settings *config) ([]byte, error) {
	page, err := chain{h, source}.Read(ctx, settings.Fork.offset(), 1)
	switch {
	case err != nil:
		return nil, err
	case page.Gap:
		return nil, errTrimmed
	case len(page.Records) == 0:
		return nil, errSubOffset
	}
	part, ok := framingOf(settings.Type).part(page.Records[0].Data, settings.Fork.Part)
	if !ok {
		return nil, errSubOffset
	}
	return part, nil
}
