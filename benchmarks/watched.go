//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/ext/prometheus"
	"github.com/bare-go/bare/inspect"
)

const (
	watchedHooks     = "bare, with `OnStream` and `OnEnd`"
	watchedMetrics   = "bare, with the metrics of `ext/prometheus`"
	watchedInspector = "bare, with the inspector, and a page open"
	watchedAll       = "bare, with the inspector, a page open, and the metrics"
	// leastWatched is what a hello world comes to when somebody looks.
	leastWatched = 0.97
	inspectPath  = "/inspect"
)

// watched are bare with those who look on; the last two have an inspector.
func watched() []contender {
	with := func(name string, look func(*bare.Application)) contender {
		return contender{name: name, serve: func(listener net.Listener, s *service) error {
			app := bareApplication(s)
			look(app)
			return runBare(app, s, listener)
		}}
	}
	return []contender{
		with(watchedHooks, func(app *bare.Application) {
			var streams, ends atomic.Int64
			app.OnStream(func(*bare.HttpRequest, bare.Head) { streams.Add(1) })
			app.OnEnd(func(*bare.HttpRequest, bare.End) { ends.Add(1) })
		}),
		with(watchedMetrics, func(app *bare.Application) { prometheus.New(app, prometheus.Config{}) }),
		with(watchedInspector, func(app *bare.Application) { inspect.Inspector{}.Serve(app, inspectPath) }),
		with(watchedAll, func(app *bare.Application) {
			inspect.Inspector{}.Serve(app, inspectPath)
			prometheus.New(app, prometheus.Config{})
		}),
	}
}

// watched loads hello world without and with those who look on.
func (b *bench) watched(ctx context.Context) (err error) {
	names := []string{ours}
	for _, c := range watched() { //nolint:contextcheck // a server runs in a process of its own
		names = append(names, c.name)
	}
	servers, stop, err := b.startAll(ctx, names)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	var pages []*client
	defer func() {
		for _, page := range pages {
			err = errors.Join(err, page.conn.Close())
		}
	}()
	for _, server := range servers[len(servers)-2:] {
		page, err := openInspector(ctx, server.addr)
		if err != nil {
			return err
		}
		pages = append(pages, page)
	}
	rates, costs, err := b.loadAll(ctx, servers, "/hello", helloText)
	if err != nil {
		return err
	}
	s := section{
		title: "Hello, World! while somebody looks",
		text: fmt.Sprintf("`GET /hello` as above, of bare alone, and of bare with hooks for all requests: medians of %d interleaved rounds of %v. "+
			"The ratios are the medians of the rounds' own.", b.rounds(loadRounds), b.loadLength()),
		head: []string{"", "requests/s", "ratio", "server CPU per request", "ratio"},
	}
	for i, server := range servers {
		rate, cost := median(ratios(rates[i], rates[0])), median(ratios(costs[i], costs[0]))
		s.rows = append(s.rows, []string{
			server.name, fmt.Sprintf("%.0f", median(rates[i])), fmt.Sprintf("%.2f", rate),
			fmt.Sprintf("%.2f µs", median(costs[i])), fmt.Sprintf("%.2f", cost),
		})
		if i > 0 {
			b.reach("hello world, "+server.name+", requests/s against bare alone",
				fmt.Sprintf("at least %.2f", leastWatched), fmt.Sprintf("%.2f", rate), rate >= leastWatched)
		}
	}
	b.sections = append(b.sections, s)
	return nil
}

// openInspector opens the inspector's page at a server.
func openInspector(ctx context.Context, addr string) (*client, error) {
	page, err := dial(ctx, addr, inspectPath+"/events")
	if err != nil {
		return nil, err
	}
	if _, err := page.conn.Write(page.request); err != nil {
		return nil, errors.Join(err, page.conn.Close())
	}
	return page, nil
}
