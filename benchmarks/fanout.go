//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// The measures of fanning out. Each event is to reach all subscribers.
const (
	fanoutCrowd = 1000
	eventSize   = 64 // of the data, in bytes
	steadyGap   = 10 * time.Millisecond
	steadyCount = 300
	burstCount  = 1000
	// fanoutSilence is how long nothing may come before the rest counts as lost.
	fanoutSilence = 2 * time.Second
	fanoutLimit   = time.Minute

	// The goals.
	mostLibraryCost = 0.9
	mostLate        = 1.1
	leastBurst      = 20
)

// fanoutRounds is how often a series is sent.
func (b *bench) fanoutRounds() int {
	if b.quick {
		return 1 // there are many brokers
	}
	return 5
}

// outings sends a series through each broker in turn, round by round.
func (b *bench) outings(ctx context.Context, all []namedBroker, subscribers int, plan series) (found [][]outing, err error) {
	stands, stop, err := b.startStands(ctx, all)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	found = make([][]outing, len(stands))
	for round := range b.fanoutRounds() {
		for step := range stands {
			i := (round*3 + step) % len(stands)
			o, err := stands[i].visit(subscribers, plan)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", stands[i].name, err)
			}
			found[i] = append(found[i], o)
		}
	}
	return found, nil
}

// visit is one round of one broker.
func (s *stand) visit(subscribers int, plan series) (o outing, err error) {
	if err := s.gather(subscribers, 0); err != nil {
		return o, err
	}
	if o, err = s.send(plan, fanoutSilence, fanoutLimit); err != nil {
		return o, err
	}
	return o, s.dismiss()
}

// fanoutSteady is a series at the pace of an application.
func (b *bench) fanoutSteady(ctx context.Context) error {
	subscribers, plan := b.scale(fanoutCrowd), series{count: steadyCount, gap: steadyGap, size: eventSize}
	if b.quick {
		plan.count = 30
	}
	all := brokers()
	found, err := b.outings(ctx, all, subscribers, plan)
	if err != nil {
		return err
	}
	s := section{
		title: fmt.Sprintf("Fan-out: %d events a second to %d subscribers", time.Second/plan.gap, subscribers),
		text: fmt.Sprintf("Each subscriber is a connection, over HTTP/1.1. Each event has an id, a type and %d bytes of data. "+
			"Medians of %d interleaved rounds of %d events; the ratios are the medians of the rounds' own, to net/http's loop with channels of 1024, which loses nothing. With channels of 16 it does.",
			eventSize, b.fanoutRounds(), plan.count),
		head: []string{"", "events/s delivered", "lost", "server CPU per event delivered", "ratio", "writes per event", "p50", "p99", "p99, ratio"},
	}
	for i, n := range all {
		s.rows = append(s.rows, []string{
			n.name, fmt.Sprintf("%.0f", median(series64(found[i], outing.rate))), lostOf(found[i]),
			microseconds(median(series64(found[i], outing.cost))), ratio(found[i], found[0], outing.cost),
			fmt.Sprintf("%.2f", median(series64(found[i], outing.each))),
			milliseconds(time.Duration(median(series64(found[i], outing.p50)))),
			milliseconds(time.Duration(median(series64(found[i], outing.p99)))), ratio(found[i], found[0], outing.p99),
		})
	}
	b.sections = append(b.sections, s)
	b.reachSteady(fmt.Sprintf("%d events a second to %d", time.Second/plan.gap, subscribers), all, found)
	return nil
}

func (b *bench) reachSteady(load string, all []namedBroker, found [][]outing) {
	ours := found[indexOf(all, ownBroker)]
	cost := median(ratios(series64(ours, outing.cost), series64(found[0], outing.cost)))
	b.reach(load+", server CPU per event against the channel loop", "at most 1.00", fmt.Sprintf("%.2f", cost), cost <= 1)
	if best, ok := cheapest(all, found, outing.cost, library); ok {
		cost = median(ratios(series64(ours, outing.cost), series64(found[best], outing.cost)))
		b.reach(load+", server CPU per event against the best library", "at most 0.90",
			fmt.Sprintf("%.2f (%s)", cost, all[best].name), cost <= mostLibraryCost)
	}
	late := median(ratios(series64(ours, outing.p99), series64(found[0], outing.p99)))
	b.reach(load+", p99 against the channel loop", "at most 1.10", fmt.Sprintf("%.2f", late), late <= mostLate)
}

// fanoutBurst is a series without a pause.
func (b *bench) fanoutBurst(ctx context.Context) error {
	subscribers, plan := b.scale(fanoutCrowd), series{count: int64(b.scale(burstCount)), size: eventSize}
	all := brokers()
	found, err := b.outings(ctx, all, subscribers, plan)
	if err != nil {
		return err
	}
	s := section{
		title: fmt.Sprintf("Fan-out: a burst of %d events to %d subscribers", plan.count, subscribers),
		text: fmt.Sprintf("All events are published as fast as the broker takes them. Medians of %d interleaved rounds. A stream that its server has ended counts as cut.",
			b.fanoutRounds()),
		head: []string{"", "events/s delivered", "ratio", "lost", "streams cut", "server CPU per event delivered", "writes per event", "client CPU per event", "from the first event to the last"},
	}
	for i, n := range all {
		s.rows = append(s.rows, []string{
			n.name, fmt.Sprintf("%.0f", median(series64(found[i], outing.rate))), ratio(found[i], found[0], outing.rate),
			lostOf(found[i]), fmt.Sprintf("%.0f", median(series64(found[i], outing.cuts))),
			microseconds(median(series64(found[i], outing.cost))), fmt.Sprintf("%.2f", median(series64(found[i], outing.each))),
			microseconds(median(series64(found[i], outing.client))),
			milliseconds(time.Duration(median(series64(found[i], outing.took)))),
		})
	}
	b.sections = append(b.sections, s)
	b.reachBurst(fmt.Sprintf("a burst of %d events to %d", plan.count, subscribers), all, found)
	return nil
}

func (b *bench) reachBurst(load string, all []namedBroker, found [][]outing) {
	ours := found[indexOf(all, ownBroker)]
	b.reach(load+", events lost", "none", lostOf(ours), lostNone(ours))
	if best, ok := cheapest(all, found, outing.took, library, loop); ok {
		rate := median(ratios(series64(ours, outing.rate), series64(found[best], outing.rate)))
		b.reach(load+", events/s against the best of those that lose none", fmt.Sprintf("at least %d", leastBurst),
			fmt.Sprintf("%.1f (%s)", rate, all[best].name), rate >= leastBurst)
	}
}

func indexOf(all []namedBroker, name string) int {
	return slices.IndexFunc(all, func(n namedBroker) bool { return n.name == name })
}

// cheapest finds the broker whose median of a value is the least, of those that
// have one of the roles and have lost nothing.
func cheapest(all []namedBroker, found [][]outing, value func(outing) float64, among ...role) (best int, ok bool) {
	least := 0.0
	for i, n := range all {
		if !slices.Contains(among, n.role) || !lostNone(found[i]) {
			continue
		}
		if v := median(series64(found[i], value)); !ok || v < least {
			best, least, ok = i, v, true
		}
	}
	return best, ok
}

func lostNone(all []outing) bool {
	return !slices.ContainsFunc(all, func(o outing) bool { return o.Lost > 0 })
}

// What a round came to, as the tables need it.
func (o outing) rate() float64   { return float64(o.Delivered) / o.Took.Seconds() }
func (o outing) cost() float64   { return float64(o.cpu) / float64(o.Delivered) }
func (o outing) each() float64   { return float64(o.writes) / float64(o.Delivered) }
func (o outing) client() float64 { return float64(o.Spent) / float64(o.Delivered) }
func (o outing) p50() float64    { return float64(o.P50) }
func (o outing) p99() float64    { return float64(o.P99) }
func (o outing) took() float64   { return float64(o.Took) }
func (o outing) cuts() float64   { return float64(o.Cut) }

func series64(all []outing, value func(outing) float64) []float64 {
	values := make([]float64, 0, len(all))
	for i := range all {
		values = append(values, value(all[i]))
	}
	return values
}

// ratio is the median of the rounds' own quotients.
func ratio(all, base []outing, value func(outing) float64) string {
	return fmt.Sprintf("%.2f", median(ratios(series64(all, value), series64(base, value))))
}

// lostOf is the share of events that have not come, of all rounds together; and
// what came that should not have.
func lostOf(all []outing) string {
	var lost, delivered, wrong int64
	for i := range all {
		o := &all[i]
		lost, delivered, wrong = lost+o.Lost, delivered+o.Delivered, wrong+o.Repeated+o.Reordered+o.Strange
	}
	text := "0"
	if lost > 0 {
		text = fmt.Sprintf("%.1f %%", 100*float64(lost)/float64(lost+delivered))
	}
	if wrong > 0 {
		text += fmt.Sprintf(", %d out of place", wrong)
	}
	return text
}

func microseconds(nanoseconds float64) string { return fmt.Sprintf("%.2f µs", nanoseconds/1000) }
