//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	loadRounds = 9
	// What bare's own server, with all its limits, comes to against the raw handler.
	leastRate = 0.93
	mostCost  = 1.12
)

func (b *bench) hello(ctx context.Context) error {
	rate, cost, err := b.requests(ctx, "Hello, World!", "/hello", helloText)
	if err == nil {
		b.reachRate("hello world", rate)
		b.reach("hello world, server CPU per request against net/http", fmt.Sprintf("at most %.2f", mostCost),
			fmt.Sprintf("%.2f", cost), cost <= mostCost)
	}
	return err
}

func (b *bench) variable(ctx context.Context) error {
	rate, _, err := b.requests(ctx, "One variable in the path", "/hello/fred", "fred")
	if err == nil {
		b.reachRate("one variable", rate)
	}
	return err
}

func (b *bench) reachRate(name string, rate float64) {
	b.reach(name+", requests/s against net/http", fmt.Sprintf("at least %.2f, aim 0.95", leastRate),
		fmt.Sprintf("%.2f", rate), rate >= leastRate)
}

// requests loads each contender in turn, round by round, and returns what ours
// came to against the raw handler.
func (b *bench) requests(ctx context.Context, title, path, want string) (rate, cost float64, err error) {
	var names []string
	for _, c := range contenders() {
		names = append(names, c.name)
	}
	servers, stop, err := b.startAll(ctx, names)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	length := b.loadLength()
	rates, costs, err := b.loadAll(ctx, servers, path, want)
	if err != nil {
		return 0, 0, err
	}
	s := section{
		title: title,
		text: fmt.Sprintf("`GET %s` over %d connections that are kept, medians of %d interleaved rounds of %v. The ratios are the medians of "+
			"the rounds' own, to the raw net/http handler, which has no mux: it compares the path, and cuts a name out of it by hand. "+
			"The client has a share of the same cores.", path, connections, b.rounds(loadRounds), length),
		head: []string{"", "requests/s", "ratio", "lowest to highest", "server CPU per request", "ratio"},
	}
	for i, server := range servers {
		each := ratios(rates[i], rates[0])
		rate, cost = median(each), median(ratios(costs[i], costs[0])) // the last ones are ours
		s.rows = append(s.rows, []string{
			server.name,
			fmt.Sprintf("%.0f", median(rates[i])), fmt.Sprintf("%.2f", rate),
			fmt.Sprintf("%.2f-%.2f", quantile(each, 0), quantile(each, 1)),
			fmt.Sprintf("%.2f µs", median(costs[i])), fmt.Sprintf("%.2f", cost),
		})
	}
	b.sections = append(b.sections, s)
	return rate, cost, nil
}

// loadLength is how long a server is loaded at a time.
func (b *bench) loadLength() time.Duration {
	if b.quick {
		return 100 * time.Millisecond
	}
	return 700 * time.Millisecond
}

// loadAll loads each server in turn, round by round, and returns what loadOnce does for
// each of them and each round.
func (b *bench) loadAll(ctx context.Context, servers []*server, path, want string) (rates, costs [][]float64, err error) {
	rates, costs = make([][]float64, len(servers)), make([][]float64, len(servers))
	for round := range b.rounds(loadRounds) + 1 {
		for step := range servers {
			// Another order in each round: none is always the one after fiber.
			i := (round*4 + step) % len(servers)
			rate, cost, err := loadOnce(ctx, servers[i], path, want, b.loadLength())
			if err != nil {
				return nil, nil, fmt.Errorf("%s: %w", servers[i].name, err)
			}
			if round > 0 { // the first one warms up
				rates[i], costs[i] = append(rates[i], rate), append(costs[i], cost)
			}
		}
	}
	return rates, costs, nil
}

// loadOnce returns requests a second, and microseconds of CPU time a request.
func loadOnce(ctx context.Context, s *server, path, want string, length time.Duration) (rate, cost float64, err error) {
	var count int64
	started := time.Now()
	cpu, err := s.cpu(func() (err error) {
		count, err = load(ctx, s.addr, path, want, length)
		return err
	})
	if err != nil {
		return 0, 0, err
	}
	elapsed := time.Since(started)
	return float64(count) / elapsed.Seconds(), float64(cpu.Microseconds()) / float64(count), nil
}
