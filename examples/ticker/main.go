// Ticker is the program of docs/deploy.md: small, and fit to run behind a proxy.
//
//	go run ./examples/ticker
//	curl -N http://localhost:9009/events
package main

import (
	"context"
	"flag"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/bare-go/bare"
)

func main() {
	addr := flag.String("addr", "localhost:9009", "the `host:port` to listen on, unless systemd has a socket for us")
	flag.Parse()
	logger := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, *addr, logger)
	stop()
	if err != nil {
		logger.ErrorContext(ctx, "ticker failed", slog.Any("error", err))
		os.Exit(1)
	}
}

func run(ctx context.Context, addr string, logger *slog.Logger) error {
	listener, err := listen(ctx, addr)
	if err != nil {
		return err
	}
	app := newApp()
	app.Logger = logger
	server := bare.Server{
		Listener:       listener,
		MaxConnections: 10_000,           // about 270 MB, if each is an open stream
		Grace:          10 * time.Second, // systemd's TimeoutStopSec is longer
		OnListen: func(bound net.Addr) {
			logger.InfoContext(ctx, "listening", slog.String("addr", bound.String()))
		},
	}
	return server.Run(ctx, app)
}

// docs:start socket
// listen takes the socket that systemd passes on, if there is one (sd_listen_fds(3):
// the first one is file 3).
func listen(ctx context.Context, addr string) (net.Listener, error) {
	if os.Getenv("LISTEN_FDS") == "" {
		return new(net.ListenConfig).Listen(ctx, "tcp", addr)
	}
	socket := os.NewFile(3, "systemd's socket")
	defer socket.Close() // FileListener has a copy of its own
	return net.FileListener(socket)
}

// docs:end socket

func newApp() *bare.Application {
	app := bare.NewApplication()
	app.HttpRouter.Add(bare.Methods{"GET"}, "/events", events)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/healthy", func(*bare.HttpRequest) bare.HttpResponse {
		return bare.HttpResponse{Status: 204}
	})
	return app
}

// events sends the time. No silence in it is longer than a second: it needs no
// comments to keep proxies from cutting it.
func events(request *bare.HttpRequest) bare.HttpResponse {
	return bare.HttpResponse{
		Headers: bare.Headers("content-type", "text/event-stream"),
		Body: func(yield func([]byte) bool) {
			for now := range request.Every(time.Second) {
				if !yield(now.UTC().AppendFormat(nil, "data: 15:04:05\n\n")) {
					return
				}
			}
		},
	}
}
