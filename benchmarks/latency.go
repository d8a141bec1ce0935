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

// firstChunk measures the time from a request to the first chunk of a stream that
// goes silent after it, on the wire: from the client's write to its read.
func (b *bench) firstChunk(ctx context.Context) error {
	for _, kind := range []struct{ name, path, want string }{
		{eventType, "/events", firstEvent},
		{recordType, "/records", firstRecord},
	} {
		if err := b.firstOf(ctx, kind.name, kind.path, kind.want); err != nil {
			return fmt.Errorf("%s: %w", kind.name, err)
		}
	}
	return nil
}

func (b *bench) firstOf(ctx context.Context, name, path, want string) error {
	n := b.scale(500)
	waits, err := b.latencies(ctx, func(s *server) ([]time.Duration, error) { return openOneByOne(ctx, s.addr, path, want, n) })
	if err != nil {
		return err
	}
	b.quantiles("The first chunk of "+name,
		fmt.Sprintf("From the client's write of the request to its read of the first chunk, of %d streams, one after the other, each on a "+
			"connection of its own that is open already.", n), waits)
	usual, worst := median(waits[2]), quantile(waits[2], 1)
	b.reach("the first chunk of "+name+", from the request to the client's read, p50", "under 0.4 ms",
		milliseconds(usual), usual < 400*time.Microsecond)
	b.reach("the first chunk of "+name+", the slowest of all", "under 10 ms", milliseconds(worst), worst < 10*time.Millisecond)
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

func openOneByOne(ctx context.Context, addr, path, want string, n int) ([]time.Duration, error) {
	waits := make([]time.Duration, 0, n)
	for range n {
		c, err := dial(ctx, addr, path)
		if err != nil {
			return nil, err
		}
		started := time.Now()
		o, err := c.openStream(want)
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
