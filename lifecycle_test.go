package bare_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

// A life is an application that notes what its lifespan handlers do. They take a
// second each, unless their context ends.
type life struct {
	*bare.Application

	mutex  sync.Mutex
	events []string
}

func newLife() *life {
	app, _ := newApp(empty)
	l := &life{Application: app}
	l.OnStartup(l.handler("start"))
	l.OnShutdown(l.handler("stop"))
	return l
}

func (l *life) handler(name string) bare.LifespanHandler {
	return func(ctx context.Context) error {
		l.note(name)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
			return nil
		}
	}
}

func (l *life) note(event string) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.events = append(l.events, event)
}

func (l *life) noted() []string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return slices.Clone(l.events)
}

// enter brings a new application to a state, and returns when it is there.
func (l *life) enter(t *testing.T, state string) {
	t.Helper()
	steps := slices.Index([]string{"new", "starting", "running", "stopping", "stopped"}, state)
	for i, step := range []func(context.Context) error{l.Startup, l.Shutdown} {
		done := make(chan error, 1)
		if steps > 2*i {
			go func() { done <- step(t.Context()) }()
			synctest.Wait()
		}
		if steps > 2*i+1 {
			if err := <-done; err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestStartupIsDefinedInEveryState(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ state, fault string }{
		{"new", ""},
		{"starting", "bare: the application is starting already"},
		{"running", "bare: the application is running already"},
		{"stopping", "bare: the application is still stopping"},
		{"stopped", ""},
	} {
		t.Run(test.state, func(t *testing.T) {
			overHTTP1(t, func(t *testing.T) {
				l := newLife()
				l.enter(t, test.state)
				before := len(l.noted())
				err := l.Startup(t.Context())
				if test.fault == "" && (err != nil || len(l.noted()) != before+1) {
					t.Errorf("got %v, and the handlers %q", err, l.noted())
				}
				if test.fault != "" && (err == nil || err.Error() != test.fault || len(l.noted()) != before) {
					t.Errorf("got %v, want %s; the handlers: %q", err, test.fault, l.noted())
				}
				time.Sleep(time.Minute)
			})
		})
	}
}

func TestShutdownIsDefinedInEveryState(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		state string
		took  time.Duration
		want  []string
	}{
		{"new", 0, nil},
		{"starting", 0, []string{"start"}},
		{"running", time.Second, []string{"start", "stop"}},
		{"stopping", time.Second, []string{"start", "stop"}},
		{"stopped", 0, []string{"start", "stop"}},
	} {
		t.Run(test.state, func(t *testing.T) {
			overHTTP1(t, func(t *testing.T) {
				l := newLife()
				l.enter(t, test.state)
				begin := time.Now()
				err := l.Shutdown(t.Context())
				if took := time.Since(begin); err != nil || took != test.took || !slices.Equal(l.noted(), test.want) {
					t.Errorf("after %v got %v, and the handlers %q, want %q", took, err, l.noted(), test.want)
				}
				if err := l.Startup(t.Context()); err != nil {
					t.Errorf("the next start: %v", err)
				}
				if err := l.Shutdown(t.Context()); err != nil {
					t.Errorf("the next stop: %v", err)
				}
			})
		})
	}
}

func TestATaskRunsAsTheStateSays(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		state         string
		atOnce, ended bool
	}{
		{"new", false, false},
		{"starting", true, false},
		{"running", true, false},
		{"stopping", true, true},
		{"stopped", true, true},
	} {
		t.Run(test.state, func(t *testing.T) {
			overHTTP1(t, func(t *testing.T) {
				l := newLife()
				l.enter(t, test.state)
				begun := make(chan error, 1)
				causes := make(chan error, 1)
				l.Go(func(ctx context.Context) error {
					begun <- context.Cause(ctx)
					<-ctx.Done()
					causes <- context.Cause(ctx)
					return nil
				})
				synctest.Wait()
				if len(begun) == 1 != test.atOnce {
					t.Fatalf("the task has begun: %t", len(begun) == 1)
				}
				time.Sleep(time.Minute)
				if !test.atOnce {
					l.enter(t, "running")
				}
				if cause := <-begun; errors.Is(cause, bare.ErrShutdown) != test.ended {
					t.Errorf("the task began with a context that had ended with %v", cause)
				}
				if err := l.Shutdown(t.Context()); err != nil {
					t.Error(err)
				}
				if cause := <-causes; !errors.Is(cause, bare.ErrShutdown) {
					t.Errorf("the cause is %v", cause)
				}
			})
		})
	}
}

func TestAStartThatFailsLeavesTheApplicationAsItWas(t *testing.T) {
	t.Parallel()
	for state, waits := range map[string]bool{"new": true, "stopped": false} {
		t.Run(state, func(t *testing.T) {
			overHTTP1(t, func(t *testing.T) {
				l := newLife()
				l.enter(t, state)
				ended, cancel := context.WithCancel(t.Context())
				cancel()
				if err := l.Startup(ended); !errors.Is(err, context.Canceled) {
					t.Errorf("Startup returned %v", err)
				}
				begun := make(chan bool, 1)
				l.Go(func(context.Context) error { begun <- true; return nil })
				synctest.Wait()
				if waited := len(begun) == 0; waited != waits {
					t.Errorf("the task waits for a start: %t", waited)
				}
				l.enter(t, "stopped")
				if len(begun) != 1 {
					t.Error("the task has never run")
				}
			})
		})
	}
}

func TestAStopWaitsForTasksThatWereGivenMeanwhile(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := newApp(empty)
		ended := false
		app.OnHttpRequest(bare.Methods{"GET"}, "/order", func(request *bare.HttpRequest) bare.HttpResponse {
			request.Sleep(3 * time.Second)
			app.Go(func(context.Context) error {
				time.Sleep(3 * time.Second)
				ended = true
				return nil
			})
			return bare.TextResponse(200, "ordered")
		})
		server := serve(t, protocol, app)
		ordered := make(chan string)
		go func() { ordered <- server.Get("/order").Rest() }()
		time.Sleep(time.Second)
		go func() {
			if err := server.Stop(); err != nil || !ended {
				t.Errorf("the stop returned %v, and the task had ended: %t", err, ended)
			}
			ordered <- "stopped"
		}()
		if first, then := <-ordered, <-ordered; first != "ordered" || then != "stopped" {
			t.Errorf("got %q and %q", first, then)
		}
	})
}

func TestShutdownsAtOnceRunTheHandlersOnceAndReturnTheSame(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		l := newLife()
		broken := errors.New("broken")
		l.OnShutdown(func(context.Context) error { return broken })
		l.enter(t, "running")
		results := make(chan error, 3)
		for range cap(results) {
			go func() { results <- l.Shutdown(t.Context()) }()
		}
		for range cap(results) {
			if err := <-results; !errors.Is(err, broken) {
				t.Errorf("a Shutdown returned %v", err)
			}
		}
		if got := l.noted(); !slices.Equal(got, []string{"start", "stop"}) {
			t.Errorf("the handlers were %q", got)
		}
	})
}

func TestASecondShutdownWaitsNoLongerThanItMay(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		l := newLife()
		l.enter(t, "stopping")
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		begin := time.Now()
		if err := l.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != time.Millisecond {
			t.Errorf("after %v got %v", time.Since(begin), err)
		}
		time.Sleep(time.Minute)
		if err := l.Shutdown(ctx); err != nil {
			t.Errorf("when all is over, there is no need to wait, and got %v", err)
		}
	})
}

func TestATaskThatExitsItsGoroutineHasEnded(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, _ := newApp(empty)
		app.Go(func(context.Context) error { runtime.Goexit(); return nil })
		if err := serve(t, baretest.HTTP1, app).Stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestATaskThatIsDoneIsNoFault(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, log := newApp(empty)
		app.Go(func(context.Context) error { return nil })
		server := serve(t, baretest.HTTP1, app)
		time.Sleep(time.Second)
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
		wantLogged(t, log)
	})
}

func TestLifecycleCallsMayComeAtOnce(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, _ := newApp(empty)
		var mutex sync.Mutex
		up, begun := false, 0
		turn := func(to bool) bare.LifespanHandler {
			return func(context.Context) error {
				mutex.Lock()
				defer mutex.Unlock()
				if up == to {
					t.Errorf("it was up before: %t", up)
				}
				up = to
				return nil
			}
		}
		app.OnStartup(turn(true))
		app.OnShutdown(turn(false))
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for range 200 {
					_ = app.Startup(t.Context())
					app.Go(func(ctx context.Context) error {
						<-ctx.Done()
						mutex.Lock()
						begun++
						mutex.Unlock()
						return nil
					})
					if err := app.Shutdown(t.Context()); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		if err := app.Shutdown(t.Context()); err != nil || begun != 1600 || up {
			t.Errorf("got %v, %d of 1600 tasks, and it is up: %t", err, begun, up)
		}
	})
}
