package bare

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// Main is a small program's whole main. It adds the flags -addr, with the given
// default, -cert and -key to the program's own, parses them, prints one line with
// the address that it listens on, and runs the application until SIGINT or
// SIGTERM. It then exits with status 0; after a failure it prints one line and
// exits with status 1, and so it does, at once, at a second signal.
//
// A program that needs more calls [Run], or [Server.Run], which parse, print and
// exit nothing.
func Main(app *Application, addr string) {
	server := Server{}
	flag.StringVar(&server.Addr, "addr", addr, "the `host:port` to listen on")
	flag.StringVar(&server.CertFile, "cert", "", "a PEM `file` with a certificate: serve HTTPS and HTTP/2")
	flag.StringVar(&server.KeyFile, "key", "", "a PEM `file` with the certificate's key")
	flag.Parse()
	server.OnListen = func(bound net.Addr) {
		fmt.Println("Listening on " + server.address(bound)) //nolint:forbidigo // Main speaks for the program
	}
	if err := runUntilSignal(server, app); err != nil {
		fmt.Fprintln(os.Stderr, strings.ReplaceAll(err.Error(), "\n", "; "))
		os.Exit(1) //nolint:forbidigo // Main is the program's main
	}
}

// runUntilSignal runs the application until the first signal; the second one ends
// the process.
func runUntilSignal(server Server, app *Application) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	go func() {
		<-signals
		cancel()
		<-signals
		os.Exit(1) //nolint:forbidigo // the user insists
	}()
	return server.Run(ctx, app)
}

// address is what to type into a browser: the host as it was given, as localhost
// and 127.0.0.1 are two origins to it, and the port that was bound.
func (s Server) address(bound net.Addr) string {
	scheme := "http://"
	if s.CertFile != "" || s.TLSConfig != nil {
		scheme = "https://"
	}
	host, _, err := net.SplitHostPort(s.Addr)
	_, port, boundErr := net.SplitHostPort(bound.String())
	if err != nil || boundErr != nil || host == "" {
		return scheme + bound.String()
	}
	return scheme + net.JoinHostPort(host, port)
}
