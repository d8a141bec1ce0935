package durable

import (
	"context"
	"errors"

	"github.com/bare-go/bare/eventlog"
)

// do does what a POST asks for. It fails with errClosed if it comes too late.
func (v *view) do(ctx context.Context, p *posting) (receipt, error) {
	if len(p.body) == 0 && !p.close {
		return receipt{}, errEmptyBody
	}
	if v.state.Closed { // looked at first, so that the client is told of the close (section 5.2)
		return v.again(ctx, p)
	}
	record, options, err := v.prepare(p)
	if err != nil {
		return receipt{}, err
	}
	done, err := v.append(ctx, p, record, options)
	if errors.Is(err, eventlog.ErrClosed) { // between the look and the append
		if v.state, err = v.log.State(ctx); err == nil {
			return v.again(ctx, p)
		}
	}
	return done, err
}

// prepare makes the record of a POST.
func (v *view) prepare(p *posting) (record eventlog.Record, options eventlog.AppendOptions, err error) {
	record.Meta = p.stamp.encode()
	if len(p.body) == 0 { // the content type of nothing does not matter (section 5.2)
		options.Close = eventlog.CloseOnly
		return record, options, nil
	}
	if p.close {
		options.Close = eventlog.CloseAfter
	}
	switch {
	case p.contentType == "":
		err = errNoType
	case mediaType(p.contentType) != mediaType(v.config.Type):
		err = errType
	default:
		record.Data, err = framingOf(v.config.Type).record(p.body)
	}
	return record, options, err
}

// append adds the record. One that must be in order, or must not be there twice, is
// judged by what is in the log, and added only if nothing has come since.
func (v *view) append(ctx context.Context, p *posting, record eventlog.Record, options eventlog.AppendOptions) (done receipt, err error) {
	done = receipt{closed: p.close, appended: len(p.body) > 0}
	if p.stamp == (stamp{}) {
		done.tail, err = v.log.Append(ctx, record, options)
		return done, err
	}
	err = v.withFold(ctx, func(f *fold) error {
		for {
			if err := f.advance(ctx, v.log); err != nil {
				return err
			}
			done.tail, options.Expect = f.through, f.through
			if err := f.judge(&p.stamp); err != nil {
				return err
			}
			tail, err := v.log.Append(ctx, record, options)
			if _, lost := errors.AsType[*eventlog.ConflictError](err); lost {
				continue // somebody else has appended: what they wrote counts, too
			}
			done.tail = tail
			return err
		}
	})
	if duplicate, ok := errors.AsType[*duplicateError](err); ok {
		return receipt{tail: done.tail, duplicate: duplicate}, nil
	}
	return done, err
}

// again decides about a POST to a closed stream: what closed it may come again, and
// to close it once more changes nothing.
func (v *view) again(ctx context.Context, p *posting) (receipt, error) {
	done := receipt{tail: v.state.Tail, closed: true}
	if p.stamp.producer == "" {
		if len(p.body) == 0 {
			return done, nil
		}
		return done, errClosed
	}
	closed, err := decodeStamp(v.state.End)
	if err != nil {
		return done, err
	}
	err = v.withFold(ctx, func(f *fold) error {
		if err := f.advance(ctx, v.log); err != nil {
			return err
		}
		return f.judgeClosed(&p.stamp, &closed)
	})
	if duplicate, ok := errors.AsType[*duplicateError](err); ok {
		done.duplicate = duplicate
		return done, nil
	}
	return done, err
}
