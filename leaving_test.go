package bare_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

func TestAClientThatLeavesEndsTheBodyAtOnce(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		var ends []bare.End
		var cause error
		app, log := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			request.OnEnd(func(e bare.End) { ends = append(ends, e) })
			return bare.HttpResponse{Body: func(yield func([]byte) bool) {
				yield([]byte("hello"))
				request.Sleep(time.Hour)
				cause = context.Cause(request.Context())
			}}
		})
		stream := serve(t, protocol, app).Get("/")
		stream.Next()
		time.Sleep(time.Minute)
		start := time.Now()
		stream.Close()
		synctest.Wait()
		if len(ends) != 1 || !errors.Is(ends[0].Err, bare.ErrClientGone) || ends[0].Bytes != 5 || ends[0].Duration > 2*time.Minute {
			t.Fatalf("%v after the client left, OnEnd was told %+v", time.Since(start), ends)
		}
		if !errors.Is(cause, context.Canceled) {
			t.Errorf("the cause is %v", cause)
		}
		wantLogged(t, log)
	})
}

func TestABodyThatIgnoresItsContextIsStoppedAtItsNextYield(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		var yields atomic.Int32
		app, _ := bodyOf(func(_ *bare.HttpRequest, yield func([]byte) bool) {
			for yield([]byte("x")) {
				yields.Add(1)
				time.Sleep(time.Second)
			}
		})
		stream := serve(t, protocol, app).Get("/")
		stream.Next()
		stream.Close()
		time.Sleep(time.Minute)
		if got := yields.Load(); got != 1 {
			t.Errorf("the body yielded %d chunks, want the one before the client left", got)
		}
	})
}

func TestAHandlerSeesThatItsClientLeaves(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		slept := make(chan bool, 1)
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			slept <- request.Sleep(time.Hour)
			return bare.HttpResponse{}
		})
		server := serve(t, protocol, app)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if response, err := server.Client().Do(request); err == nil {
			response.Body.Close()
			t.Fatal("there was a response")
		}
		if <-slept || time.Since(start) != time.Second {
			t.Errorf("the handler slept for %v", time.Since(start))
		}
	})
}

func TestOnEndIsToldOnceWhateverHappens(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		method  string
		respond func() bare.HttpResponse
		want    bare.End
	}{
		{"a body", "GET", func() bare.HttpResponse { return bare.TextResponse(201, "four") }, bare.End{Status: 201, Bytes: 4, Chunks: 1}},
		{"no body", "GET", func() bare.HttpResponse { return bare.HttpResponse{Status: 202} }, bare.End{Status: 202}},
		{"HEAD", "HEAD", func() bare.HttpResponse { return bare.TextResponse(200, "four") }, bare.End{Status: 200}},
		{"a panic", "GET", func() bare.HttpResponse { panic("oops") }, bare.End{Status: 500, Bytes: 21, Chunks: 1}},
		{"an abort", "GET", func() bare.HttpResponse { panic(http.ErrAbortHandler) }, bare.End{Err: http.ErrAbortHandler}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				var ends []bare.End
				app, log := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
					request.OnEnd(func(bare.End) { panic("a bad observer") })
					request.OnEnd(func(e bare.End) { ends = append(ends, e) })
					return test.respond()
				})
				server := serve(t, protocol, app)
				request, err := http.NewRequestWithContext(t.Context(), test.method, server.URL+"/", http.NoBody)
				if err != nil {
					t.Fatal(err)
				}
				if response, err := server.Client().Do(request); err == nil {
					_, _ = io.Copy(io.Discard, response.Body)
					response.Body.Close()
				}
				synctest.Wait()
				if len(ends) < 1 || ends[0] != test.want {
					t.Errorf("OnEnd was told %+v, want %+v", ends, test.want)
				}
				if test.name != "an abort" && len(ends) != 1 { // a client tries again when it was cut off
					t.Errorf("OnEnd was told %d times", len(ends))
				}
				const logged = "ERROR bare: a function given to OnEnd panicked"
				if !slices.ContainsFunc(log.above(), func(line string) bool { return strings.HasPrefix(line, logged) }) {
					t.Errorf("logged %q", log.above())
				}
			})
		})
	}
}

func TestAStopEndsStreamsCleanlyAndLetsHandlersFinish(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, log := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			var cause error
			request.OnEnd(func(e bare.End) {
				if !errors.Is(e.Err, bare.ErrShutdown) || !errors.Is(cause, bare.ErrShutdown) {
					t.Errorf("OnEnd was told %v, and the cause is %v", e.Err, cause)
				}
			})
			return bare.HttpResponse{Body: func(yield func([]byte) bool) {
				for range request.Every(time.Second) {
					if !yield([]byte("tick")) {
						return
					}
				}
				cause = context.Cause(request.Context())
				yield([]byte("bye"))
			}}
		})
		app.OnHttpRequest(bare.Methods{"GET"}, "/order", func(request *bare.HttpRequest) bare.HttpResponse {
			if !request.Sleep(2 * time.Second) {
				t.Error("the context of a handler ended at the stop")
			}
			return bare.TextResponse(200, "ordered")
		})
		app.OnHttpRequest(bare.Methods{"GET"}, "/download", func(request *bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{Body: bare.StreamWriter(func(yield func([]byte) bool) error {
				yield([]byte("half"))
				request.Sleep(time.Hour)
				return request.Context().Err()
			})}
		})
		server := serve(t, protocol, app)
		stream, download := server.Get("/"), server.Get("/download")
		stream.Next()
		download.Next()
		ordered := make(chan string)
		go func() { ordered <- server.Get("/order").Rest() }()
		time.Sleep(500 * time.Millisecond)
		start := time.Now()
		stopped := make(chan error)
		go func() { stopped <- server.Stop() }()
		if got := stream.Rest(); got != "bye" || stream.Err() != nil || time.Since(start) > 10*time.Millisecond {
			t.Errorf("after %v the stream ended with %q (%v)", time.Since(start), got, stream.Err())
		}
		if download.Rest(); download.Err() == nil {
			t.Error("a download that was interrupted looks complete")
		}
		if got := <-ordered; got != "ordered" {
			t.Errorf("the order was answered with %q", got)
		}
		if err := <-stopped; err != nil || time.Since(start) > 5*time.Second {
			t.Errorf("the stop took %v: %v", time.Since(start), err)
		}
		wantLogged(t, log)
	})
}

func TestTheGraceBoundsAStop(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := bodyOf(func(_ *bare.HttpRequest, yield func([]byte) bool) {
			for yield([]byte("x")) {
				time.Sleep(100 * time.Millisecond)
			}
		})
		server := baretest.Config{Protocol: protocol, Server: bare.Server{Grace: 3 * time.Second}}.NewServer(t, app)
		stream := server.Get("/")
		start := time.Now()
		err := server.Stop()
		if took := time.Since(start); err == nil || took > 4*time.Second {
			t.Errorf("after %v the stop returned %v", took, err)
		}
		if stream.Rest(); stream.Err() == nil {
			t.Error("a body that was cut at the end of the grace looks complete")
		}
		time.Sleep(time.Second) // the body finds out at its next yield
	})
}

func TestShutdownHandlersRunInOrderWhileRequestsDrain(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		order := make(chan string, 10)
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			request.Sleep(5 * time.Second)
			order <- "request"
			return bare.HttpResponse{}
		})
		note := func(name string, err error) bare.LifespanHandler {
			return func(context.Context) error {
				order <- name
				return err
			}
		}
		app.OnStartup(note("start 1", nil))
		app.OnStartup(note("start 2", nil))
		app.OnShutdown(note("stop 1", errors.New("first fault")))
		app.OnShutdown(func(context.Context) error { panic("second fault") })
		app.OnShutdown(note("stop 3", nil))
		app.Go(func(ctx context.Context) error {
			<-ctx.Done()
			time.Sleep(time.Second)
			order <- "task"
			return ctx.Err()
		})
		server := serve(t, baretest.HTTP1, app)
		done := make(chan bool)
		go func() { server.Get("/"); close(done) }()
		time.Sleep(time.Second)
		err := server.Stop()
		<-done
		for _, want := range []string{"first fault", "second fault"} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("Run returned %v, which does not report the %s", err, want)
			}
		}
		for _, want := range []string{"start 1", "start 2", "stop 1", "stop 3", "task", "request"} {
			if got := <-order; got != want {
				t.Errorf("%q came, want %q", got, want)
			}
		}
	})
}

func TestAStartupHandlerThatFailsKeepsTheServerFromListening(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app := bare.NewApplication()
		broken := errors.New("no database")
		app.OnStartup(func(context.Context) error { return broken })
		app.OnStartup(func(context.Context) error { t.Error("the next one ran"); return nil })
		listening := false
		server := bare.Server{Addr: "127.0.0.1:0"}
		server.OnListen = func(net.Addr) { listening = true }
		if err := server.Run(t.Context(), app); !errors.Is(err, broken) || listening {
			t.Errorf("Run returned %v, and listened: %t", err, listening)
		}
	})
}

func TestConnectionsWithoutARequestDoNotDelayAStop(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, _ := newApp(func(*bare.HttpRequest) bare.HttpResponse { return bare.TextResponse(200, "ok") })
		server := serve(t, baretest.HTTP1, app)
		conn := server.Dial()
		defer conn.Close()
		half := server.Dial()
		defer half.Close()
		send(t, half, "GET / HTT")
		server.Get("/").Rest()
		start := time.Now()
		if err := server.Stop(); err != nil || time.Since(start) > 2*time.Second {
			t.Errorf("the stop took %v: %v", time.Since(start), err)
		}
	})
}

func TestAStalledClientIsCutOffAndOthersDoNotNotice(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		ends := make(chan bare.End, 1)
		app, log := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			request.OnEnd(func(e bare.End) { ends <- e })
			return bare.HttpResponse{Body: func(yield func([]byte) bool) {
				chunk := make([]byte, 32<<10)
				for yield(chunk) {
				}
			}}
		})
		app.StallTimeout = 20 * time.Second
		app.OnHttpRequest(bare.Methods{"GET"}, "/other", func(*bare.HttpRequest) bare.HttpResponse { return bare.TextResponse(200, "fine") })
		server := serve(t, protocol, app)
		start := time.Now()
		stalled := server.Get("/") // never read
		for range 10 {
			if got := server.Get("/other").Rest(); got != "fine" {
				t.Errorf("the other client got %q", got)
			}
			time.Sleep(time.Second)
		}
		end := <-ends
		if took := time.Since(start); !errors.Is(end.Err, bare.ErrStalled) || took > 25*time.Second || took < 15*time.Second {
			t.Errorf("after %v OnEnd was told %v", took, end.Err)
		}
		stalled.Close()
		wantLogged(t, log)
	})
}

func TestASlowButSteadyReaderOfALargeChunkIsNotCutOff(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		const size = 2 << 20
		app, _ := newApp(func(*bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{Body: bare.BytesWriter(make([]byte, size))}
		})
		app.StallTimeout = 10 * time.Second
		stream := serve(t, protocol, app).Get("/")
		total := 0
		for total < size {
			got := len(stream.Next())
			if got == 0 {
				break
			}
			total += got
			time.Sleep(time.Duration(got) * 100 * time.Microsecond) // 10 kB/s
		}
		if total != size || stream.Err() != nil {
			t.Errorf("got %d of %d bytes: %v", total, size, stream.Err())
		}
	})
}

func TestAnHourOfSilenceIsNoStall(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := bodyOf(func(request *bare.HttpRequest, yield func([]byte) bool) {
			_ = yield([]byte("a")) && request.Sleep(time.Hour) && yield([]byte("b"))
		})
		stream := serve(t, protocol, app).Get("/")
		if got := stream.Rest(); got != "ab" || stream.Err() != nil {
			t.Errorf("got %q (%v)", got, stream.Err())
		}
	})
}
