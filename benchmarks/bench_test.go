//go:build unix

package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
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

// BenchmarkSubscriber reports the time that the client of the fan-out takes for an
// event, apart from the kernel's: it must be far below what a server takes.
func BenchmarkSubscriber(b *testing.B) {
	const events = 500
	var body strings.Builder
	for i := range int64(events) {
		body.Write(newEvent(i+1, time.Hour, eventSize).encode())
	}
	head := []byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
	chunk := fmt.Appendf(nil, "%x\r\n%s\r\n", body.Len(), body.String())
	var crowd tally
	s := subscriber{tally: &crowd}
	if err := s.feed(head, 0); err != nil {
		b.Fatal(err)
	}
	started := cpuTime()
	for b.Loop() {
		crowd.begin(1, events)
		s.record.begin()
		if err := s.feed(chunk, 2*time.Hour); err != nil || crowd.Delivered != events {
			b.Fatal(crowd.summary, err)
		}
	}
	b.ReportMetric(float64((cpuTime()-started).Nanoseconds())/float64(b.N*events), "cpu-ns/event")
}
