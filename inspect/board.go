package inspect

import (
	"maps"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/bare-go/bare"
)

const (
	// maxEnds is how many ends are kept.
	maxEnds = 200
	// maxRoutes is how many routes are counted, each for itself. A program has fewer,
	// unless its router makes patterns up.
	maxRoutes = 1000
	// maxText is how many bytes of a text are kept or shown.
	maxText = 200
)

// otherRoutes stands for the routes beyond maxRoutes.
const otherRoutes = "(other routes)"

// A board has what is known of the streams of one application: what was counted, and
// what was seen at the last look.
type board struct {
	app      *bare.Application
	rows     int
	interval time.Duration
	begun    time.Time

	// counting guards what each beginning and each end of a stream changes. It is held
	// for a moment only, as streams wait for it.
	counting sync.Mutex
	routes   map[string]*counts
	ends     [maxEnds]end // a ring
	count    int          // how many ends there were

	// looking guards the last look: those who look at the same time see the same.
	looking sync.Mutex
	tick    int64
	seen    map[string]look // by order
}

func newBoard(app *bare.Application, rows int, interval time.Duration) *board {
	if rows <= 0 {
		rows = DefaultRows
	}
	if interval <= 0 {
		interval = DefaultInterval
	}
	return &board{
		app:      app,
		rows:     rows,
		interval: max(interval, leastInterval),
		begun:    time.Now(),
		routes:   make(map[string]*counts),
		seen:     make(map[string]look),
	}
}

// counts are the streams of one route since the start.
type counts struct {
	opened int
	ended  map[string]int // by reason
}

// open is how many streams have not ended.
func (c *counts) open() int {
	open := c.opened
	for _, n := range c.ended {
		open -= n
	}
	return open
}

// of returns the counts of a route. The caller holds the mutex.
func (b *board) of(request *bare.HttpRequest) *counts {
	route := request.Matches.Route()
	c := b.routes[route]
	if c == nil && len(b.routes) >= maxRoutes {
		route = otherRoutes
		c = b.routes[route]
	}
	if c == nil {
		c = &counts{ended: make(map[string]int)}
		b.routes[route] = c
	}
	return c
}

// began is told of each stream.
func (b *board) began(request *bare.HttpRequest, _ bare.Head) {
	b.counting.Lock()
	defer b.counting.Unlock()
	b.of(request).opened++
}

// An end is one row of the page.
type end struct {
	At       int64  `json:"at"` // Unix time in milliseconds
	Method   string `json:"method"`
	Path     string `json:"path"`
	Protocol string `json:"protocol"`
	Peer     string `json:"peer"`
	Age      int64  `json:"age"` // milliseconds, here and below
	Chunks   int64  `json:"chunks"`
	Bytes    int64  `json:"bytes"`
	Blocked  int64  `json:"blocked"`
	Reason   string `json:"reason"`
	Cause    string `json:"cause,omitempty"`
}

// ended is told of all ends, most of which are no streams'.
func (b *board) ended(request *bare.HttpRequest, e bare.End) {
	if !e.Stream {
		return
	}
	scope := request.Scope
	row := end{
		At:       time.Now().UnixMilli(),
		Method:   clip(scope.Method),
		Path:     clip(scope.URL.Path),
		Protocol: clip(scope.Proto),
		Peer:     clip(scope.RemoteAddr),
		Age:      e.Duration.Milliseconds(),
		Chunks:   e.Chunks,
		Bytes:    e.Bytes,
		Blocked:  e.Blocked.Milliseconds(),
		Reason:   e.Reason(),
	}
	defer func() { // whatever becomes of the text below, which is the program's
		b.counting.Lock()
		defer b.counting.Unlock()
		b.of(request).ended[row.Reason]++
		b.ends[b.count%maxEnds] = row
		b.count++
	}()
	if row.Reason == "cut" || row.Reason == "failed" { // the others say it all
		row.Cause = clip(e.Err.Error())
	}
}

// counted copies what was counted, the last end first.
func (b *board) counted() (routes map[string]counts, ends []end, count int) {
	b.counting.Lock()
	defer b.counting.Unlock()
	routes = make(map[string]counts, len(b.routes))
	for route, c := range b.routes {
		routes[route] = counts{c.opened, maps.Clone(c.ended)}
	}
	ends = make([]end, 0, min(b.count, maxEnds))
	for i := range min(b.count, maxEnds) {
		ends = append(ends, b.ends[(b.count-1-i)%maxEnds])
	}
	return routes, ends, b.count
}

// clip is the beginning of a text that a client or the program has chosen, and holds
// nothing else in memory.
func clip(text string) string {
	if len(text) > maxText {
		cut := maxText
		for cut > maxText-utf8.UTFMax && !utf8.RuneStart(text[cut]) {
			cut--
		}
		text = text[:cut] + "…"
	}
	return strings.Clone(strings.ToValidUTF8(text, "\ufffd"))
}
