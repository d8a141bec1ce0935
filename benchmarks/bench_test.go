//go:build unix

package main

import (
	"net/http"
	"testing"
)

func BenchmarkHello(b *testing.B) {
	handlers := map[string]http.Handler{
		"httprouter": httprouterHandler(), "chi": chiHandler(), "gin": ginHandler(), "echo": echoHandler(),
	}
	for name, handler := range handlers {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			serveTimes(handler, b.N)
		})
	}
	for _, p := range shapeParts() {
		b.Run(p.name, func(b *testing.B) {
			b.ReportAllocs()
			serveTimes(p.handler, b.N)
		})
	}
}

// BenchmarkGitHub reports the time of one pass over all routes.
func BenchmarkGitHub(b *testing.B) {
	most, all := routesOfGitHub(false), routesOfGitHub(true)
	plain, ours203, ours239 := plainRouter(most), bareRouter(most), bareRouter(all)
	for name, do := range map[string]func() int{
		"httprouter/203": func() int { return findPlain(plain, most) },
		"bare/203":       func() int { return findBare(ours203, most) },
		"bare/239":       func() int { return findBare(ours239, all) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if do() <= 0 {
					b.Fatal("a route was not found")
				}
			}
		})
	}
}
