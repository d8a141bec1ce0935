package bare_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

func TestALongPollAnswersAtOnceWhenTheServerStops(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, log := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			select {
			case <-time.After(time.Minute):
				return bare.TextResponse(200, "news")
			case <-request.Stopping():
			}
			if request.Context().Err() != nil {
				t.Error("the context of a handler ended at the stop")
			}
			return bare.TextResponse(200, "ask again")
		})
		for range 2 { // the second time with a channel of its own
			server := serve(t, protocol, app)
			if got := server.Get("/").Rest(); got != "news" {
				t.Errorf("before the stop got %q", got)
			}
			came := make(chan string)
			go func() { came <- server.Get("/").Rest() }()
			time.Sleep(time.Second)
			begin := time.Now()
			stopped := make(chan error)
			go func() { stopped <- server.Stop() }()
			if got := <-came; got != "ask again" || time.Since(begin) > 10*time.Millisecond {
				t.Errorf("after %v of the stop got %q", time.Since(begin), got)
			}
			if err := <-stopped; err != nil || time.Since(begin) > 2*time.Second {
				t.Errorf("after %v the stop returned %v", time.Since(begin), err)
			}
		}
		wantLogged(t, log)
	})
}

func TestARequestThatComesDuringAStopSeesIt(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			request.Sleep(2 * time.Second)
			select {
			case <-request.Stopping():
				return bare.TextResponse(200, "stopping")
			default:
				return bare.TextResponse(200, "running")
			}
		})
		server := serve(t, protocol, app)
		came := make(chan string)
		go func() { came <- server.Get("/").Rest() }()
		time.Sleep(time.Second)
		stopped := make(chan error)
		go func() { stopped <- server.Stop() }()
		if got := <-came; got != "stopping" {
			t.Errorf("got %q", got)
		}
		if err := <-stopped; err != nil {
			t.Error(err)
		}
	})
}

func TestARequestThatNoServerMadeIsNeverToldToStop(t *testing.T) {
	t.Parallel()
	for _, request := range []*bare.HttpRequest{new(bare.HttpRequest), baretest.NewRequest(http.MethodGet, "/", nil)} {
		if request.Stopping() != nil {
			t.Error("there is a channel")
		}
	}
}

func TestAnApplicationThatNobodyStartedTellsItsRequestsToStop(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		told := false
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			<-request.Stopping()
			return bare.HttpResponse{Body: func(yield func([]byte) bool) {
				<-request.Context().Done()
				told = errors.Is(context.Cause(request.Context()), bare.ErrShutdown)
			}}
		})
		outer := bare.NewApplication()
		outer.Mount("/", app)
		server := serve(t, baretest.HTTP1, outer)
		ended := make(chan bool)
		go func() { server.Get("/").Rest(); close(ended) }()
		synctest.Wait()
		if err := app.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		if <-ended; !told {
			t.Error("the stream was not told to end")
		}
	})
}

func TestAGraceThatIsUsedUpIsNoFaultByItself(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		grace    time.Duration
		shutdown bare.LifespanHandler
	}{
		"when it is negative and nothing is open": {-1, func(context.Context) error { return nil }},
		"when the shutdown handler took it all": {time.Second, func(ctx context.Context) error {
			<-ctx.Done()
			return nil
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				for range 20 { // the old fault was the choice between two channels
					app, _ := newApp(empty)
					app.OnShutdown(test.shutdown)
					app.Go(func(context.Context) error { return nil })
					server := baretest.Config{Protocol: protocol, Server: bare.Server{Grace: test.grace}}.NewServer(t, app)
					server.Get("/").Rest() // and leaves a connection
					synctest.Wait()        // for the task, which no grace waits for
					if err := server.Stop(); err != nil {
						t.Fatal(err)
					}
				}
			})
		})
	}
}

// unread asks for a path on a connection of its own, and takes nothing of the
// response until the returned function is called.
func unread(t *testing.T, server *baretest.Server, path string) (read func() string) {
	t.Helper()
	conn := server.Dial()
	t.Cleanup(func() { _ = conn.Close() })
	send(t, conn, "GET "+path+" HTTP/1.1\r\nHost: x\r\n\r\n")
	time.Sleep(time.Second)
	return func() string {
		rest, _ := io.ReadAll(conn)
		return string(rest)
	}
}

// almost fills what the connection in memory holds, and leaves a rest that stays
// in net/http's buffer until the handler has returned.
const almost, rest = 64<<10 - 200, 1 << 10

func newFinishedApp() *bare.Application {
	app, _ := newApp(func(*bare.HttpRequest) bare.HttpResponse {
		return bare.HttpResponse{
			Headers: bare.Headers("content-length", strconv.Itoa(almost+rest)),
			Body: func(yield func([]byte) bool) {
				_ = yield(make([]byte, almost)) && yield(make([]byte, rest))
			},
		}
	})
	app.Mount("/mounted", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(almost+rest))
		_, _ = w.Write(make([]byte, almost))
		_, _ = w.Write(make([]byte, rest))
	}))
	app.Mount("/slow", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(time.Minute)
		w.WriteHeader(http.StatusNoContent)
	}))
	return app
}

func TestAFinishedResponseThatNobodyTakesDoesNotFailAStop(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		path  string
		fault string
	}{
		{"/", ""},
		{"/mounted", ""},
		{"/slow", "bare: requests were cut at the end of the grace"},
	} {
		t.Run(test.path, func(t *testing.T) {
			overHTTP1(t, func(t *testing.T) {
				server := serve(t, baretest.HTTP1, newFinishedApp())
				read := unread(t, server, test.path)
				begin := time.Now()
				err := server.Stop()
				if test.fault == "" && err != nil || test.fault != "" && (err == nil || !strings.HasPrefix(err.Error(), test.fault)) {
					t.Errorf("the stop returned %v", err)
				}
				if took := time.Since(begin); took != bare.DefaultGrace {
					t.Errorf("the stop took %v: no client held it up to the end of the grace", took)
				}
				if got := len(read()); got > almost+rest {
					t.Errorf("got %d bytes: the response was not cut", got)
				}
				time.Sleep(time.Minute)
			})
		})
	}
}

func TestAServerDrainsWhoeverStoppedTheApplication(t *testing.T) {
	t.Parallel()
	for name, when := range map[string]time.Duration{"before": 3 * time.Second, "at the same time": time.Second} {
		t.Run(name, func(t *testing.T) {
			overHTTP1(t, func(t *testing.T) {
				app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
					request.Sleep(9 * time.Second)
					return bare.TextResponse(200, "ordered")
				})
				app.OnShutdown(func(context.Context) error { time.Sleep(2 * time.Second); return nil })
				server := serve(t, baretest.HTTP1, app)
				came := make(chan string, 1)
				go func() { came <- server.Get("/").Rest() }()
				synctest.Wait()
				stopped := make(chan error, 1)
				go func() { stopped <- app.Shutdown(t.Context()) }()
				time.Sleep(when)
				begin := time.Now()
				if err := server.Stop(); err != nil || time.Since(begin) < 9*time.Second-when {
					t.Errorf("after %v the server's stop returned %v", time.Since(begin), err)
				}
				if err := <-stopped; err != nil {
					t.Error(err)
				}
				if got := <-came; got != "ordered" {
					t.Errorf("got %q", got)
				}
			})
		})
	}
}

func TestAHandlerThatIsCutAtTheEndOfTheGraceIsTold(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		var cause error
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			request.Sleep(time.Hour)
			cause = context.Cause(request.Context())
			return bare.HttpResponse{}
		})
		server := serve(t, baretest.HTTP1, app)
		conn := server.Dial()
		defer conn.Close()
		// Its body is unread, so that net/http does not look.
		send(t, conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n")
		time.Sleep(time.Second)
		if err := server.Stop(); err == nil {
			t.Error("a handler that was cut is no failure")
		}
		synctest.Wait()
		if !errors.Is(cause, bare.ErrShutdown) {
			t.Errorf("the cause is %v", cause)
		}
	})
}
