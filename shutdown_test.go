package bare_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

func TestABodyThatBeginsDuringAStopIsToldAtOnce(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		var cause error
		app, log := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			request.Sleep(2 * time.Second)
			return bare.HttpResponse{Body: func(yield func([]byte) bool) {
				_ = yield([]byte("begun")) && request.Sleep(time.Hour)
				cause = context.Cause(request.Context())
			}}
		})
		server := serve(t, protocol, app)
		came := make(chan string)
		go func() {
			stream := server.Get("/")
			rest := stream.Rest()
			if stream.Err() != nil {
				t.Errorf("the stream was cut: %v", stream.Err())
			}
			came <- rest
		}()
		time.Sleep(500 * time.Millisecond)
		start := time.Now()
		stopped := make(chan error)
		go func() { stopped <- server.Stop() }()
		if got := <-came; got != "begun" || time.Since(start) > 1600*time.Millisecond {
			t.Errorf("after %v the stream ended with %q", time.Since(start), got)
		}
		if err := <-stopped; err != nil {
			t.Error(err)
		}
		if !errors.Is(cause, bare.ErrShutdown) {
			t.Errorf("the cause is %v", cause)
		}
		wantLogged(t, log)
	})
}

func TestIdleConnectionsDoNotDelayAStop(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := respond(bare.TextResponse(200, "ok"))
		server := serve(t, protocol, app)
		server.Get("/").Rest()
		time.Sleep(time.Minute)
		start := time.Now()
		if err := server.Stop(); err != nil || time.Since(start) > 2*time.Second {
			t.Errorf("the stop took %v: %v", time.Since(start), err)
		}
	})
}

func TestAStartThatFailedMayBeTriedAgain(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, _ := respond(bare.TextResponse(200, "ok"))
		broken := errors.New("not yet")
		app.OnStartup(func(context.Context) error {
			defer func() { broken = nil }()
			return broken
		})
		if err := bare.Run(t.Context(), app, "127.0.0.1:0"); err == nil {
			t.Error("the first start did not fail")
		}
		if got := serve(t, baretest.HTTP1, app).Get("/").Rest(); got != "ok" {
			t.Errorf("got %q", got)
		}
	})
}

func TestAnAddressInUseStopsTheApplicationAgain(t *testing.T) {
	t.Parallel()
	taken, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	app, _ := newApp(empty)
	stops := 0
	app.OnShutdown(func(context.Context) error { stops++; return nil })
	if err := bare.Run(t.Context(), app, taken.Addr().String()); !errors.Is(err, syscall.EADDRINUSE) || stops != 1 {
		t.Errorf("Run returned %v, and the shutdown handler ran %d times", err, stops)
	}
}

// brokenListener fails as soon as it is told to.
type brokenListener struct{ failure chan error }

func (l brokenListener) Accept() (net.Conn, error) { return nil, <-l.failure }
func (brokenListener) Close() error                { return nil }
func (brokenListener) Addr() net.Addr              { return new(net.TCPAddr) }

func TestAListenerThatBreaksStopsTheApplication(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, _ := newApp(empty)
		stops := 0
		app.OnShutdown(func(context.Context) error { stops++; return nil })
		broken, listener := errors.New("broken"), brokenListener{make(chan error)}
		ended := make(chan error)
		go func() { ended <- bare.Server{Listener: listener}.Run(t.Context(), app) }()
		synctest.Wait()
		listener.failure <- broken
		if err := <-ended; !errors.Is(err, broken) || stops != 1 {
			t.Errorf("Run returned %v, and the shutdown handler ran %d times", err, stops)
		}
	})
}

// preface is what an HTTP/2 client sends before its first request: the magic
// text and empty SETTINGS (RFC 9113, section 3.4).
const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + "\x00\x00\x00\x04\x00\x00\x00\x00\x00"

func TestAConnectionThatSaysHelloDuringAStopDoesNotDelayIt(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		protocol baretest.Protocol
		early    bool // the TLS handshake comes before the stop
	}{
		{"h2c", baretest.H2C, false},
		{"HTTP/2", baretest.HTTP2, false},
		{"HTTP/2 after its handshake", baretest.HTTP2, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				app, log := respond(bare.TextResponse(200, "ok"))
				server := serve(t, test.protocol, app)
				conn := server.Dial()
				defer conn.Close()
				if test.protocol == baretest.HTTP2 {
					conn = tls.Client(conn, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}})
				}
				if test.early {
					send(t, conn, "") // shakes hands
				}
				synctest.Wait() // it is accepted
				start := time.Now()
				time.AfterFunc(100*time.Millisecond, func() {
					send(t, conn, preface)
					_, _ = io.Copy(io.Discard, conn)
				})
				if err := server.Stop(); err != nil || time.Since(start) > 2*time.Second {
					t.Errorf("the stop took %v: %v", time.Since(start), err)
				}
				wantLogged(t, log)
			})
		})
	}
}

func TestAMountedHandlerFinishesDuringAStop(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := newApp(empty)
		app.Mount("/slow/", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			time.Sleep(5 * time.Second)
			_, _ = io.WriteString(w, "done")
		}))
		server := serve(t, protocol, app)
		got := make(chan string)
		go func() { got <- server.Get("/slow/").Rest() }()
		time.Sleep(time.Second)
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
		if got := <-got; got != "done" {
			t.Errorf("got %q", got)
		}
	})
}
