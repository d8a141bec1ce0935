//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A client that never reads fills the buffers of two kernels and whatever the
// server keeps for it, some megabytes in all. The events are large, so that this
// happens soon.
const (
	stalledCrowd = 100
	stallEvent   = 16 << 10 // of the data, in bytes
	stallGap     = 5 * time.Millisecond
	stallCount   = 1000
	usualCount   = 200
)

// fanoutStalled measures what becomes of one client that reads beside many that
// never do. What is usual is measured with as many that all read: it is the same
// work.
func (b *bench) fanoutStalled(ctx context.Context) error {
	k := b.scale(stalledCrowd)
	usual := series{count: int64(b.scale(usualCount)), gap: stallGap, size: stallEvent}
	plan := series{count: stallCount, gap: stallGap, size: stallEvent}
	if b.quick {
		plan.count, plan.gap = stallCount/2, stallGap/5
	}
	s := section{
		title: fmt.Sprintf("Fan-out: one client that reads, and %d that never do", k),
		text: fmt.Sprintf("%d events of %d KB are published, one in %v. A publisher may be held up by clients that do not read, and then nothing comes any more. "+
			"The usual delay is that of %d clients that all read.", plan.count, stallEvent>>10, plan.gap, k+1),
		head: []string{"", "events that the client gets", "usual p50", "p50 beside those that do not read", "usual p99", "p99 beside those that do not read"},
	}
	for _, n := range brokers() {
		all, one, err := b.besideStalled(ctx, n, k, usual, plan)
		if err != nil {
			return fmt.Errorf("%s: %w", n.name, err)
		}
		s.rows = append(s.rows, []string{
			n.name, fmt.Sprintf("%d of %d", one.Delivered, plan.count),
			milliseconds(all.P50), milliseconds(one.P50), milliseconds(all.P99), milliseconds(one.P99),
		})
		if n.name == ownBroker {
			b.reach(fmt.Sprintf("one client that reads beside %d that never do", k), "gets every event, p99 no more than beside as many that read",
				fmt.Sprintf("%d of %d, %s against %s", one.Delivered, plan.count, milliseconds(one.P99), milliseconds(all.P99)),
				one.Delivered == plan.count && one.P99 <= all.P99)
		}
	}
	b.sections = append(b.sections, s)
	return nil
}

// besideStalled has k+1 clients that read, and then one beside k that do not.
func (b *bench) besideStalled(ctx context.Context, n namedBroker, k int, usual, plan series) (all, one outing, err error) {
	stand, err := b.startStand(ctx, n)
	if err != nil {
		return all, one, err
	}
	defer func() { err = errors.Join(err, stand.stop()) }()
	if all, err = stand.visit(k+1, usual); err != nil {
		return all, one, err
	}
	if err := stand.gather(1, k); err != nil {
		return all, one, err
	}
	one, err = stand.send(plan, fanoutSilence, fanoutLimit)
	return all, one, err
}
