package bare_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

// marking adds a mark to a list when a request comes, and what it finds when it
// has been answered.
func marking(marks *[]string, mark string) foreignMiddleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			*marks = append(*marks, mark)
			next.ServeHTTP(w, r)
			*marks = append(*marks, mark+" "+r.Pattern)
		})
	}
}

func TestTheFirstMiddlewareWrappedIsTheOutermost(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/orders/7": "a, b, c, c /orders/{id:int}, b /orders/{id:int}, a /orders/{id:int}",
		"/mounted":  "a, b, c, c , b , a ",
		"/nowhere":  "a, b, c, c , b , a ",
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				var marks []string
				app, log := newApp(empty)
				app.OnHttpRequest(bare.Methods{"GET"}, "/orders/{id:int}", empty)
				app.Mount("/mounted", http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
				for _, mark := range []string{"a", "b", "c"} {
					app.Wrap(marking(&marks, mark))
				}
				serve(t, protocol, app).Get(path).Rest()
				synctest.Wait()
				if got := strings.Join(marks, ", "); got != want {
					t.Errorf("got %q, want %q", got, want)
				}
				wantLogged(t, log)
			})
		})
	}
}

func TestAMiddlewareOfNetHTTPFindsTheRoutesPattern(t *testing.T) {
	t.Parallel()
	for name, put := range map[string]func(app *bare.Application, middleware func(http.Handler) http.Handler){
		"wrapped around": (*bare.Application).Wrap,
		"in the chain": func(app *bare.Application, middleware func(http.Handler) http.Handler) {
			app.Middlewares = append(app.Middlewares, bare.FromHTTPMiddleware(middleware))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var marks []string
			app, _ := newApp(empty)
			app.OnHttpRequest(bare.Methods{"GET"}, "/orders/{id:int}", empty)
			put(app, marking(&marks, "seen"))
			mux := http.NewServeMux()
			mux.Handle("GET /orders/", app)
			for _, path := range []string{"/orders/7", "/orders/none"} {
				app.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, http.NoBody))
				mux.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, http.NoBody))
			}
			want := "seen, seen /orders/{id:int}, seen, seen /orders/{id:int}, seen, seen , seen, seen GET /orders/"
			if got := strings.Join(marks, ", "); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

func TestAMiddlewareIsMadeOnceForAllRequests(t *testing.T) {
	t.Parallel()
	made := 0
	counting := func(next http.Handler) http.Handler {
		made++
		return next
	}
	app, _ := newApp(bare.Chain(empty, bare.FromHTTPMiddleware(counting)))
	app.Wrap(counting)
	app.Wrap(counting)
	for range 3 {
		app.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", http.NoBody))
	}
	if made != 3 {
		t.Errorf("three middlewares were made %d times", made)
	}
}

func TestAMountInsideAWrappedMiddlewareMayHijack(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		var marks []string
		app, _ := newApp(empty)
		app.Wrap(marking(&marks, "a"))
		app.Mount("/raw", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			_, _ = io.WriteString(conn, "raw bytes")
		}))
		conn := serve(t, baretest.HTTP1, app).Dial()
		defer conn.Close()
		send(t, conn, "GET /raw HTTP/1.1\r\nHost: x\r\n\r\n")
		got, err := io.ReadAll(conn)
		synctest.Wait()
		if string(got) != "raw bytes" || err != nil || !slices.Contains(marks, "a") {
			t.Errorf("got %q (%v) %v", got, err, marks)
		}
	})
}

func TestAStreamStaysLiveInAWrappedApplication(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, log, _ := ticking()
		app.Wrap(hoard(func(int) {}))
		app.Wrap(behind(func(w http.ResponseWriter) http.ResponseWriter { return hiddenFlush{bareWriter{w}} }))
		start := time.Now()
		stream := serve(t, protocol, app).Get("/")
		for i := range 3 {
			if got, late := stream.Next(), time.Since(start)-time.Duration(i)*time.Second; got != "tick;" || late > time.Millisecond {
				t.Errorf("%q came %v late", got, late)
			}
		}
		if stream.Rest(); stream.Err() != nil {
			t.Error(stream.Err())
		}
		wantLogged(t, log)
	})
}

func TestAnApplicationIsWrappedBeforeItServes(t *testing.T) {
	t.Parallel()
	wrapped := func(app *bare.Application) (fault any) {
		defer func() { fault = recover() }()
		app.Wrap(same)
		return nil
	}
	app, _ := newApp(empty)
	app.OnStartup(func(context.Context) error {
		if fault := wrapped(app); fault != nil {
			t.Errorf("during the start: %v", fault)
		}
		return nil
	})
	if err := app.Startup(t.Context()); err != nil {
		t.Fatal(err)
	}
	if fault := wrapped(app); fault != "bare: Wrap: the application serves already" {
		t.Errorf("after the start: %v", fault)
	}
	other, _ := newApp(empty)
	other.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", http.NoBody))
	if fault := wrapped(other); fault != "bare: Wrap: the application serves already" {
		t.Errorf("after a request: %v", fault)
	}
	mounts, _ := newApp(empty)
	mounts.Mount("/mounted", http.NotFoundHandler())
	mounts.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/mounted", http.NoBody))
	if fault := wrapped(mounts); fault != "bare: Wrap: the application serves already" {
		t.Errorf("after a request for a mount: %v", fault)
	}
}

func TestAStopFailsIfAWrappedMiddlewareIsCutAtWork(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, _ := newApp(empty)
		app.Wrap(func(http.Handler) http.Handler {
			return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				<-r.Context().Done()
				time.Sleep(time.Second)
			})
		})
		server := baretest.Config{Server: bare.Server{Grace: time.Minute}}.NewServer(t, app)
		conn := server.Dial()
		defer conn.Close()
		send(t, conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		time.Sleep(time.Second)
		if err := server.Stop(); err == nil {
			t.Error("the stop was clean")
		}
		time.Sleep(time.Minute)
	})
}
