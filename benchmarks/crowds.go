//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

const (
	crowd   = 1000
	leaving = 10_000
	// patience is how long a server is given to tidy up.
	patience = 10 * time.Second
)

// memory measures what an open event stream holds.
func (b *bench) memory(ctx context.Context) (err error) {
	servers, stop, err := b.startAll(ctx, []string{raw, fast, ours})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	n := b.scale(crowd)
	s := section{
		title: "What an open stream holds",
		text:  fmt.Sprintf("%d event streams that are open and silent, after a garbage collection; without what the kernel holds.", n),
		head:  []string{"", "heap and stacks per stream", "goroutines per stream"},
	}
	for _, server := range servers {
		before, err := server.ask(askMemory)
		if err != nil {
			return err
		}
		clients, err := openMany(ctx, new(net.Dialer), server.addr, n)
		if err != nil {
			return fmt.Errorf("%s: %w", server.name, err)
		}
		after, err := server.ask(askMemory)
		if err != nil {
			return err
		}
		bytes := (after[1] + after[2] - before[1] - before[2]) / int64(n)
		s.rows = append(s.rows, []string{
			server.name, fmt.Sprintf("%.1f KB", float64(bytes)/1000), fmt.Sprintf("%.2f", float64(after[0]-before[0])/float64(n)),
		})
		for _, c := range clients {
			err = errors.Join(err, c.conn.Close())
		}
		if err != nil {
			return err
		}
	}
	b.sections = append(b.sections, s)
	return nil
}

// openMany opens event streams, and has the first event of each.
func openMany(ctx context.Context, dialer *net.Dialer, addr string, n int) ([]*opened, error) {
	clients := make([]*opened, 0, n)
	for range n {
		c, err := dialFrom(ctx, dialer, addr, "/events")
		if err != nil {
			return nil, err
		}
		o, err := c.openStream(firstEvent)
		if err != nil {
			return nil, err
		}
		clients = append(clients, o)
	}
	return clients, nil
}

// leavers has thousands of clients connect, take one event, and leave.
func (b *bench) leavers(ctx context.Context) (err error) {
	server, err := b.start(ctx, ours)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	n := b.scale(leaving)
	// What is made once is no leak: a first crowd makes it.
	if err := comeAndGo(ctx, server.addr, n/10); err != nil {
		return err
	}
	before, err := settled(server, [3]int64{})
	if err != nil {
		return err
	}
	started := time.Now()
	if err := comeAndGo(ctx, server.addr, n); err != nil {
		return err
	}
	gone := time.Since(started)
	after, err := settled(server, before)
	if err != nil {
		return err
	}
	b.sections = append(b.sections, section{
		title: "Clients that come and leave",
		text: fmt.Sprintf("%d clients of an event stream, 100 at a time, in %.1f s: each takes one event and closes its connection. "+
			"As many as a tenth of them had been there before the first count.", n, gone.Seconds()),
		head: []string{"bare", "goroutines", "heap", "stacks"},
		rows: [][]string{memoryRow("before", before), memoryRow("after", after)},
	})
	b.reach(fmt.Sprintf("%d clients that connect and leave: goroutines and heap", n), "back to where they were",
		fmt.Sprintf("%d to %d goroutines, %d to %d KB", before[0], after[0], before[1]/1000, after[1]/1000),
		isBack(after, before))
	return nil
}

func memoryRow(name string, m [3]int64) []string {
	return []string{name, fmt.Sprint(m[0]), fmt.Sprintf("%d KB", m[1]/1000), fmt.Sprintf("%d KB", m[2]/1000)}
}

// isBack reports whether a server's memory is what it was before, but for a
// megabyte of chance.
func isBack(after, before [3]int64) bool {
	return after[0] <= before[0] && after[1]-before[1] < 1<<20
}

// settled waits until a server's memory is what it was before, or at the last look
// when before is zero, and returns it then, or after patience.
func settled(s *server, before [3]int64) ([3]int64, error) {
	deadline := time.Now().Add(patience)
	target := before
	for {
		m, err := s.ask(askMemory)
		if err != nil || time.Now().After(deadline) || isBack(m, target) {
			return m, err
		}
		if before == [3]int64{} {
			target = m
		}
		time.Sleep(200 * time.Millisecond) //nolint:forbidigo // another process is asked again: there is nothing to wait on
	}
}

func comeAndGo(ctx context.Context, addr string, n int) error {
	const workers = 100
	var group sync.WaitGroup
	faults := make(chan error, workers)
	for range workers {
		group.Go(func() {
			for range n / workers {
				if _, err := openOneByOne(ctx, addr, "/events", firstEvent, 1); err != nil {
					faults <- err
					return
				}
			}
		})
	}
	group.Wait()
	select {
	case err := <-faults:
		return err
	default:
		return nil
	}
}
