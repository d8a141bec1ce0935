package code

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/bare-go/bare"
)

// docs:start run
func run(app *bare.Application, addr string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return bare.Run(ctx, app, addr)
}

// docs:end run

// docs:start server
func serve(ctx context.Context, app *bare.Application, listener net.Listener) error {
	server := bare.Server{
		Listener:       listener,
		H2C:            true, // a proxy in front speaks HTTP/2 to us
		Grace:          20 * time.Second,
		MaxConnections: 10_000,
	}
	return server.Run(ctx, app)
}

// docs:end server

// docs:start mount
func newAppWithFiles(directory *os.Root) *bare.Application {
	app := bare.NewApplication()
	files := http.FileServerFS(directory.FS())
	app.Mount("/static", http.StripPrefix("/static", files))
	return app
}

// docs:end mount

// docs:start fromhttp
func newAppWithHandler(metrics http.Handler) *bare.Application {
	app := bare.NewApplication()
	app.HttpRouter.Add(bare.Methods{"GET"}, "/metrics", bare.FromHTTPHandler(metrics))
	return app
}

// docs:end fromhttp

// docs:start tohttp
func newMux(app *bare.Application) *http.ServeMux {
	mux := http.NewServeMux()
	mux.Handle("GET /ticks", app.ToHTTPHandler(clock)) // one handler
	mux.Handle("/api/", app)                           // a whole application
	return mux
}

// docs:end tohttp

// docs:start foreign
// serveElsewhere serves an application with a server of your own.
func serveElsewhere(ctx context.Context, app *bare.Application, listener net.Listener) error {
	if err := app.Startup(ctx); err != nil {
		return errors.Join(err, listener.Close())
	}
	server := &http.Server{Handler: newMux(app), ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()

	var failure error
	select {
	case failure = <-served: // the listener has broken
	case <-ctx.Done():
	}

	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	drained := make(chan error, 1)
	go func() { drained <- server.Shutdown(grace) }() // no new requests
	return errors.Join(failure, app.Shutdown(grace), <-drained)
}

// docs:end foreign
