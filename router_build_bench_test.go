package bare_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// BenchmarkBuild is what happens at the start: the compilation of routes that were
// added.
func BenchmarkBuild(b *testing.B) {
	for _, set := range []struct {
		name     string
		patterns []string
	}{
		{"50,000 routes with variables", variablePatterns(50_000)},
		{"20,000 mixed routes", mixedPatterns(20_000)},
		{"60,000 routes that cross each other", crossingPatterns(60_000)},
	} {
		b.Run(set.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				router, ok := newRouter(set.patterns...).(interface{ Build() })
				if !ok {
					b.Fatal("there is no method Build")
				}
				b.StartTimer()
				router.Build()
			}
		})
	}
}

func variablePatterns(n int) []string {
	types := []string{"", ":int", ":str", ":float"}
	patterns := make([]string, n)
	for i := range patterns {
		patterns[i] = fmt.Sprintf("/service%d/resource%d/{id%s}/part%d", i%100, i, types[i%4], i%7)
	}
	return patterns
}

// mixedPatterns have literals, variables of all types, and tails, at random.
func mixedPatterns(n int) []string {
	random := rand.New(rand.NewPCG(1, 2))
	types := []string{"", ":int", ":float", ":datetime", ":datetime:%Y-%m-%d"}
	seen := make(map[string]bool, n)
	patterns := make([]string, 0, n)
	for len(patterns) < n {
		var b strings.Builder
		depth := 1 + random.IntN(5)
		for i := range depth {
			switch part := random.IntN(10); {
			case part < 6:
				fmt.Fprintf(&b, "/w%d", random.IntN(60))
			case part == 6 && i == depth-1:
				fmt.Fprintf(&b, "/{v%d:path}", i)
			default:
				fmt.Fprintf(&b, "/{v%d%s}", i, types[random.IntN(len(types))])
			}
		}
		if pattern := b.String(); !seen[pattern] {
			seen[pattern] = true
			patterns = append(patterns, pattern)
		}
	}
	return patterns
}

// crossingPatterns have many literals where many others have a variable.
func crossingPatterns(n int) []string {
	patterns := make([]string, 0, n)
	for i := 0; len(patterns) < n; i++ {
		patterns = append(patterns, fmt.Sprintf("/a%d/{p:path}", i), fmt.Sprintf("/a%d/b/{x}", i), fmt.Sprintf("/{x}/b%d/{p:path}", i))
	}
	return patterns
}
