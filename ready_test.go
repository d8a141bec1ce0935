package bare_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

func TestAnApplicationIsReadyFromItsStartToItsStop(t *testing.T) {
	t.Parallel()
	app := bare.NewApplication()
	app.OnStartup(func(context.Context) error {
		if app.Ready() {
			t.Error("it is ready before its start is complete")
		}
		return nil
	})
	app.OnShutdown(func(context.Context) error {
		if app.Ready() {
			t.Error("it is ready while it stops")
		}
		return nil
	})
	if app.Ready() {
		t.Error("it is ready before its start")
	}
	for range 2 { // it may be started again
		if err := app.Startup(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !app.Ready() {
			t.Error("it is not ready after its start")
		}
		if err := app.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAServerGoesOnForItsStopDelay(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{Body: func(yield func([]byte) bool) {
				for range request.Every(time.Second) {
					if !yield([]byte("tick\n")) {
						return
					}
				}
			}}
		})
		const delay = 4500 * time.Millisecond
		config := baretest.Config{Protocol: protocol, Server: bare.Server{StopDelay: delay}}
		server := config.NewServer(t, app)
		began := server.Get("/")
		began.Line()
		stopped := make(chan error, 1)
		go func() { stopped <- server.Stop() }()
		synctest.Wait()
		if app.Ready() {
			t.Error("it is ready although it was told to stop")
		}
		told := time.Now()
		late := server.Get("/") // a new connection over HTTP/1.1
		late.Rest()
		if got := time.Since(told).Round(time.Millisecond); got != delay {
			t.Errorf("a stream that began after the signal was ended %v after it, want %v", got, delay)
		}
		if rest := began.Rest(); rest != strings.Repeat("tick\n", 4) || began.Err() != nil {
			t.Errorf("the stream went on with %q (%v), want a tick a second and a clean end", rest, began.Err())
		}
		if err := <-stopped; err != nil {
			t.Error(err)
		}
	})
}

func TestAListenerThatBreaksEndsTheStopDelay(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		broken, listener := errors.New("broken"), brokenListener{make(chan error)}
		ctx, cancel := context.WithCancel(t.Context())
		result := make(chan error, 1)
		go func() {
			result <- bare.Server{Listener: listener, StopDelay: time.Hour}.Run(ctx, bare.NewApplication())
		}()
		synctest.Wait()
		cancel()
		synctest.Wait()
		began := time.Now()
		listener.failure <- broken
		if err := <-result; !errors.Is(err, broken) || time.Since(began) > time.Minute {
			t.Errorf("got %v after %v, want the listener's error at once", err, time.Since(began))
		}
	})
}
