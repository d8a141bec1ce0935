package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

func TestRequestsAreAnsweredBesideTheTask(t *testing.T) {
	for _, protocol := range baretest.Protocols() {
		t.Run(protocol.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(time.Until(time.Date(2026, 11, 21, 9, 0, 0, 0, time.Local)))
				server := baretest.Config{Protocol: protocol}.NewServer(t, newApp())
				for _, want := range []string{"09:00:00", "09:00:01", "09:00:02"} {
					synctest.Wait()
					if got := server.Get("/").Rest(); got != "The last tick was at "+want+"\n" {
						t.Errorf("got %q, want %s", got, want)
					}
					time.Sleep(time.Second)
				}
			})
		})
	}
}

func TestTheStopWaitsForTheLastSave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var count atomic.Int64
		var saved []int64
		app := bare.NewApplication()
		app.Go(saveCount(&count, func(ctx context.Context, n int64) error {
			time.Sleep(2 * time.Second)
			saved = append(saved, n)
			return ctx.Err()
		}))
		server := baretest.NewServer(t, app)
		count.Add(1)
		time.Sleep(time.Minute + 10*time.Second)
		count.Add(2)
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
		if want := []int64{1, 3}; !slices.Equal(saved, want) {
			t.Errorf("saved %d, want %d", saved, want)
		}
	})
}

func TestATaskThatCannotSaveEndsAndIsLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		app := bare.NewApplication()
		app.Logger = slog.New(slog.NewTextHandler(&log, nil))
		app.Go(saveCount(new(atomic.Int64), func(context.Context, int64) error { return errors.New("the disk is full") }))
		baretest.NewServer(t, app)
		time.Sleep(time.Hour)
		synctest.Wait()
		if got := log.String(); strings.Count(got, "the disk is full") != 1 {
			t.Errorf("the log is %q", got)
		}
	})
}

func TestATaskOfEachStartRunsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app, runs := bare.NewApplication(), 0
		app.OnStartup(startTask(app, func(ctx context.Context) error {
			runs++
			<-ctx.Done()
			return nil
		}))
		for range 2 {
			if err := app.Startup(t.Context()); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			if err := app.Shutdown(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if runs != 2 {
			t.Errorf("it has run %d times", runs)
		}
	})
}

func TestAFailedStartEndsTheTaskThatItHasBegun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app, ended := bare.NewApplication(), false
		app.OnStartup(startTask(app, func(ctx context.Context) error {
			<-ctx.Done()
			ended = true
			return nil
		}))
		broken := errors.New("broken")
		app.OnStartup(func(context.Context) error { return broken })
		if err := app.Startup(t.Context()); !errors.Is(err, broken) || !ended {
			t.Errorf("got %v, and the task has ended: %v", err, ended)
		}
	})
}
