package durable

import (
	"container/list"
	"context"

	"github.com/bare-go/bare/eventlog"
)

// foldBytes is how much of a log one step of a fold reads.
const foldBytes = 1 << 20

// A fold is what the records of a stream say of those who wrote them: how far each
// producer has come (section 5.2.1), and the last Stream-Seq. It is derived from the
// log, and made anew when it is lost. It is not safe for concurrent use.
//
// It remembers a limited number of producers, those that have appended last. As
// each one depends on nothing but the records, all who fold a log agree.
type fold struct {
	limit     int
	through   eventlog.Offset
	producers map[string]*list.Element // of *stamp
	recent    *list.List               // the one that appended last is in front
	sequence  string
}

func newFold(limit int) *fold {
	return &fold{limit: limit, producers: make(map[string]*list.Element), recent: list.New()}
}

// advance folds what has been appended since. What the retention took before it was
// folded is forgotten, as the protocol allows.
func (f *fold) advance(ctx context.Context, log eventlog.Log) error {
	for {
		page, err := log.Read(ctx, f.through, foldBytes)
		if err != nil {
			return err
		}
		for i := range page.Records {
			if err := f.add(page.Records[i].Meta); err != nil {
				return err
			}
		}
		if f.through == page.Next {
			return nil
		}
		f.through = page.Next
	}
}

// add folds one record.
func (f *fold) add(meta []byte) error {
	s, err := decodeStamp(meta)
	if err != nil {
		return err
	}
	if s.sequence != "" {
		f.sequence = s.sequence
	}
	if s.producer == "" {
		return nil
	}
	if known, ok := f.producers[s.producer]; ok {
		known.Value = &s
		f.recent.MoveToFront(known)
		return nil
	}
	f.producers[s.producer] = f.recent.PushFront(&s)
	if f.recent.Len() > f.limit {
		oldest := f.recent.Back()
		delete(f.producers, stampOf(oldest).producer)
		f.recent.Remove(oldest)
	}
	return nil
}

func stampOf(element *list.Element) *stamp {
	s, _ := element.Value.(*stamp) // there is nothing else in the list
	return s
}

// last returns the last append of a producer, nil if it has none.
func (f *fold) last(producer string) *stamp {
	if known, ok := f.producers[producer]; ok {
		return stampOf(known)
	}
	return nil
}

// judge decides about an append, by the rules of section 5.2.1. A nil error is for
// one to be made; a *duplicateError says that it has been made already.
func (f *fold) judge(s *stamp) error {
	if s.producer != "" {
		if err := judgeProducer(f.last(s.producer), s); err != nil {
			return err
		}
	}
	if s.sequence != "" && s.sequence <= f.sequence {
		return errSequence
	}
	return nil
}

func judgeProducer(last, s *stamp) error {
	switch {
	case last == nil && s.number != 0:
		return gapError(0, s.number)
	case last == nil:
		return nil
	case s.epoch < last.epoch:
		return staleError(last.epoch)
	case s.epoch > last.epoch && s.number != 0:
		return errEpochStart
	case s.epoch > last.epoch:
		return nil
	case s.number <= last.number:
		return &duplicateError{last: last.number}
	case s.number > last.number+1:
		return gapError(last.number+1, s.number)
	}
	return nil
}

// judgeClosed decides about a producer's append to a stream that closed has closed: the same
// one again has been made already, an old epoch is still an old epoch, and all else
// comes too late.
func (f *fold) judgeClosed(s, closed *stamp) error {
	if s.producer == closed.producer && s.epoch == closed.epoch && s.number == closed.number {
		return &duplicateError{last: s.number}
	}
	last := f.last(s.producer)
	if s.producer == closed.producer {
		last = closed // a close without a record is in no record
	}
	if last != nil && s.epoch < last.epoch {
		return staleError(last.epoch)
	}
	return errClosed
}
