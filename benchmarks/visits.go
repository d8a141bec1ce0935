//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Subscribers that come and go while events are published.
const (
	visitors     = 10_000
	visitorsNow  = 100 // at a time
	visitLength  = 800 // events that each has before it leaves
	visitEvents  = 100_000
	visitGap     = 100 * time.Microsecond
	visitSilence = 10 * time.Second
)

// fanoutVisits has thousands of subscribers come and go, and looks for what each has
// lost between its first event and its last.
func (b *bench) fanoutVisits(ctx context.Context) (err error) {
	named := brokers()[indexOf(brokers(), ownBroker)]
	stand, err := b.startStand(ctx, named)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stand.stop()) }()
	n, plan := b.scale(visitors), series{first: 1, count: int64(b.scale(visitEvents)), gap: visitGap, size: eventSize}
	// What is made once is no leak: a first crowd makes it.
	if _, err := stand.visit(visitorsNow, series{count: 10}); err != nil {
		return err
	}
	before, err := settled(stand.server, [3]int64{})
	if err != nil {
		return err
	}
	got, err := stand.comeAndGo(n, plan)
	if err != nil {
		return err
	}
	after, err := settled(stand.server, before)
	if err != nil {
		return err
	}
	wrong := got.Holes + got.Repeated + got.Reordered + got.Strange
	b.sections = append(b.sections, section{
		title: fmt.Sprintf("Fan-out: %d subscribers that come and go", n),
		text: fmt.Sprintf("%d at a time, each for %d events, while %d are published, one in %v. A loss is what is missing between two events of one subscriber.",
			visitorsNow, visitLength, plan.count, visitGap),
		head: []string{"", "events delivered", "losses not announced", "announced", "out of place", "streams cut", "goroutines before and after"},
		rows: [][]string{{
			named.name, fmt.Sprint(got.Delivered), fmt.Sprint(got.Holes), fmt.Sprint(got.Gaps), fmt.Sprint(got.Repeated + got.Reordered + got.Strange),
			fmt.Sprint(got.Cut), fmt.Sprintf("%d, %d", before[0], after[0]),
		}},
	})
	b.reach(fmt.Sprintf("%d subscribers that come and go while %d events are published", n, plan.count),
		"no loss that is not announced, no goroutine left",
		fmt.Sprintf("%d of %d left, %d losses, %d to %d goroutines", got.Left, n, got.Holes, before[0], after[0]),
		got.Left == n && wrong == 0 && after[0] <= before[0])
	return nil
}

// comeAndGo publishes a series to subscribers of whom each leaves after a while, and
// returns when so many have left.
func (s *stand) comeAndGo(n int, plan series) (got summary, err error) {
	plan.first = s.next
	s.next += plan.count
	for _, told := range []struct {
		command string
		numbers []int64
	}{
		{tellBegin, []int64{plan.first, plan.count}},
		{tellVisits, []int64{visitLength, int64(n - visitorsNow)}},
		{tellOpen, []int64{visitorsNow, 0}},
	} {
		if _, err := s.crowd.tell(told.command, told.numbers...); err != nil {
			return got, err
		}
	}
	if err := s.publish(plan); err != nil {
		return got, err
	}
	got, err = s.crowd.tell(tellLeave, int64(n), visitSilence.Milliseconds(), fanoutLimit.Milliseconds())
	return got, errors.Join(err, s.dismiss(), s.finished(plan.count))
}

// finished waits until the publisher has published so many events: until then it is
// a goroutine of its own.
func (s *stand) finished(count int64) error {
	for deadline := time.Now().Add(fanoutLimit); time.Now().Before(deadline); {
		if published, err := s.server.ask(askPublished); err != nil || published[0] >= count {
			return err
		}
		time.Sleep(100 * time.Millisecond) //nolint:forbidigo // another process is asked again: there is nothing to wait on
	}
	return errors.New("the publisher has not finished")
}
