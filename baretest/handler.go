package baretest

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/bare-go/bare"
)

// NewHandlerServer serves an [http.Handler] over HTTP/1.1 until the test ends; see
// [Config.NewHandlerServer].
func NewHandlerServer(tb testing.TB, handler http.Handler, apps ...*bare.Application) *Server {
	tb.Helper()
	return Config{}.NewHandlerServer(tb, handler, apps...)
}

// NewHandlerServer serves an [http.Handler] on net/http's own server until the test
// ends: a mux, say, or what goes around an application. The applications that it
// leads to are given as well: each is started before, in this order, and told of the
// stop. One that is not given serves, but its start-up and shutdown handlers do not
// run. NewHandlerServer fails the test if an application does not start, or if the
// server or an application does not stop cleanly.
//
// Of the Server in the Config the timeouts, the limit of heads, Grace and OnListen
// count.
func (c Config) NewHandlerServer(tb testing.TB, handler http.Handler, apps ...*bare.Application) *Server {
	tb.Helper()
	s, ctx := c.newServer(tb)
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(!c.Server.DisableHTTP2)
	protocols.SetUnencryptedHTTP2(c.Server.H2C || c.Protocol == H2C)
	h := handlerServer{
		apps:     apps,
		listener: s.listener,
		grace:    c.Server.Grace,
		server: &http.Server{
			Handler:           handler,
			TLSConfig:         s.tls,
			Protocols:         protocols,
			ReadHeaderTimeout: cmp.Or(c.Server.ReadHeaderTimeout, bare.DefaultReadHeaderTimeout),
			IdleTimeout:       cmp.Or(c.Server.IdleTimeout, bare.DefaultIdleTimeout),
			MaxHeaderBytes:    cmp.Or(c.Server.MaxHeaderBytes, bare.DefaultMaxHeaderBytes),
			BaseContext:       func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
		},
	}
	s.run(func(listening func(net.Addr)) error { return h.run(ctx, listening) }, c.Server.OnListen)
	return s
}

// A handlerServer is a server of net/http, and the applications behind its handler.
type handlerServer struct {
	apps     []*bare.Application
	listener *listener
	grace    time.Duration
	server   *http.Server
}

// run starts the applications, serves until ctx ends, and stops: what
// [bare.Server.Run] does for one.
func (h *handlerServer) run(ctx context.Context, listening func(net.Addr)) error {
	for i, app := range h.apps {
		if err := app.Startup(ctx); err != nil {
			h.apps = h.apps[:i] // to be stopped
			return errors.Join(err, h.listener.Close(), h.stop(ctx))
		}
	}
	served := make(chan error, 1)
	go func() { served <- h.serve() }()
	listening(h.listener.Addr())
	select {
	case err := <-served: // it cannot use its configuration
		return errors.Join(err, h.stop(ctx))
	case <-ctx.Done():
		return h.stop(ctx)
	}
}

func (h *handlerServer) serve() error {
	if h.server.TLSConfig != nil {
		return h.server.ServeTLS(h.listener, "", "")
	}
	return h.server.Serve(h.listener)
}

// stop lets everything finish, and cuts what does not in time.
func (h *handlerServer) stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), max(0, cmp.Or(h.grace, bare.DefaultGrace)))
	defer cancel()
	drained := make(chan error, 1)
	go func() { drained <- h.server.Shutdown(ctx) }() // first of all: no new requests
	var failures []error
	for _, app := range h.apps {
		failures = append(failures, app.Shutdown(ctx))
	}
	if err := <-drained; err != nil {
		failures = append(failures, err, h.server.Close())
	}
	return errors.Join(failures...)
}
