//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

const transferRounds = 7

func (b *bench) smallChunks(ctx context.Context) error {
	return b.chunks(ctx, 200_000, 64, "200,000 chunks of 64 B, server CPU against `Write` and `Flush`", "at most 1/6 (0.167)", 1.0/6)
}

func (b *bench) largeChunks(ctx context.Context) error {
	return b.chunks(ctx, 50_000, 16<<10, "50,000 chunks of 16 KiB, server CPU against `Write` and `Flush`", "no worse (1.00)", 1)
}

// chunks has one client read a fast stream from each of those that can stream.
func (b *bench) chunks(ctx context.Context, n, size int, measure, target string, most float64) (err error) {
	servers, stop, err := b.startAll(ctx, []string{raw, fast, ours})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	n = b.scale(n)
	runs := []struct {
		name   string
		server *server
		path   string
	}{
		{"net/http, `Write` and `Flush`", servers[0], "/stream"},
		{"net/http, `Write` only: not live", servers[0], "/unflushed"},
		{"fiber, `SetBodyStreamWriter` and `Flush`", servers[1], "/stream"},
		{"bare", servers[2], "/stream"},
	}
	walls, costs := make([][]float64, len(runs)), make([][]float64, len(runs))
	for round := range b.rounds(transferRounds) + 1 {
		for step := range runs {
			i := (round + step) % len(runs)
			path := fmt.Sprintf("%s?n=%d&size=%d", runs[i].path, n, size)
			started := time.Now()
			cpu, err := runs[i].server.cpu(func() error { return readAll(ctx, runs[i].server.addr, path, int64(n*size)) })
			if err != nil {
				return fmt.Errorf("%s: %w", runs[i].name, err)
			}
			if round > 0 {
				walls[i] = append(walls[i], float64(time.Since(started)))
				costs[i] = append(costs[i], float64(cpu))
			}
		}
	}
	s := section{
		title: fmt.Sprintf("A stream of %d chunks of %d bytes", n, size),
		text: fmt.Sprintf("One client that reads as fast as it can, medians of %d interleaved rounds; the ratios are to net/http with a flush after "+
			"every chunk, which is what keeps a stream live there.", b.rounds(transferRounds)),
		head: []string{"", "server CPU", "ratio", "wall", "ratio"},
	}
	var ratio float64
	for i, r := range runs {
		ratio = median(ratios(costs[i], costs[0]))
		s.rows = append(s.rows, []string{
			r.name,
			milliseconds(time.Duration(median(costs[i]))), fmt.Sprintf("%.3f", ratio),
			milliseconds(time.Duration(median(walls[i]))), fmt.Sprintf("%.3f", median(ratios(walls[i], walls[0]))),
		})
	}
	b.sections = append(b.sections, s)
	b.reach(measure, target, fmt.Sprintf("%.3f", ratio), ratio <= most)
	return nil
}

// readAll reads a whole response, and counts it.
func readAll(ctx context.Context, addr, path string, want int64) error {
	o, err := open(ctx, addr, path)
	if err != nil {
		return err
	}
	defer o.conn.Close()
	got, err := io.Copy(io.Discard, o.response.Body)
	if err != nil {
		return err
	}
	if got != want {
		return fmt.Errorf("%d bytes came, want %d", got, want)
	}
	return nil
}
