package durable

import (
	"context"
	"errors"
	"math"
	"slices"

	"github.com/bare-go/bare/eventlog"
)

// A chain is a stream with all that it has inherited, as one log to read: a
// [longpoll.Source]. The records of a fork's sources are not copied; a read begins in
// the source that has its offset, and goes on from log to log.
type chain struct {
	handler *Handler
	view    *view
}

// Watch implements [longpoll.Source]. Nothing is ever added to what was inherited.
// The log does not tell of a stream that is deleted and kept for its forks.
func (c chain) Watch(changed func()) (stop func()) {
	stopLog := c.view.log.Watch(changed)
	stopEnd := context.AfterFunc(c.view.over, changed)
	return func() {
		stopLog()
		stopEnd()
	}
}

// Read implements [longpoll.Source]. A gap is told of, and not read across. A stream
// that has been deleted fails with [eventlog.ErrDeleted], whatever its forks still
// read.
func (c chain) Read(ctx context.Context, after eventlog.Offset, limit int) (eventlog.Page, error) {
	if c.view.over.Err() != nil {
		return eventlog.Page{}, eventlog.ErrDeleted
	}
	return c.handler.readThrough(ctx, c.view, after, eventlog.Offset{Epoch: math.MaxUint64}, limit)
}

// readThrough reads what a stream has after an offset, through another one.
func (h *Handler) readThrough(ctx context.Context, v *view, after, through eventlog.Offset, limit int) (eventlog.Page, error) {
	if after.IsZero() {
		first, err := h.first(ctx, v)
		if err != nil {
			return eventlog.Page{}, err
		}
		after = first
	}
	fork := v.config.Fork
	if fork == nil || after.Epoch != fork.Epoch || after.Seq >= fork.Seq {
		page, err := v.log.Read(ctx, after, limit)
		return clip(page, through), err
	}
	page, err := h.readSource(ctx, fork, after, limit)
	if err != nil || page.Gap || page.Next != fork.offset() {
		return clip(page, through), err
	}
	// What was inherited is at its end, and the answer goes on with the stream's own.
	page.Next = fork.offset()
	rest := limit - size(page.Records)
	if rest <= 0 || through.Compare(fork.offset()) <= 0 {
		return clip(page, through), nil
	}
	own, err := v.log.Read(ctx, fork.offset(), rest)
	if err != nil || own.Gap && len(page.Records) > 0 {
		return page, err // the gap is told of when what is before it has been read
	}
	if len(page.Records) > 0 && size(own.Records) > rest {
		return page, nil // a read has at least one record, which here is one too many
	}
	own.Records = append(slices.Clip(page.Records), own.Records...)
	return clip(own, through), nil
}

// readSource reads what a fork has inherited.
func (h *Handler) readSource(ctx context.Context, fork *origin, after eventlog.Offset, limit int) (eventlog.Page, error) {
	source, err := h.look(ctx, fork.Name)
	if errors.Is(err, eventlog.ErrNotFound) || errors.Is(err, eventlog.ErrDeleted) {
		return eventlog.Page{Gap: true}, nil // the logs have lost it
	}
	if err != nil {
		return eventlog.Page{}, err
	}
	page, err := h.readThrough(ctx, &source, after, fork.offset(), limit)
	if err == nil && page.Next.Compare(fork.offset()) > 0 {
		page.Next = fork.offset()
	}
	page.Closed, page.End = false, nil // the source, and not the fork
	return page, err
}

// first returns the offset from which a stream has no gap.
func (h *Handler) first(ctx context.Context, v *view) (eventlog.Offset, error) {
	fork := v.config.Fork
	if fork == nil || v.state.First.Compare(fork.offset()) > 0 {
		return v.state.First, nil
	}
	source, err := h.look(ctx, fork.Name)
	if errors.Is(err, eventlog.ErrNotFound) || errors.Is(err, eventlog.ErrDeleted) {
		return fork.offset(), nil
	}
	if err != nil {
		return eventlog.Offset{}, err
	}
	first, err := h.first(ctx, &source)
	if first.Compare(fork.offset()) > 0 {
		first = fork.offset() // all that was inherited is lost
	}
	return first, err
}

// clip leaves out the records after an offset.
func clip(page eventlog.Page, through eventlog.Offset) eventlog.Page {
	if page.Next.Compare(through) <= 0 {
		return page
	}
	for i := range page.Records {
		if page.Records[i].Seq > through.Seq {
			page.Records = page.Records[:i]
			break
		}
	}
	page.Next, page.Closed, page.End = through, false, nil
	return page
}

func size(records []eventlog.Record) int {
	total := 0
	for i := range records {
		total += records[i].Size()
	}
	return total
}
