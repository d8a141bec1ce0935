package bare_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
)

// A vanishing connection takes all that is written, as a kernel does, and its peer
// acknowledges none of it.
type vanishing struct{ net.Conn }

func (vanishing) Unacknowledged() (acknowledged uint64, waiting bool) { return 0, true }

// oneListener accepts one connection.
type oneListener struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (l *oneListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *oneListener) Close() error {
	close(l.closed)
	return nil
}

func (*oneListener) Addr() net.Addr { return new(net.TCPAddr) }

func TestAStreamWhosePeerHasVanishedIsStalled(t *testing.T) {
	t.Parallel()
	bodies := map[string]func(request *bare.HttpRequest, yield func([]byte) bool){
		"that Sleep ends": func(request *bare.HttpRequest, yield func([]byte) bool) {
			for yield([]byte("beat")) && request.Sleep(time.Second) {
			}
		},
		"that its context ends": func(request *bare.HttpRequest, yield func([]byte) bool) {
			yield([]byte("beat"))
			<-request.Context().Done()
		},
		"that fails": func(request *bare.HttpRequest, yield func([]byte) bool) {
			bare.StreamWriter(func(yield func([]byte) bool) error {
				yield([]byte("beat"))
				<-request.Context().Done()
				return request.Context().Err()
			})(yield)
		},
	}
	for name, body := range bodies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ended := make(chan bare.End, 1)
				app, log := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
					request.OnEnd(func(e bare.End) { ended <- e })
					return bare.HttpResponse{Body: func(yield func([]byte) bool) { body(request, yield) }}
				})
				ctx, cancel := context.WithCancel(t.Context())
				listener := &oneListener{make(chan net.Conn, 1), make(chan struct{})}
				stopped := make(chan error)
				go func() { stopped <- bare.Server{Listener: listener}.Run(ctx, app) }()
				client, server := net.Pipe()
				go func() { _, _ = io.Copy(io.Discard, client) }()
				listener.conns <- vanishing{server}
				send(t, client, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
				start := time.Now()
				end := <-ended
				if took := time.Since(start); !errors.Is(end.Err, bare.ErrStalled) || took < bare.DefaultStallTimeout || took > bare.DefaultStallTimeout*9/8+2*time.Second {
					t.Errorf("after %v OnEnd was told %+v", took, end)
				}
				cancel()
				if err := <-stopped; err != nil && !errors.Is(err, http.ErrServerClosed) {
					t.Error(err)
				}
				_ = client.Close()
				wantLogged(t, log)
			})
		})
	}
}

// departing tells that its peer has left, as only a kernel can know.
type departing struct {
	net.Conn

	left *atomic.Bool
}

func (d departing) Departed() bool { return d.left.Load() }

func TestADepartureThatOnlyTheKernelKnowsIsFound(t *testing.T) {
	t.Parallel()
	for name, stall := range map[string]time.Duration{"by default": 0, "with a short stall time": 8 * time.Second, "without a stall time": -1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ended := make(chan bare.End, 1)
				app, log := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
					request.OnEnd(func(e bare.End) { ended <- e })
					return bare.HttpResponse{Body: func(yield func([]byte) bool) { _ = yield([]byte("x")) && request.Sleep(time.Hour) }}
				})
				app.StallTimeout = stall
				ctx, cancel := context.WithCancel(t.Context())
				listener := &oneListener{make(chan net.Conn, 1), make(chan struct{})}
				stopped := make(chan error)
				go func() { stopped <- bare.Server{Listener: listener}.Run(ctx, app) }()
				client, server := net.Pipe()
				go func() { _, _ = io.Copy(io.Discard, client) }()
				left := new(atomic.Bool)
				listener.conns <- departing{server, left}
				send(t, client, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
				time.Sleep(57 * time.Second) // a second after a look
				start := time.Now()
				left.Store(true)
				within := 4 * time.Second
				if stall > 0 {
					within = stall / 8
				}
				// And the time that is given to what was sent.
				if end := <-ended; !errors.Is(end.Err, bare.ErrClientGone) || time.Since(start) > within+100*time.Millisecond {
					t.Errorf("after %v OnEnd was told %+v", time.Since(start), end)
				}
				cancel()
				if err := <-stopped; err != nil {
					t.Error(err)
				}
				_ = client.Close()
				wantLogged(t, log)
			})
		})
	}
}
