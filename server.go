package bare

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/bare-go/bare/internal/conn"
)

// The defaults of [Server].
const (
	DefaultAddr              = "localhost:9009"
	DefaultGrace             = 10 * time.Second
	DefaultReadHeaderTimeout = 10 * time.Second
	DefaultIdleTimeout       = 2 * time.Minute
	DefaultMaxHeaderBytes    = 64 << 10
)

// pingDelay is how long an HTTP/2 connection may be silent before it is sent a
// ping. That gives the client's kernel something to acknowledge: what limits the
// wait is the stall time. The client's own answer has no limit, as the ping may be
// behind megabytes that a slow reader takes minutes for.
const pingDelay = 15 * time.Second

// unusedGrace is how long a stopping server waits for the request on a connection
// on which none has come.
const unusedGrace = 500 * time.Millisecond

// forever is too long to end anything.
const forever = 100 * 365 * 24 * time.Hour

// writeTimeout ends nothing: what limits writes is the stall time. It has net/http
// make a timer with each HTTP/2 stream, which the stream's close stops. A deadline
// that is set just before a handler returns would otherwise make one after the
// close, and reset the stream that had ended well.
const writeTimeout = forever

// A Server says how an application is served. The zero value serves HTTP/1.1 on
// [DefaultAddr]. It is copied by Run, and may be used again.
type Server struct {
	// Addr is the TCP address to listen on, host:port; empty means [DefaultAddr].
	// Port 0 takes a free one: see OnListen.
	Addr string

	// Listener is used instead of Addr when it is not nil, and closed by Run.
	Listener net.Listener

	// CertFile and KeyFile name PEM files with the certificate chain and its key.
	// With them, or with TLSConfig, the server speaks TLS, and HTTP/2 with clients
	// that can. When the files change, new connections get the new certificate: at
	// most once a second a handshake looks at them. A new pair that cannot be used is
	// logged, once, and the old one is kept.
	CertFile, KeyFile string

	// TLSConfig is used for TLS; nil means none, or the defaults with CertFile. It
	// is copied. With CertFile its Certificates are not used, but its GetCertificate
	// is asked first, for names.
	TLSConfig *tls.Config

	// DisableHTTP2 keeps TLS to HTTP/1.1.
	DisableHTTP2 bool

	// H2C lets clients speak HTTP/2 without TLS, from the first byte on (RFC 9113,
	// section 3.3), beside HTTP/1.1: for a proxy in front.
	H2C bool

	// ReadHeaderTimeout is how long a request's head may take; 0 means
	// [DefaultReadHeaderTimeout], a negative one no limit.
	ReadHeaderTimeout time.Duration

	// IdleTimeout is how long a connection is kept for the next request; 0 means
	// [DefaultIdleTimeout], a negative one no limit.
	IdleTimeout time.Duration

	// Grace is how long requests, streams and shutdown handlers may take to finish
	// when the server stops, before they are cut; 0 means [DefaultGrace], a
	// negative one cuts them at once: then what is at work is an error, and nothing
	// else is. Shutdown handlers run in any case, with a context that ends with it.
	Grace time.Duration

	// StopDelay is how long the server goes on as before when it is told to stop, while
	// [Application.Ready] is false already: for a load balancer that takes some time to
	// notice. It comes before Grace, and adds to it. 0 or less means none.
	StopDelay time.Duration

	// MaxHeaderBytes bounds a request's head, in bytes; 0 or less means
	// [DefaultMaxHeaderBytes].
	MaxHeaderBytes int

	// MaxConnections bounds the connections that are open at once; further ones
	// wait in the kernel's queue. 0 or less means no limit.
	MaxConnections int

	// OnListen is told the address once the server listens; nil means nobody is.
	OnListen func(addr net.Addr)
}

// Run serves an application on addr until ctx ends; see [Server.Run].
func Run(ctx context.Context, app *Application, addr string) error {
	return Server{Addr: addr}.Run(ctx, app)
}

// Run runs the application's start-up handlers, serves until ctx ends and StopDelay is
// over, and stops: it accepts no more, ends the contexts of the streams that are open (see
// [ErrShutdown]), runs the shutdown handlers, and lets everything finish for the
// length of Grace. It returns nil after a clean stop, and also if ctx ends during
// the start and the start-up handler that runs then returns the context's error.
//
// It fails if the configuration is contradictory, a middleware is nil, a start-up
// handler fails, the address cannot be listened on, the listener breaks, a shutdown
// handler fails, or a handler, a body or a task was at work when the grace was over.
// A client that had not taken the rest of a finished response then is no failure.
// An application runs once at a time.
func (s Server) Run(ctx context.Context, app *Application) error {
	certificate, err := s.check(app)
	if err != nil {
		return errors.Join(err, s.closeListener())
	}
	if interrupted, err := app.start(ctx, s.grace); err != nil {
		if interrupted { // a stop that came early
			err = nil
		}
		return errors.Join(err, s.closeListener())
	}
	inner, err := s.listen(ctx)
	if err != nil {
		return errors.Join(err, s.stopApplication(ctx, app))
	}
	listener := conn.Listen(inner, conn.Options{Stall: app.stallTimeout(), MaxConnections: s.MaxConnections})
	server := s.httpServer(ctx, app, listener)
	if certificate != nil {
		server.TLSConfig = certificate.configure(server.TLSConfig) //nolint:contextcheck // each handshake has its own
	}
	if s.OnListen != nil {
		s.OnListen(listener.Addr())
	}
	served := make(chan error, 1)
	go func() { served <- serve(server, listener) }()
	if err := s.await(ctx, app, served); err != nil {
		// The listener has broken: what is open may still finish.
		return errors.Join(fmt.Errorf("bare: %w", err), s.stop(ctx, app, server, listener))
	}
	err = s.stop(ctx, app, server, listener)
	// Stopping closes the listener first, which Accept may see before the
	// server knows that it is being stopped.
	if broken := <-served; !errors.Is(broken, http.ErrServerClosed) && !errors.Is(broken, net.ErrClosed) {
		err = errors.Join(err, fmt.Errorf("bare: %w", broken))
	}
	return err
}

// await waits until it is time to stop: for the end of ctx, and then for StopDelay. It
// returns the error if the server ends before.
func (s Server) await(ctx context.Context, app *Application, served <-chan error) error {
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	app.lifespan.leaving.Store(true)
	if s.StopDelay <= 0 {
		return nil
	}
	select {
	case err := <-served:
		return err
	case <-time.After(s.StopDelay):
		return nil
	}
}

// check reports everything that is wrong with the configuration. It returns the
// certificate of CertFile, nil without.
func (s Server) check(app *Application) (certificate *certificateFile, err error) {
	var faults []error
	switch {
	case (s.CertFile == "") != (s.KeyFile == ""):
		faults = append(faults, errors.New("bare: CertFile and KeyFile go together"))
	case s.CertFile != "":
		if certificate, err = newCertificateFile(s.CertFile, s.KeyFile, app.logger); err != nil {
			faults = append(faults, err)
		}
	}
	if s.Listener != nil && s.Addr != "" {
		faults = append(faults, errors.New("bare: Addr and Listener exclude each other"))
	}
	if s.TLSConfig != nil && s.CertFile == "" && len(s.TLSConfig.Certificates) == 0 &&
		s.TLSConfig.GetCertificate == nil && s.TLSConfig.GetConfigForClient == nil {
		faults = append(faults, errors.New("bare: TLSConfig has no certificate"))
	}
	faults = append(faults, s.checkDevelopment())
	return certificate, errors.Join(faults...)
}

func (s Server) listen(ctx context.Context) (net.Listener, error) {
	if s.Listener != nil {
		return s.Listener, nil
	}
	inner, err := new(net.ListenConfig).Listen(context.WithoutCancel(ctx), "tcp", cmp.Or(s.Addr, DefaultAddr))
	if err != nil {
		return nil, fmt.Errorf("bare: %w", err)
	}
	return inner, nil
}

func (s Server) closeListener() error {
	if s.Listener == nil {
		return nil
	}
	return s.Listener.Close()
}

func (s Server) httpServer(ctx context.Context, app *Application, listener *conn.Listener) *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(!s.DisableHTTP2)
	protocols.SetUnencryptedHTTP2(s.H2C)
	// A request's context ends with its connection, not with ctx: see stop.
	base := context.WithoutCancel(ctx)
	return &http.Server{
		Handler:           servedHandler{app},
		TLSConfig:         s.TLSConfig.Clone(),
		Protocols:         protocols,
		ReadHeaderTimeout: withDefault(s.ReadHeaderTimeout, DefaultReadHeaderTimeout),
		IdleTimeout:       withDefault(s.IdleTimeout, DefaultIdleTimeout),
		WriteTimeout:      writeTimeout,
		MaxHeaderBytes:    cmp.Or(max(s.MaxHeaderBytes, 0), DefaultMaxHeaderBytes),
		BaseContext:       func(net.Listener) context.Context { return base },
		ConnContext:       listener.Context,
		ConnState:         listener.State,
		ErrorLog:          slog.NewLogLogger(clientNoise{app.logger().Handler()}, slog.LevelDebug),
		// No WriteByteTimeout: it may end a write that waits for a slow reader, as
		// that is only woken when much of the kernel's buffer is free again. The
		// connection itself ends those that wait for one that has stalled.
		HTTP2: &http.HTTP2Config{SendPingTimeout: pingDelay, PingTimeout: pingTimeout(app.stallTimeout())},
	}
}

// pingTimeout is how long the answer to a ping may take. Without a stall time it is
// all that finds a peer that has vanished.
func pingTimeout(stall time.Duration) time.Duration {
	if stall > 0 {
		return forever
	}
	return pingDelay
}

// withDefault returns the default for 0, and -1, which means no limit to
// net/http, for what is negative.
func withDefault(d, standard time.Duration) time.Duration {
	if d < 0 {
		return -1
	}
	return cmp.Or(d, standard)
}

func serve(server *http.Server, listener *conn.Listener) error {
	if server.TLSConfig != nil {
		return server.ServeTLS(listener, "", "") // it has its certificates
	}
	return server.Serve(listener)
}

// stop lets everything finish, and cuts what does not in time.
func (s Server) stop(ctx context.Context, app *Application, server *http.Server, listener *conn.Listener) error {
	ctx, cancel := s.grace(ctx)
	defer cancel()
	// Before streams end: an event stream's client comes back at once. What
	// fails to close was closed before, by whoever made it.
	_ = listener.Close()
	drained := make(chan error, 1)
	// First of all, as HTTP/2 takes a second to say goodbye.
	go func() {
		err := server.Shutdown(ctx)
		if err == nil {
			err = app.sockets.wait(ctx) // net/http does not know of them
		}
		drained <- err
	}()
	unused := time.AfterFunc(unusedGrace, listener.CloseUnused)
	defer unused.Stop()
	var cut error
	// Once, and also if it was not the server who stopped the application.
	drain := sync.OnceFunc(func() {
		if err := <-drained; err != nil && ctx.Err() != nil {
			cut = s.cut(app, server, listener, err)
		}
	})
	failure := app.stop(ctx, drain)
	drain()
	return errors.Join(failure, cut)
}

// cut closes the connections that are left at the end of the grace. It is a
// failure if a handler was at work on one of them. If none was, their clients have
// not taken the rest of responses that are finished, or net/http is saying goodbye
// to them.
func (s Server) cut(app *Application, server *http.Server, listener *conn.Listener, reason error) error {
	var failure error
	if app.sockets.abort() || listener.Busy() {
		failure = fmt.Errorf("bare: requests were cut at the end of the grace: %w", reason)
	}
	app.lifespan.aborted.Store(true)
	if err := server.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		failure = errors.Join(failure, fmt.Errorf("bare: %w", err))
	}
	// net/http does not tell a handler whose request has an unread body.
	for _, x := range app.watch.all() {
		x.lifetime.end(ErrShutdown)
	}
	return failure
}

// grace bounds a stop. Its context outlasts ctx, whose end began the stop.
func (s Server) grace(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), max(0, cmp.Or(s.Grace, DefaultGrace)))
}

// stopApplication stops an application that never served.
func (s Server) stopApplication(ctx context.Context, app *Application) error {
	ctx, cancel := s.grace(ctx)
	defer cancel()
	return app.Shutdown(ctx)
}

// A servedHandler tells the connection of the requests that are served on it.
// net/http's own states do not: to it, an HTTP/2 connection is active from the
// preface on.
type servedHandler struct{ http.Handler }

// ServeHTTP serves the request.
func (h servedHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := conn.From(r.Context())
	c.BeginRequest()
	defer c.EndRequest() // last of all: then nobody but net/http is at work
	h.Handler.ServeHTTP(w, r)
}

// clientNoise leaves what net/http says at the debug level, as nearly all of it is
// a client's doing, except for two things: a failing Accept is the machine's, and a
// panic the program's.
type clientNoise struct{ slog.Handler }

// Handle passes a record on with the level that it deserves.
func (h clientNoise) Handle(ctx context.Context, record slog.Record) error {
	if strings.HasPrefix(record.Message, "http: Accept error") || strings.Contains(record.Message, ": panic serving") {
		record.Level = slog.LevelError
	}
	if !h.Handler.Enabled(ctx, record.Level) {
		return nil
	}
	return h.Handler.Handle(ctx, record)
}

// Enabled lets every record come to Handle, which knows its level.
func (clientNoise) Enabled(context.Context, slog.Level) bool { return true }
