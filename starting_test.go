package bare_test

import (
	"cmp"
	"context"
	"errors"
	"net"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

func TestAStartUpHandlersTaskRunsAtOnce(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, log := newApp(empty)
		causes := make(chan error, 1)
		app.OnStartup(func(context.Context) error {
			filled := make(chan bool)
			app.Go(func(ctx context.Context) error {
				close(filled)
				<-ctx.Done()
				causes <- context.Cause(ctx)
				return nil
			})
			<-filled
			return nil
		})
		if err := serve(t, baretest.HTTP1, app).Stop(); err != nil {
			t.Error(err)
		}
		if cause := <-causes; !errors.Is(cause, bare.ErrShutdown) {
			t.Errorf("the cause is %v", cause)
		}
		wantLogged(t, log)
	})
}

func TestAStartThatFailsEndsItsTasksAndWaitsForThem(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		patience, took time.Duration
		running        bool
	}{
		"that end":                {time.Minute, 5 * time.Second, false},
		"no longer than it may":   {3 * time.Second, 3 * time.Second, true},
		"without a limit of time": {0, 5 * time.Second, false},
	} {
		t.Run(name, func(t *testing.T) {
			overHTTP1(t, func(t *testing.T) {
				app, _ := newApp(empty)
				broken := errors.New("broken")
				app.OnStartup(func(context.Context) error {
					app.Go(func(ctx context.Context) error {
						<-ctx.Done()
						time.Sleep(5 * time.Second)
						return nil
					})
					return nil
				})
				app.OnStartup(func(context.Context) error { return broken })
				ctx := t.Context()
				if test.patience > 0 {
					limited, cancel := context.WithTimeout(ctx, test.patience)
					defer cancel()
					ctx = limited
				}
				begin := time.Now()
				err := app.Startup(ctx)
				if took := time.Since(begin); !errors.Is(err, broken) || took != test.took {
					t.Errorf("after %v got %v", took, err)
				}
				if running := strings.Contains(err.Error(), "still running"); running != test.running {
					t.Errorf("got %v", err)
				}
				time.Sleep(time.Minute)
			})
		})
	}
}

func TestAShutdownDuringAStartEndsIt(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for _, test := range []struct {
		name    string
		handler bare.LifespanHandler
		want    []string
		failed  bool
	}{
		{"at the handler that looks", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, nil, false},
		{"after the handler that fails", func(ctx context.Context) error { <-ctx.Done(); return broken }, nil, true},
		{"before the next handler", func(context.Context) error { time.Sleep(time.Second); return nil }, nil, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			overHTTP1(t, func(t *testing.T) {
				l := new(life)
				l.Application, _ = newApp(empty)
				l.OnStartup(test.handler)
				l.OnStartup(l.handler("start 2"))
				l.OnShutdown(l.handler("stop"))
				started := make(chan error, 1)
				go func() { started <- l.Startup(t.Context()) }()
				synctest.Wait()
				if err := l.Shutdown(t.Context()); err != nil {
					t.Errorf("Shutdown returned %v", err)
				}
				err := <-started
				if !errors.Is(err, bare.ErrShutdown) || errors.Is(err, broken) != test.failed || errors.Is(err, context.Canceled) {
					t.Errorf("Startup returned %v", err)
				}
				if got := l.noted(); !slices.Equal(got, test.want) {
					t.Errorf("the handlers were %q, want %q", got, test.want)
				}
			})
		})
	}
}

func TestAShutdownDuringAStartThatSucceedsAllTheSameRunsTheHandlers(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		l := new(life)
		l.Application, _ = newApp(empty)
		l.OnStartup(func(context.Context) error { time.Sleep(time.Minute); return nil })
		l.OnShutdown(l.handler("stop"))
		broken := errors.New("broken")
		l.OnShutdown(func(context.Context) error { return broken })
		started := make(chan error, 1)
		go func() {
			err := l.Startup(t.Context())
			l.note("started")
			started <- err
		}()
		synctest.Wait()
		hasty, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		patient := make(chan error, 1)
		go func() { patient <- l.Shutdown(t.Context()) }()
		synctest.Wait()
		if err := l.Shutdown(hasty); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, broken) {
			t.Errorf("the hasty Shutdown returned %v", err)
		}
		if err := <-patient; !errors.Is(err, broken) {
			t.Errorf("the patient Shutdown returned %v", err)
		}
		if err := <-started; !errors.Is(err, bare.ErrShutdown) {
			t.Errorf("Startup returned %v", err)
		}
		if got := l.noted(); !slices.Equal(got, []string{"stop", "started"}) {
			t.Errorf("in this order: %q", got)
		}
	})
}

func TestALifespanHandlerThatDoesNotReturnIsAnError(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(){
		"panic":  func() { panic("oops") },
		"Goexit": runtime.Goexit,
	} {
		t.Run(name, func(t *testing.T) {
			overHTTP1(t, func(t *testing.T) {
				app, _ := newApp(empty)
				failing := true
				stops := 0
				app.OnStartup(func(context.Context) error {
					if failing {
						leave()
					}
					return nil
				})
				app.OnShutdown(func(context.Context) error { leave(); return nil })
				app.OnShutdown(func(context.Context) error { stops++; return nil })
				if err := app.Startup(t.Context()); err == nil || !strings.Contains(err.Error(), "a start-up handler failed") {
					t.Errorf("Startup returned %v", err)
				}
				failing = false
				for range 2 {
					if err := app.Startup(t.Context()); err != nil {
						t.Errorf("the next Startup returned %v", err)
					}
					if err := app.Shutdown(t.Context()); err == nil || !strings.Contains(err.Error(), "a shutdown handler failed") {
						t.Errorf("Shutdown returned %v", err)
					}
				}
				if stops != 2 {
					t.Errorf("the second handler ran %d times in two stops", stops)
				}
			})
		})
	}
}

func TestASignalDuringTheStartIsACleanStop(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	stubborn := func(app *bare.Application) bare.LifespanHandler {
		return func(ctx context.Context) error {
			app.Go(func(context.Context) error { time.Sleep(time.Minute); return nil })
			<-ctx.Done()
			return ctx.Err()
		}
	}
	for _, test := range []struct {
		name    string
		handler func(app *bare.Application) bare.LifespanHandler
		fault   string
	}{
		{"the context's error", func(*bare.Application) bare.LifespanHandler {
			return func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		}, ""},
		{"its cause", func(*bare.Application) bare.LifespanHandler {
			return func(ctx context.Context) error { <-ctx.Done(); return context.Cause(ctx) }
		}, ""},
		{"success", func(*bare.Application) bare.LifespanHandler {
			return func(ctx context.Context) error { <-ctx.Done(); return nil }
		}, ""},
		{"another error", func(*bare.Application) bare.LifespanHandler {
			return func(ctx context.Context) error { <-ctx.Done(); return broken }
		}, "broken"},
		{"a deadline of its own", func(*bare.Application) bare.LifespanHandler {
			return func(ctx context.Context) error { <-ctx.Done(); return context.DeadlineExceeded }
		}, "deadline"},
		{"a task that takes its time", func(app *bare.Application) bare.LifespanHandler {
			return func(ctx context.Context) error {
				app.Go(func(ctx context.Context) error { <-ctx.Done(); time.Sleep(5 * time.Second); return nil })
				<-ctx.Done()
				return ctx.Err()
			}
		}, ""},
		{"a task that does not end", stubborn, "still running"},
	} {
		t.Run(test.name, func(t *testing.T) {
			overHTTP1(t, func(t *testing.T) {
				app, _ := newApp(empty)
				app.OnStartup(test.handler(app))
				app.OnStartup(func(context.Context) error { t.Error("the next handler ran"); return nil })
				ctx, cancel := context.WithCancelCause(t.Context())
				listener := brokenListener{make(chan error)}
				ended := make(chan error)
				go func() { ended <- bare.Server{Listener: listener}.Run(ctx, app) }()
				synctest.Wait()
				cancel(errors.New("SIGTERM"))
				err := <-ended
				if test.fault == "" && err != nil || test.fault != "" && (err == nil || !strings.Contains(err.Error(), test.fault)) {
					t.Errorf("Run returned %v", err)
				}
				time.Sleep(time.Minute)
			})
		})
	}
}

func TestRunReportsAStopDuringTheStartUnlessItWasASignal(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for _, test := range []struct {
		name   string
		signal bool // comes before the stop
		fault  error
		want   error
	}{
		{"a stop", false, nil, bare.ErrShutdown},
		{"a stop, and a handler that fails", false, broken, broken},
		{"a signal and a stop", true, nil, nil},
		{"a signal and a stop, and a handler that fails", true, broken, broken},
	} {
		t.Run(test.name, func(t *testing.T) {
			overHTTP1(t, func(t *testing.T) {
				app, _ := newApp(empty)
				app.OnStartup(func(ctx context.Context) error {
					<-ctx.Done()
					time.Sleep(time.Second)
					return cmp.Or(test.fault, ctx.Err())
				})
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				ended := make(chan error)
				go func() { ended <- bare.Server{Listener: brokenListener{make(chan error)}}.Run(ctx, app) }()
				synctest.Wait()
				if test.signal {
					cancel()
				}
				if err := app.Shutdown(t.Context()); err != nil {
					t.Errorf("Shutdown returned %v", err)
				}
				if err := <-ended; !errors.Is(err, test.want) {
					t.Errorf("Run returned %v", err)
				}
			})
		})
	}
}

func TestRunReportsWhatKeepsItFromStarting(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		listener := brokenListener{make(chan error)}
		run := func(app *bare.Application) error { return bare.Server{Listener: listener}.Run(ctx, app) }
		app, _ := newApp(empty)
		app.Middlewares = append(app.Middlewares, nil)
		if err := run(app); err == nil || !strings.Contains(err.Error(), "is nil") {
			t.Errorf("with a nil middleware Run returned %v", err)
		}
		app, _ = newApp(empty)
		ended := make(chan error)
		go func() { ended <- run(app) }()
		synctest.Wait()
		if err := run(app); err == nil {
			t.Error("an application ran twice at a time")
		}
		cancel()
		listener.failure <- net.ErrClosed
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestAMiddlewareThatIsNilKeepsTheApplicationFromStarting(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, _ := newApp(empty)
		starts := 0
		app.OnStartup(func(context.Context) error { starts++; return nil })
		through := func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse { return handler(request) }
		app.Middlewares = []bare.HttpMiddleware{through, nil}
		err := app.Startup(t.Context())
		if err == nil || err.Error() != "bare: Application.Middlewares[1] is nil" || starts != 0 {
			t.Errorf("Startup returned %v, and the handler ran %d times", err, starts)
		}
		app.Middlewares[1] = through
		if got := serve(t, baretest.HTTP1, app).Get("/").Response.StatusCode; got != 200 || starts != 1 {
			t.Errorf("got %d, and the handler ran %d times", got, starts)
		}
	})
}

func TestAMiddlewareThatAStartUpHandlerAddsIsChecked(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, _ := newApp(empty)
		app.OnStartup(func(context.Context) error { app.Middlewares = append(app.Middlewares, nil); return nil })
		if err := app.Startup(t.Context()); err == nil || !strings.Contains(err.Error(), "Middlewares[0] is nil") {
			t.Errorf("Startup returned %v", err)
		}
	})
}
