package bare_test

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

func TestAHandlerThatIsCalledWhenItsMiddlewareHasReturnedDoesNotRun(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		called := make(chan struct{})
		app, log, _ := through(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				go func() {
					time.Sleep(time.Second)
					next.ServeHTTP(w, r)
					close(called)
				}()
				_, _ = io.WriteString(w, "early")
			})
		}, func(*bare.HttpRequest) bare.HttpResponse {
			t.Error("the handler has run")
			return bare.HttpResponse{}
		})
		if got := serve(t, protocol, app).Get("/").Rest(); got != "early" {
			t.Errorf("got %q", got)
		}
		<-called
		wantLogged(t, log, "WARN bare: a middleware of net/http called its handler too late, or twice at once")
	})
}

func TestAHandlerMayBeCalledTwiceByItsMiddleware(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		call   func(first, second func())
		runs   int
		logged []string
	}{
		"one after the other": {func(first, second func()) {
			first()
			second()
		}, 2, nil},
		"at once": {func(first, second func()) {
			var group sync.WaitGroup
			group.Go(first)
			group.Go(second)
			group.Wait()
		}, 1, []string{"WARN bare: a middleware of net/http called its handler too late, or twice at once"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				app, log, ends := through(func(next http.Handler) http.Handler {
					return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						run := func() { next.ServeHTTP(w, r) }
						c.call(run, run)
					})
				}, func(request *bare.HttpRequest) bare.HttpResponse {
					request.Locals["run"] = true
					request.Sleep(time.Second)
					return bare.HttpResponse{Body: bare.TextWriter("once;")}
				})
				if got, want := serve(t, protocol, app).Get("/").Rest(), strings.Repeat("once;", c.runs); got != want {
					t.Errorf("got %q, want %q", got, want)
				}
				synctest.Wait()
				if got := ends(); len(got) != 1 || got[0].Err != nil {
					t.Errorf("OnEnd was told %+v", got)
				}
				wantLogged(t, log, c.logged...)
			})
		})
	}
}

func TestAHandlerThatItsMiddlewareLeavesBehindHarmsNobody(t *testing.T) {
	t.Parallel()
	inside := map[string]func(request *bare.HttpRequest) bare.HttpResponse{
		"one that streams": func(request *bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{Body: func(yield func([]byte) bool) {
				for yield([]byte("x")) {
					time.Sleep(100 * time.Millisecond)
				}
			}}
		},
		"one that panics": func(*bare.HttpRequest) bare.HttpResponse {
			time.Sleep(time.Minute)
			panic("late")
		},
		"one that answers late": func(*bare.HttpRequest) bare.HttpResponse {
			time.Sleep(time.Minute)
			return bare.HttpResponse{Body: func(func([]byte) bool) { t.Error("the body is run") }}
		},
		"one that asks for the end": func(request *bare.HttpRequest) bare.HttpResponse {
			time.Sleep(time.Minute)
			request.OnEnd(func(bare.End) {})
			_, _ = io.ReadAll(request.Reader())
			return bare.FromHTTPHandler(http.NotFoundHandler())(request)
		},
	}
	for name, handler := range inside {
		for kind, middleware := range map[string]foreignMiddleware{
			"by TimeoutHandler": func(next http.Handler) http.Handler { return http.TimeoutHandler(next, time.Second, "too slow") },
			"on its own": func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					go next.ServeHTTP(w, r)
					time.Sleep(time.Second)
				})
			},
		} {
			t.Run(name+", "+kind, func(t *testing.T) {
				t.Parallel()
				eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
					app, _, ends := through(middleware, handler)
					start := time.Now()
					got := serve(t, protocol, app).Get("/").Rest()
					if time.Since(start) > time.Second+10*time.Millisecond || kind == "by TimeoutHandler" && got != "too slow" {
						t.Errorf("after %v got %q", time.Since(start), got)
					}
					time.Sleep(2 * time.Minute)
					if got := ends(); len(got) != 1 {
						t.Errorf("OnEnd was told %+v", got)
					}
				})
			})
		}
	}
}
