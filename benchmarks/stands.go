//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A stand is a broker in a process of its own, and the process of its subscribers.
type stand struct {
	namedBroker

	server *server
	crowd  *listeners
	next   int64 // the number of the next event
}

// An outing is what one series came to.
type outing struct {
	summary
	effort // of the broker's process
}

// startStand starts a broker and the process for its subscribers.
func (b *bench) startStand(ctx context.Context, n namedBroker) (*stand, error) {
	if !canPoll {
		return nil, errors.ErrUnsupported
	}
	server, err := b.start(ctx, n.name)
	if err != nil {
		return nil, err
	}
	crowd, err := startListeners(ctx, server.addr)
	if err != nil {
		return nil, errors.Join(err, server.stop())
	}
	return &stand{namedBroker: n, server: server, crowd: crowd, next: 1}, nil
}

func (s *stand) stop() error { return errors.Join(s.crowd.stop(), s.server.stop()) }

// startStands starts them all; the function stops them.
func (b *bench) startStands(ctx context.Context, all []namedBroker) ([]*stand, func() error, error) {
	var stands []*stand
	stop := func() error {
		var faults []error
		for _, s := range stands {
			faults = append(faults, s.stop())
		}
		return errors.Join(faults...)
	}
	for _, n := range all {
		s, err := b.startStand(ctx, n)
		if err != nil {
			return nil, nil, errors.Join(err, stop())
		}
		stands = append(stands, s)
	}
	return stands, stop, nil
}

// probeWait is how long a probe is given to reach all subscribers, before another
// is sent.
const probeWait = 300 * time.Millisecond

// gather opens streams, and returns when each has had an event: only then it has
// surely subscribed. Those that stall stop reading there.
func (s *stand) gather(readers, stalling int) error {
	if _, err := s.crowd.tell(tellOpen, int64(readers), 0); err != nil {
		return err
	}
	if _, err := s.crowd.tell(tellOpen, int64(stalling), 1); err != nil {
		return err
	}
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		if err := s.publish(series{count: 1}); err != nil {
			return err
		}
		got, err := s.crowd.await(readers+stalling, 0, probeWait)
		if err != nil || got.Joined == readers+stalling {
			return err
		}
	}
	return fmt.Errorf("%d streams of %s have not all had an event within a minute", readers+stalling, s.name)
}

func (s *stand) publish(series series) error {
	_, err := s.server.ask(askPublish + " " + series.String())
	return err
}

// send publishes a series to those who have been gathered, and returns when it has
// come, or when nothing has come for a silence, or after most.
func (s *stand) send(series series, silence, most time.Duration) (o outing, err error) {
	series.first = s.next
	s.next += series.count
	if _, err := s.crowd.tell(tellBegin, series.first, series.count); err != nil {
		return o, err
	}
	o.effort, err = s.server.effort(func() (err error) {
		if err := s.publish(series); err != nil {
			return err
		}
		o.summary, err = s.crowd.await(0, silence, most)
		return err
	})
	return o, err
}

// dismiss closes all streams.
func (s *stand) dismiss() error {
	_, err := s.crowd.tell(tellClose)
	return err
}
