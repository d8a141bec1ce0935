//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"
)

// openStreams is how many streams are open when the memory of a broker is looked
// at.
const openStreams = 10_000

// fanoutMemory measures what an open stream holds in the broker's process.
func (b *bench) fanoutMemory(ctx context.Context) error {
	n, err := openable(b.scale(openStreams))
	if err != nil || n < 1 {
		return errors.Join(errors.New("a process may have too few files"), err)
	}
	s := section{
		title: fmt.Sprintf("Fan-out: memory of %d open streams", n),
		text: "The process's memory (RSS) after a collection that gives back what is free, less that of the process before the first client, for each stream. " +
			"Each has had an event. What the kernel holds is not in it, and neither is what a channel has not been filled with yet.",
		head: []string{"", "memory per stream", "more than channels of 16", "goroutines per stream"},
	}
	all := brokers()
	bytes, goroutines := make([]float64, len(all)), make([]float64, len(all))
	for i, named := range all {
		if bytes[i], goroutines[i], err = b.held(ctx, named, n); err != nil {
			return fmt.Errorf("%s: %w", named.name, err)
		}
	}
	base := bytes[indexOf(all, plainLoop)]
	for i, named := range all {
		s.rows = append(s.rows, []string{
			named.name, fmt.Sprintf("%.1f KB", bytes[i]/1000), fmt.Sprintf("%+.1f KB", (bytes[i]-base)/1000), fmt.Sprintf("%.2f", goroutines[i]),
		})
	}
	b.sections = append(b.sections, s)
	more := bytes[indexOf(all, ownBroker)] - base
	b.reach(fmt.Sprintf("memory per open stream, %d open, against the channel loop", n), "at most 1 KB more",
		fmt.Sprintf("%+.1f KB", more/1000), more <= 1000)
	return nil
}

// held returns the bytes and the goroutines of a broker for each of n streams.
func (b *bench) held(ctx context.Context, named namedBroker, n int) (bytes, goroutines float64, err error) {
	stand, err := b.startStand(ctx, named)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, stand.stop()) }()
	before, err := stand.server.ask(askResident)
	if err != nil {
		return 0, 0, err
	}
	if err := stand.gather(n, 0); err != nil {
		return 0, 0, err
	}
	after, err := stand.server.ask(askResident)
	return float64(after[2]-before[2]) / float64(n), float64(after[0]-before[0]) / float64(n), err
}

// fanoutAlone measures what it costs to publish when nobody has subscribed, in
// this process.
func (b *bench) fanoutAlone(context.Context) error {
	n := b.scale(100_000)
	s := section{
		title: "Fan-out: publishing to nobody",
		text:  fmt.Sprintf("Medians of %d rounds of %d events with %d bytes of data, which the broker may keep. In this process.", b.fanoutRounds(), n, eventSize),
		head:  []string{"", "an event", "allocations"},
	}
	for _, named := range brokers() {
		broker, e := named.make(), newEvent(1, time.Second, eventSize)
		var failure error
		allocations := testing.AllocsPerRun(n/10, func() { failure = errors.Join(failure, broker.publish(e)) })
		var times []float64
		for range b.fanoutRounds() {
			started := time.Now()
			for range n {
				failure = errors.Join(failure, broker.publish(e))
			}
			times = append(times, float64(time.Since(started).Nanoseconds())/float64(n))
		}
		if failure != nil {
			return fmt.Errorf("%s: %w", named.name, failure)
		}
		s.rows = append(s.rows, []string{named.name, fmt.Sprintf("%.0f ns", median(times)), fmt.Sprintf("%.1f", allocations)})
		if named.name == ownBroker {
			b.reach("publishing to nobody, allocations for an event", "1, of what is stored", fmt.Sprintf("%.1f", allocations), allocations <= 1)
		}
	}
	b.sections = append(b.sections, s)
	return nil
}
