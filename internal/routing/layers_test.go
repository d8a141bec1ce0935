package routing

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// arrangeSlowly is arrange, with each route compared to all earlier ones.
func arrangeSlowly(routes []*route) []*plan {
	routes = slices.Clone(routes)
	slices.SortStableFunc(routes, func(a, b *route) int { return a.pattern.compare(b.pattern) })
	var layers []*plan
	placed := make([]int, len(routes))
	for i, r := range routes {
		at := 0
		for j, earlier := range routes[:i] {
			if placed[j] > at && earlier.pattern.overlaps(r.pattern) {
				at = placed[j]
			}
		}
		for at < len(layers) && !layers[at].accepts(r.pattern) {
			at++
		}
		if at == len(layers) {
			layers = append(layers, new(plan))
		}
		layers[at].add(r)
		placed[i] = at
	}
	return layers
}

// overlaps reports whether some path fits both p and q. It may say so when
// there is none (two datetime formats, or a format and a number, are not
// compared); it never misses one.
func (p Pattern) overlaps(q Pattern) bool {
	for i := range min(len(p.segments), len(q.segments)) {
		a, b := &p.segments[i], &q.segments[i]
		switch {
		case a.kind == kindPath || b.kind == kindPath:
			return true
		case a.kind == kindLiteral && !b.accepts(a.text):
			return false
		case b.kind == kindLiteral && !a.accepts(b.text):
			return false
		}
	}
	return len(p.segments) == len(q.segments)
}

// routesOf makes routes of the patterns, without those that are there already or
// have no variable.
func routesOf(t *testing.T, patterns []string) []*route {
	t.Helper()
	var routes []*route
	shapes := make(map[string]bool)
	for _, text := range patterns {
		p, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if !p.literal() && !shapes[p.shape()] {
			shapes[p.shape()] = true
			routes = append(routes, newRoute(p, len(routes)))
		}
	}
	return routes
}

// spelled lists the patterns of the layers: a line for each leaf.
func spelled(layers []*plan) []string {
	var lines []string
	for i, l := range layers {
		for _, end := range l.leaves {
			line := fmt.Sprintf("%d:", i)
			for _, r := range end.routes {
				line += " " + r.pattern.text
			}
			lines = append(lines, line)
		}
	}
	return lines
}

func checkArranged(t *testing.T, patterns []string) {
	t.Helper()
	routes := routesOf(t, patterns)
	got, want := spelled(arrange(routes)), spelled(arrangeSlowly(routes))
	if slices.Equal(got, want) {
		return
	}
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Fatalf("of %d patterns, leaf %d is %q, want %q", len(routes), i, got[i], want[i])
		}
	}
	t.Fatalf("there are %d leaves, want %d", len(got), len(want))
}

// Two sorts of sets: the many words of the second make unions.
var alphabets = [][]string{
	{"a", "b", "", "1", "a:b", "*", "{:int}", "{:float}", "{:str}", "{:datetime:%Y}", "{:path}"},
	{"w", "w", "w", "w", "2", "2", "{:int}", "{:str}", "{:str}", "{:datetime:%Y}", "{:datetime:2%d}", "{:datetime}", "{:path}"},
}

func randomPatterns(random *rand.Rand, alphabet []string, count, depth, words int) []string {
	patterns := make([]string, count)
	for i := range patterns {
		var b strings.Builder
		for at := range 1 + random.IntN(depth) {
			part := alphabet[random.IntN(len(alphabet))]
			if part == "w" || part == "2" {
				part += fmt.Sprint(random.IntN(words))
			}
			b.WriteString("/" + strings.Replace(part, "{", fmt.Sprintf("{v%d", at), 1))
			if strings.HasSuffix(part, ":path}") {
				break
			}
		}
		patterns[i] = b.String()
	}
	return patterns
}

// FuzzArrange holds the layers against those that are made without an index.
func FuzzArrange(f *testing.F) {
	for seed := range uint64(300) {
		f.Add(seed, uint8(seed), uint8(seed%5), uint8(seed/2))
	}
	f.Fuzz(func(t *testing.T, seed uint64, count, depth, words uint8) {
		random := rand.New(rand.NewPCG(seed, 1))
		alphabet := alphabets[seed%2]
		checkArranged(t, randomPatterns(random, alphabet, int(count), 1+int(depth%8), 1+int(words)))
	})
}

func TestLargeSetsAreArrangedAsWithoutAnIndex(t *testing.T) {
	t.Parallel()
	var cross, tails []string
	behind := []string{"/{i:int}/{j:int}", "/{i:int}/{j:int}/{k:int}"} // keep what follows from the first layer
	for i := range 200 {
		cross = append(cross, fmt.Sprintf("/a%d/{x}/e", i), fmt.Sprintf("/a%d/lit/{y}", i),
			fmt.Sprintf("/{x}/c%d/f/{z:int}", i), fmt.Sprintf("/{x}/c%d/{y}/{z}", i))
		tails = append(tails, fmt.Sprintf("/a%d/{p:path}", i), fmt.Sprintf("/a%d/b/{x}", i), fmt.Sprintf("/{x}/b%d/{p:path}", i))
		behind = append(behind, fmt.Sprintf("/{s}/w%d/{p:path}", i), fmt.Sprintf("/{s}/{t}/b%d", i),
			fmt.Sprintf("/{s}/w%d/{x:int}/e", i), fmt.Sprintf("/{s}/{t}/{u}/f%d", i))
	}
	ends := []string{"/{i:int}/{j:int}", "/{i:int}/{j:int}/{k:int}", "/{s}/{t}", "/{s}/{t}/{u}"}
	for i := range 100 {
		ends = append(ends, fmt.Sprintf("/{s}/w%d", i), fmt.Sprintf("/{s}/w%d/{x:int}", i))
	}
	random := rand.New(rand.NewPCG(5, 6))
	for name, patterns := range map[string][]string{
		"names before and behind variables": cross,
		"tails":                             tails,
		"names behind a variable":           behind,
		"names at the end":                  ends,
		"all":                               slices.Concat(cross, tails, behind),
		"many words":                        randomPatterns(random, alphabets[1], 2000, 5, 100),
		"few words":                         randomPatterns(random, alphabets[1], 2000, 6, 3),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkArranged(t, patterns)
		})
	}
}
