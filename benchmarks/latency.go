//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// loneChunk measures the time from a yield to the client's read, of chunks with
// silence around them. Both ends are on one machine, and so on one clock.
func (b *bench) loneChunk(ctx context.Context) error {
	n := b.scale(1000)
	waits, err := b.latencies(ctx, func(s *server) ([]time.Duration, error) { return readStamps(ctx, s.addr, n) })
	if err != nil {
		return err
	}
	b.quantiles("A lone chunk, from the yield to the client's read",
		fmt.Sprintf("%d chunks, one every %v, each the time at which it was made.", n, stampGap), waits)
	worst := quantile(waits[2], 0.99)
	b.reach("a lone chunk, from the yield to the client's read, p99", "under 2 ms", milliseconds(worst), worst < 2*time.Millisecond)
	return nil
}

// firstChunk measures the time from a request for an event stream to its first
// event.
func (b *bench) firstChunk(ctx context.Context) error {
	n := b.scale(500)
	waits, err := b.latencies(ctx, func(s *server) ([]time.Duration, error) { return openOneByOne(ctx, s.addr, n) })
	if err != nil {
		return err
	}
	b.quantiles("The first event, from the request on",
		fmt.Sprintf("%d event streams, one after the other, each on a connection of its own that is open already. bare waits up to a "+
			"millisecond for what would share the first write: a response that ends at once then needs no flush.", n), waits)
	worst := quantile(waits[2], 1)
	b.reach("the first chunk of an event stream, the slowest of all", "under 10 ms", milliseconds(worst), worst < 10*time.Millisecond)
	return nil
}

func (b *bench) latencies(ctx context.Context, measure func(*server) ([]time.Duration, error)) (waits [3][]time.Duration, err error) {
	servers, stop, err := b.startAll(ctx, []string{raw, fast, ours})
	if err != nil {
		return waits, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	for i, s := range servers {
		if waits[i], err = measure(s); err != nil {
			return waits, fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return waits, nil
}

func (b *bench) quantiles(title, text string, waits [3][]time.Duration) {
	s := section{title: title, text: text, head: []string{"", "p50", "p99", "slowest"}}
	for i, name := range []string{raw + ", `Write` and `Flush`", fast, ours} {
		s.rows = append(s.rows, []string{
			name, milliseconds(median(waits[i])), milliseconds(quantile(waits[i], 0.99)), milliseconds(quantile(waits[i], 1)),
		})
	}
	b.sections = append(b.sections, s)
}

func readStamps(ctx context.Context, addr string, n int) ([]time.Duration, error) {
	o, err := open(ctx, addr, fmt.Sprintf("/stamps?n=%d", n))
	if err != nil {
		return nil, err
	}
	defer o.conn.Close()
	waits := make([]time.Duration, 0, n)
	for range n {
		line, err := o.lines.ReadString('\n')
		now := time.Now().UnixNano()
		if err != nil {
			return nil, err
		}
		made, err := strconv.ParseInt(strings.TrimSpace(line), 10, 64)
		if err != nil {
			return nil, err
		}
		waits = append(waits, time.Duration(now-made))
	}
	return waits, nil
}

func openOneByOne(ctx context.Context, addr string, n int) ([]time.Duration, error) {
	waits := make([]time.Duration, 0, n)
	for range n {
		c, err := dial(ctx, addr, "/events")
		if err != nil {
			return nil, err
		}
		started := time.Now()
		o, err := c.openEvents()
		if err != nil {
			return nil, err
		}
		waits = append(waits, time.Since(started))
		if err := o.conn.Close(); err != nil {
			return nil, err
		}
	}
	return waits, nil
}
