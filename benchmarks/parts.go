//go:build unix

package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/ext/prometheus"
)

// A part is a handler that adds something to hello world.
type part struct {
	name    string
	handler http.Handler
}

// parts of what the value shape costs, each on top of the row that it names.
func shapeParts() []part {
	static := bare.HttpResponse{Headers: bare.Headers("Content-Type", plainText), Body: bare.TextWriter(helloText)}
	with := func(do func(*bare.HttpRequest)) bare.HttpHandler {
		return func(request *bare.HttpRequest) bare.HttpResponse {
			do(request)
			return static
		}
	}
	return []part{
		{"net/http, the raw handler", rawHandler(new(service))},
		{"bare, an empty response", application(func(*bare.HttpRequest) bare.HttpResponse { return bare.HttpResponse{} })},
		{"bare, a response made once, with a header and a body", application(with(func(*bare.HttpRequest) {}))},
		{"bare, header map and body made for each request: hello world", application(bareHello)},
		{"bare, `TextResponse`, with its Content-Length", application(func(*bare.HttpRequest) bare.HttpResponse {
			return bare.TextResponse(http.StatusOK, helloText)
		})},
		{"made once, and a value in Locals", application(with(func(r *bare.HttpRequest) { r.Locals["user"] = "fred" }))},
		{"made once, and `OnEnd`", application(with(func(r *bare.HttpRequest) { r.OnEnd(func(bare.End) {}) }))},
		{"made once, and the metrics of `ext/prometheus`", measured(application(with(func(*bare.HttpRequest) {})))},
		{"made once, and the context", application(with(func(r *bare.HttpRequest) { r.Context() }))},
		{"made once, and a middleware", application(with(func(*bare.HttpRequest) {}), passOn)},
	}
}

func passOn(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
	return handler(request)
}

func measured(app *bare.Application) *bare.Application {
	prometheus.New(app, prometheus.Config{})
	return app
}

func application(handler bare.HttpHandler, middlewares ...bare.HttpMiddleware) *bare.Application {
	app := bare.NewApplication()
	app.Middlewares = middlewares
	app.HttpRouter.Add(bare.Methods{"GET"}, "/hello", handler)
	return app
}

// A sink is a ResponseWriter that throws everything away.
type sink struct{ header http.Header }

func (s *sink) Header() http.Header { return s.header }

func (*sink) WriteHeader(int) {}

func (*sink) Write(p []byte) (int, error) { return len(p), nil }

func (*sink) FlushError() error { return nil }

// serveTimes has a handler serve a request n times.
func serveTimes(handler http.Handler, n int) {
	w := &sink{header: make(http.Header)}
	r := &http.Request{
		Method: http.MethodGet, URL: &url.URL{Path: "/hello"}, Host: "localhost",
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: make(http.Header), Body: http.NoBody,
	}
	for range n {
		clear(w.header)
		handler.ServeHTTP(w, r)
	}
}

func (b *bench) parts(context.Context) error {
	all := shapeParts()
	n := b.scale(100_000)
	times := make([][]float64, len(all))
	allocs, bytes := make([]float64, len(all)), make([]float64, len(all))
	for range b.rounds(9) {
		for i, p := range all {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			started := time.Now()
			serveTimes(p.handler, n)
			times[i] = append(times[i], float64(time.Since(started).Nanoseconds())/float64(n))
			runtime.ReadMemStats(&after)
			allocs[i] = float64(after.Mallocs-before.Mallocs) / float64(n)
			bytes[i] = float64(after.TotalAlloc-before.TotalAlloc) / float64(n)
		}
	}
	s := section{
		title: "What the value shape costs, part by part",
		text: fmt.Sprintf("The handlers alone, in this process: a ResponseWriter that throws everything away, no connection, one goroutine. "+
			"Medians of %d interleaved rounds of %d requests. A request over a connection costs some ten times as much: see the first table.", b.rounds(9), n),
		head: []string{"", "a request", "allocations", "bytes"},
	}
	for i, p := range all {
		s.rows = append(s.rows, []string{
			p.name, fmt.Sprintf("%.0f ns", median(times[i])), fmt.Sprintf("%.1f", allocs[i]), fmt.Sprintf("%.0f", bytes[i]),
		})
	}
	b.sections = append(b.sections, s)
	return nil
}
