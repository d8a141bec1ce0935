package baretest_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

func TestAPostHasItsBodyAndContentType(t *testing.T) {
	t.Parallel()
	echo := func(request *bare.HttpRequest) bare.HttpResponse {
		text, err := request.Text()
		if err != nil {
			return bare.ErrorResponse(err)
		}
		return bare.TextResponse(200, strings.Join(request.Scope.Header["Content-Type"], " ")+": "+text)
	}
	tests := []struct {
		name, contentType string
		body              io.Reader
		want              string
	}{
		{"a body", "application/json", strings.NewReader("{}"), "application/json: {}"},
		{"a body of an unknown length", "text/plain", io.MultiReader(strings.NewReader("a"), strings.NewReader("b")), "text/plain: ab"},
		{"no content type", "", strings.NewReader("x"), ": x"},
		{"no body", "", nil, ": "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			app := bare.NewApplication()
			app.OnHttpRequest(bare.Methods{"POST"}, "/", echo)
			if got := baretest.NewServer(t, app).Post("/", test.contentType, test.body).Rest(); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// A diary keeps what happened, in its order.
type diary struct{ entries []string }

func (d *diary) note(entry string) { d.entries = append(d.entries, entry) }

// ticking is an application whose every tick is at /ticks, whatever the prefix.
func ticking(d *diary, prefix string) *bare.Application {
	app := bare.NewApplication()
	app.OnStartup(func(context.Context) error { d.note("start " + prefix); return nil })
	app.OnShutdown(func(context.Context) error { d.note("stop " + prefix); return nil })
	app.Middlewares = append(app.Middlewares, func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
		return handler(request).WithHeader("x-middleware", prefix)
	})
	app.OnHttpRequest(bare.Methods{"GET"}, prefix+"/ticks", func(request *bare.HttpRequest) bare.HttpResponse {
		return bare.HttpResponse{
			Headers: bare.Headers("content-type", "text/event-stream"),
			Body: func(yield func([]byte) bool) {
				for range request.Every(time.Second) {
					if !yield([]byte("data: " + prefix + "\n\n")) {
						return
					}
				}
			},
		}
	})
	return app
}

func TestAMuxWithApplicationsIsServedStartedAndStopped(t *testing.T) {
	t.Parallel()
	for _, protocol := range baretest.Protocols() {
		t.Run(protocol.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := new(diary)
				a, b := ticking(d, "/a"), ticking(d, "/b")
				mux := http.NewServeMux()
				mux.Handle("/a/", a)
				mux.Handle("/b/", b)
				mux.HandleFunc("/plain", func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Proto) })
				server := baretest.Config{Protocol: protocol}.NewHandlerServer(t, mux, a, b)
				want := map[baretest.Protocol]string{baretest.HTTP1: "HTTP/1.1", baretest.H2C: "HTTP/2.0", baretest.HTTP2: "HTTP/2.0"}[protocol]
				if got := server.Get("/plain").Rest(); got != want {
					t.Errorf("the plain handler says %q, want %q", got, want)
				}
				start := time.Now()
				streams := []*baretest.Stream{server.Get("/a/ticks"), server.Get("/b/ticks")}
				for i, prefix := range []string{"/a", "/b"} {
					for range 3 {
						if got := streams[i].Event(); got != "data: "+prefix+"\n\n" {
							t.Errorf("got %q", got)
						}
					}
					if got := streams[i].Response.Header.Get("X-Middleware"); got != prefix {
						t.Errorf("the middleware of %s says %q", prefix, got)
					}
				}
				if took := time.Since(start); took != 2*time.Second {
					t.Errorf("three ticks took %v", took)
				}
				if err := server.Stop(); err != nil {
					t.Error(err)
				}
				for _, stream := range streams {
					if stream.Rest(); stream.Err() != nil {
						t.Errorf("the stop has cut a stream: %v", stream.Err())
					}
				}
				if want := []string{"start /a", "start /b", "stop /a", "stop /b"}; !slices.Equal(d.entries, want) {
					t.Errorf("what happened is %q", d.entries)
				}
			})
		})
	}
}

func TestWhatGoesAroundAnApplicationIsServedWithIt(t *testing.T) {
	t.Parallel()
	d := new(diary)
	app := ticking(d, "")
	outer := func(inner http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Outer", "here")
			inner.ServeHTTP(w, r)
		})
	}
	synctest.Test(t, func(t *testing.T) {
		stream := baretest.NewHandlerServer(t, outer(app), app).Get("/ticks")
		if got := stream.Event(); got != "data: \n\n" || stream.Response.Header.Get("X-Outer") != "here" {
			t.Errorf("got %q with %v", got, stream.Response.Header)
		}
		if _, ok := stream.Response.Header["X-Middleware"]; !ok {
			t.Error("the application's middleware did not run")
		}
		stream.Close()
	})
	if want := []string{"start ", "stop "}; !slices.Equal(d.entries, want) {
		t.Errorf("what happened is %q", d.entries)
	}
}

func TestAHandlersServerReportsItsFailuresToTheTest(t *testing.T) {
	t.Parallel()
	broken := func(context.Context) error { return errors.New("broken") }
	tests := []struct {
		name    string
		try     func(tb testing.TB, d *diary)
		want    string // the beginning of the only failure
		entries []string
	}{
		{"an application that does not start", func(tb testing.TB, d *diary) {
			bad := bare.NewApplication()
			bad.OnStartup(broken)
			baretest.NewHandlerServer(tb, bad, ticking(d, "/a"), bad, ticking(d, "/b"))
		}, "baretest: the server did not start: bare: a start-up handler failed: broken", []string{"start /a", "stop /a"}},
		{"an application that does not stop", func(tb testing.TB, d *diary) {
			bad := bare.NewApplication()
			bad.OnShutdown(broken)
			baretest.NewHandlerServer(tb, bad, bad, ticking(d, "/b"))
		}, "baretest: the server did not stop cleanly: bare: a shutdown handler failed: broken", []string{"start /b", "stop /b"}},
		{"a request that outlasts the grace", func(tb testing.TB, _ *diary) {
			start := time.Now()
			tb.Cleanup(func() {
				if took := time.Since(start); took != 3*time.Second {
					tb.Errorf("the stop took %v", took)
				}
			})
			config := baretest.Config{Server: bare.Server{Grace: 3 * time.Second}}
			conn := config.NewHandlerServer(tb, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				<-r.Context().Done()
			})).Dial()
			if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
				tb.Errorf("%v", err)
			}
			synctest.Wait() // it has come
		}, "baretest: the server did not stop cleanly: context deadline exceeded", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := new(diary)
				got := failures(t, func(tb testing.TB) { test.try(tb, d) })
				if len(got) != 1 || !strings.HasPrefix(got[0], test.want) {
					t.Errorf("the test reported %q, want %q", got, test.want)
				}
				if !slices.Equal(d.entries, test.entries) {
					t.Errorf("what happened is %q, want %q", d.entries, test.entries)
				}
			})
		})
	}
}

func TestAHandlersServerTellsItsAddress(t *testing.T) {
	t.Parallel()
	var told net.Addr
	config := baretest.Config{Server: bare.Server{OnListen: func(addr net.Addr) { told = addr }}}
	server := config.NewHandlerServer(t, http.NotFoundHandler())
	if got := server.Get("/").Response.StatusCode; got != http.StatusNotFound || told == nil {
		t.Errorf("status %d, at %v", got, told)
	}
}
