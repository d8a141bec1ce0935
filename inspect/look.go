package inspect

import (
	"cmp"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/bare-go/bare"
)

// longBlocked is how long a stream is blocked before it counts as blocked: any fast
// download is for a moment.
const longBlocked = time.Second

// A look is what the page is told at one tick.
type look struct {
	streams []byte // JSON of a summary
	ends    []byte // JSON of the last ends
	ended   int    // how many ends there were
	next    time.Time
}

// A summary is what the page shows of the streams that are open.
type summary struct {
	Open    int      `json:"open"`
	Blocked int      `json:"blocked"`
	Opened  int      `json:"opened"`
	Ended   int      `json:"ended"`
	Routes  []route  `json:"routes"`
	Beyond  int      `json:"beyond"` // how many routes are not shown
	Streams []stream `json:"streams"`
}

// A route is one row of the page.
type route struct {
	Route  string         `json:"route"`
	Open   int            `json:"open"`
	Opened int            `json:"opened"`
	Ended  map[string]int `json:"ended"`
}

// A stream is one row of the page. Times are in milliseconds.
type stream struct {
	ID       uint64 `json:"id"`
	Method   string `json:"method"`
	Path     string `json:"path"`
	Protocol string `json:"protocol"`
	Peer     string `json:"peer"`
	Age      int64  `json:"age"`
	Idle     int64  `json:"idle"`
	Chunks   int64  `json:"chunks"`
	Bytes    int64  `json:"bytes"`
	Blocked  int64  `json:"blocked"`
	Lag      string `json:"lag,omitempty"`   // bytes, or a text
	Notes    string `json:"notes,omitempty"` // what else the program says
}

// A comparison says which of two streams is shown first.
type comparison func(a, b bare.Stream) int

// orderOf returns how to compare streams by an order, and its name: the oldest come
// first for those who ask for none that is known.
func orderOf(order string) (name string, compare comparison) {
	most := func(figure func(bare.Stream) int64) comparison {
		return func(a, b bare.Stream) int { return cmp.Or(cmp.Compare(figure(b), figure(a)), cmp.Compare(a.ID, b.ID)) }
	}
	switch order {
	case "newest":
		return order, most(func(s bare.Stream) int64 { return -int64(s.Age) })
	case "blocked":
		return order, most(func(s bare.Stream) int64 { return int64(s.Blocked) })
	case "silent":
		return order, most(func(s bare.Stream) int64 { return int64(s.Idle) })
	case "chunks":
		return order, most(func(s bare.Stream) int64 { return s.Chunks })
	case "bytes":
		return order, most(func(s bare.Stream) int64 { return s.Bytes })
	}
	return "oldest", most(func(s bare.Stream) int64 { return int64(s.Age) })
}

// look looks, unless somebody has done so at the same tick.
func (b *board) look(order string) look {
	order, compare := orderOf(order)
	b.looking.Lock()
	defer b.looking.Unlock()
	if tick := int64(time.Since(b.begun) / b.interval); tick != b.tick {
		b.tick = tick
		clear(b.seen)
	}
	seen, ok := b.seen[order]
	if !ok {
		seen = b.lookNow(compare)
		seen.next = b.begun.Add(time.Duration(b.tick+1) * b.interval)
		b.seen[order] = seen
	}
	return seen
}

func (b *board) lookNow(compare comparison) look {
	routes, ends, count := b.counted()
	s := summary{Ended: count, Routes: []route{}, Streams: []stream{}}
	for pattern, c := range routes {
		s.Routes = append(s.Routes, route{clip(pattern), c.open(), c.opened, c.ended})
		s.Opened += c.opened
	}
	slices.SortFunc(s.Routes, func(a, b route) int {
		return cmp.Or(cmp.Compare(b.Open, a.Open), cmp.Compare(b.Opened, a.Opened), strings.Compare(a.Route, b.Route))
	})
	s.Beyond = max(len(s.Routes)-b.rows, 0)
	s.Routes = s.Routes[:len(s.Routes)-s.Beyond]
	first := b.first(&s, compare)
	for i := range first {
		s.Streams = append(s.Streams, row(first[i]))
	}
	return look{streams: encode(s), ends: encode(ends), ended: count}
}

// first returns the first streams, and counts all. It holds no more than it returns.
func (b *board) first(s *summary, compare comparison) []bare.Stream {
	first := make([]bare.Stream, 0, b.rows+1)
	for stream := range b.app.Streams() {
		s.Open++
		if stream.Blocked >= longBlocked {
			s.Blocked++
		}
		if len(first) == b.rows && compare(stream, first[b.rows-1]) >= 0 {
			continue
		}
		at, _ := slices.BinarySearchFunc(first, stream, compare)
		first = slices.Insert(first, at, stream)
		first = first[:min(len(first), b.rows)]
	}
	return first
}

func row(s bare.Stream) stream {
	r := stream{
		ID:       s.ID,
		Method:   clip(s.Method),
		Path:     clip(s.Path),
		Protocol: clip(s.Protocol),
		Peer:     clip(s.Peer),
		Age:      s.Age.Milliseconds(),
		Idle:     s.Idle.Milliseconds(),
		Chunks:   s.Chunks,
		Bytes:    s.Bytes,
		Blocked:  s.Blocked.Milliseconds(),
	}
	var notes []string
	for _, attr := range s.Describe() {
		if attr.Key == "lag" {
			r.Lag = clip(attr.Value.String())
			continue
		}
		notes = append(notes, note(attr))
	}
	r.Notes = clip(strings.Join(notes, ", "))
	return r
}

// note is what the program says, as it is shown.
func note(attr slog.Attr) string { return attr.Key + " " + attr.Value.Resolve().String() }

// encode makes JSON of what always is.
func encode(v any) []byte {
	text, _ := json.Marshal(v) // only strings, numbers, and maps of them
	return text
}
