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

// Main is a small program's whole main. It parses the flags -addr, with the given
// default, -cert, -key and -dev-cert, prints one line with the address that it listens
// on, and runs the application until SIGINT or SIGTERM. It then exits with status 0;
// after a failure it prints one line and exits with status 1, and so it does, at once,
// at a second signal. With -dev-cert it serves HTTPS with an
// [InsecureDevelopmentCertificate], and prints its fingerprint on a second line.
//
// A program that has flags of its own calls [Flags] and [flag.Parse] before it reads
// them. Main then uses what was parsed, and what the program has set in the other
// fields of the Server. Without that Main would parse them too late, as they have
// probably been read by now: it prints one line that names them, and exits with
// status 2. A program that has parsed its flags without [Flags] runs at addr.
//
// A program that needs more calls [Run], or [Server.Run], which parse, print and
// exit nothing.
func Main(app *Application, addr string) {
	server, err := mainServer(flag.CommandLine, addr)
	if err != nil {
		exit(2, err)
	}
	told := server.OnListen
	server.OnListen = func(bound net.Addr) {
		server.announce(bound)
		if told != nil {
			told(bound)
		}
	}
	if err := runUntilSignal(server, app); err != nil {
		exit(1, err)
	}
}

// announce prints what the user of a program needs to know of its server.
func (s Server) announce(bound net.Addr) {
	fmt.Println("Listening on " + s.address(bound)) //nolint:forbidigo // Main speaks for the program
	if leaf := developmentLeaf(s.TLSConfig); leaf != nil {
		fmt.Println("Its certificate is for development only. SHA-256: " + fingerprint(leaf)) //nolint:forbidigo // as above
	}
}

// exit ends the program after a line that says why.
func exit(status int, err error) {
	fmt.Fprintln(os.Stderr, strings.ReplaceAll(err.Error(), "\n", "; "))
	os.Exit(status) //nolint:forbidigo // Main is the program's main
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
