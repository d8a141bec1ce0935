package middleware_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/middleware"
)

// A load balancer that asks every second must see the 503 while requests still pass.
func TestReadinessTurnsFalseBeforeTheListenerCloses(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		log := new(log)
		app := newApp(log)
		app.HttpRouter.Add(bare.Methods{"GET"}, "/ready", middleware.Readiness{}.Handler(app))
		server := baretest.Config{Protocol: protocol, Server: bare.Server{StopDelay: 4500 * time.Millisecond}}.NewServer(t, app)
		stream := server.Get("/ticks/1000")
		stream.Line()
		if got := server.Get("/ready"); got.Response.StatusCode != http.StatusOK || got.Rest() != "ready\n" {
			t.Errorf("before the stop it is a %d", got.Response.StatusCode)
		}
		stopped := make(chan error, 1)
		go func() { stopped <- server.Stop() }()
		synctest.Wait()
		probe := server.Get("/ready")
		if got := probe.Response; got.StatusCode != http.StatusServiceUnavailable || got.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("after the signal it is a %d with %v, want a 503 that is not kept", got.StatusCode, got.Header)
		}
		if got := server.Get("/hello").Response.StatusCode; got != 200 {
			t.Errorf("a request after the signal gets a %d, want 200", got)
		}
		if got := strings.Count(stream.Rest(), "\n"); got != 4 || stream.Err() != nil {
			t.Errorf("the stream had %d more lines (%v), want 4 and a clean end", got, stream.Err())
		}
		if err := <-stopped; err != nil {
			t.Error(err)
		}
		if lines := log.lines(); lines != nil {
			t.Errorf("logged %q: a check that fails is no failure", lines)
		}
	})
}

func TestReadinessAsksTheService(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		log := new(log)
		app := newApp(log)
		var down atomic.Bool
		check := func(context.Context) error {
			if down.Load() {
				return errors.New("the database of tenant 7 is down")
			}
			return nil
		}
		app.HttpRouter.Add(bare.Methods{"GET"}, "/ready", middleware.Readiness{Check: check}.Handler(app))
		server := baretest.Config{Protocol: protocol}.NewServer(t, app)
		if got := server.Get("/ready").Response.StatusCode; got != 200 {
			t.Errorf("got %d, want 200", got)
		}
		down.Store(true)
		stream := server.Get("/ready")
		if text := stream.Rest(); stream.Response.StatusCode != http.StatusServiceUnavailable || strings.Contains(text, "tenant") {
			t.Errorf("got %d and %q, want a 503 without the cause", stream.Response.StatusCode, text)
		}
		if lines := log.lines(); len(lines) != 1 || !strings.Contains(lines[0], "tenant 7") {
			t.Errorf("logged %q, want the cause", lines)
		}
	})
}

func TestAnApplicationThatNobodyStartedIsNotReady(t *testing.T) {
	t.Parallel()
	handler := middleware.Readiness{}.Handler(bare.NewApplication())
	if got := handler(baretest.NewRequest("GET", "/ready", nil)).Status; got != 503 {
		t.Errorf("got %d, want 503", got)
	}
	wantPanic(t, "middleware: Readiness: the application is nil", func() { middleware.Readiness{}.Handler(nil) })
}
