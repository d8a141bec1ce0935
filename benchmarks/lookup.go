//go:build unix

package main

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/julienschmidt/httprouter"

	"github.com/bare-go/bare"
)

//go:embed testdata/github-routes.txt
var githubRoutes []byte

// A githubRoute is one route, a path that it matches, and its variables.
type githubRoute struct {
	method, pattern, path string
	names                 []string
}

// routesOfGitHub returns the 203 routes that httprouter accepts, or all 239.
func routesOfGitHub(all bool) []githubRoute {
	var routes []githubRoute
	lines := bufio.NewScanner(bytes.NewReader(githubRoutes))
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		fields := strings.Fields(lines.Text())
		pattern := fields[len(fields)-1]
		for _, method := range fields[:len(fields)-1] {
			method, extra := strings.CutSuffix(method, "+")
			if all || !extra {
				routes = append(routes, newGithubRoute(method, pattern))
			}
		}
	}
	return routes
}

func newGithubRoute(method, pattern string) githubRoute {
	r := githubRoute{method: method, pattern: pattern}
	for segment := range strings.SplitSeq(strings.TrimPrefix(pattern, "/"), "/") {
		if name, ok := strings.CutPrefix(segment, "{"); ok {
			name, _, _ = strings.Cut(strings.TrimSuffix(name, "}"), ":")
			r.names = append(r.names, name)
			segment = name + "-value"
		}
		r.path += "/" + segment
	}
	return r
}

func bareRouter(routes []githubRoute) bare.HttpRouter {
	router := bare.NewHttpRouter()
	for _, r := range routes {
		router.Add(bare.Methods{r.method}, r.pattern, bareHello)
	}
	return router
}

func plainRouter(routes []githubRoute) *httprouter.Router {
	router := httprouter.New()
	for _, r := range routes {
		path := strings.NewReplacer("{", ":", "}", "").Replace(r.pattern)
		router.Handle(r.method, path, func(http.ResponseWriter, *http.Request, httprouter.Params) {})
	}
	return router
}

// findBare looks every route's path up and reads its variables; it returns how
// many bytes they have.
func findBare(router bare.HttpRouter, routes []githubRoute) (size int) {
	for i := range routes {
		r := &routes[i]
		handler, matches := router.Resolve(r.method, r.path)
		if handler == nil {
			return -1
		}
		for _, name := range r.names {
			size += len(matches.String(name))
		}
	}
	return size
}

func findPlain(router *httprouter.Router, routes []githubRoute) (size int) {
	for i := range routes {
		r := &routes[i]
		handle, params, _ := router.Lookup(r.method, r.path)
		if handle == nil {
			return -1
		}
		for _, name := range r.names {
			size += len(params.ByName(name))
		}
	}
	return size
}

func (b *bench) lookup(context.Context) error {
	most, all := routesOfGitHub(false), routesOfGitHub(true)
	plain, ours203, ours239 := plainRouter(most), bareRouter(most), bareRouter(all)
	passes := b.scale(1000)
	runs := []struct {
		name   string
		routes int
		do     func() int
	}{
		{"httprouter", len(most), func() int { return findPlain(plain, most) }},
		{ours, len(most), func() int { return findBare(ours203, most) }},
		{ours, len(all), func() int { return findBare(ours239, all) }},
	}
	times := make([][]float64, len(runs))
	for range b.rounds(11) {
		for i, r := range runs {
			started := time.Now()
			for range passes {
				if r.do() <= 0 {
					return fmt.Errorf("%s does not find its %d routes", r.name, r.routes)
				}
			}
			times[i] = append(times[i], float64(time.Since(started).Nanoseconds())/float64(passes*r.routes))
		}
	}
	s := section{
		title: "Lookup, on the routes of GitHub's API",
		text: fmt.Sprintf("Every route once, its variables read: the %d that httprouter accepts, and all %d, in which a literal stands beside a variable. "+
			"In this process, medians of %d interleaved rounds of %d passes.", len(most), len(all), b.rounds(11), passes),
		head: []string{"", "routes", "a lookup", "ratio", "allocations a lookup"},
	}
	for i, r := range runs {
		allocs := testing.AllocsPerRun(20, func() { r.do() }) / float64(r.routes)
		s.rows = append(s.rows, []string{
			r.name, fmt.Sprint(r.routes), fmt.Sprintf("%.0f ns", median(times[i])),
			fmt.Sprintf("%.2f", median(ratios(times[i], times[0]))), fmt.Sprintf("%.2f", allocs),
		})
	}
	b.sections = append(b.sections, s)
	ratio := median(ratios(times[1], times[0]))
	b.reach("lookup of the 203 routes against httprouter's", "at most 1.3", fmt.Sprintf("%.2f", ratio), ratio <= 1.3)
	static := testing.AllocsPerRun(100, func() { ours203.Resolve("GET", "/user/repos") })
	b.reach("lookup of a literal path", "no allocation", fmt.Sprintf("%.0f allocations", static), static == 0)
	b.build()
	return nil
}

// build compiles a large table, as a start of the application does.
func (b *bench) build() {
	times := make([]time.Duration, 0, b.rounds(9))
	for range b.rounds(9) {
		router := bare.NewHttpRouter()
		for i := range 50_000 {
			pattern := fmt.Sprintf("/service%d/resource%d/{id:int}/part%d", i%100, i, i%7)
			router.Add(bare.Methods{"GET"}, pattern, bareHello)
		}
		started := time.Now()
		if builder, ok := router.(interface{ Build() }); ok {
			builder.Build()
		}
		times = append(times, time.Since(started))
	}
	took := median(times)
	b.reach("50,000 routes with variables: built in", "under 150 ms", fmt.Sprintf("%d ms", took.Milliseconds()), took < 150*time.Millisecond)
}
