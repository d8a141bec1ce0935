//go:build unix

package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"runtime"
	"syscall"
	"time"
)

const (
	// crowdCommand is the first argument of a process of clients.
	crowdCommand = "crowd"
	crowds       = 3
	audience     = 15_000
	// spareFiles are those that a process needs for itself.
	spareFiles = 200
	// stopLimit is how long a stop may take.
	stopLimit = 2 * time.Second
)

// sigterm stops a server that has a crowd of open streams.
func (b *bench) sigterm(ctx context.Context) error {
	server, err := b.start(ctx, ours)
	if err != nil {
		return err
	}
	each, err := b.crowdSize()
	if err != nil {
		return errors.Join(err, server.stop())
	}
	n := crowds * each
	all, stop, err := startCrowds(ctx, server.addr, each)
	if err != nil {
		return errors.Join(err, server.stop())
	}
	started := time.Now()
	if err := server.command.Process.Signal(syscall.SIGTERM); err != nil {
		return errors.Join(err, stop(), server.stop())
	}
	exitError := server.command.Wait()
	took := time.Since(started)
	clean := 0
	for _, c := range all {
		ends, err := c.count()
		if err != nil {
			return errors.Join(err, stop())
		}
		clean += ends
	}
	b.reportStop(n, server.command.ProcessState.ExitCode(), clean, took, exitError)
	return stop()
}

func (b *bench) reportStop(n, code, clean int, took time.Duration, exitError error) {
	b.sections = append(b.sections, section{
		title: "SIGTERM",
		text:  fmt.Sprintf("bare with %d open event streams, of %d processes of clients, is told to stop.", n, crowds),
		head:  []string{"", "exit code", "from the signal to the exit", "clients that saw a clean end"},
		rows:  [][]string{{ours, fmt.Sprint(code), milliseconds(took), fmt.Sprintf("%d of %d", clean, n)}},
	})
	b.reach(fmt.Sprintf("SIGTERM with %d open streams", n), "exit 0 within "+seconds(stopLimit)+", every client sees a clean end",
		fmt.Sprintf("exit %d in %.2f s, %d clean ends", code, took.Seconds(), clean),
		exitError == nil && took < stopLimit && clean == n)
}

// crowdSize is how many streams each process of clients opens: fewer than wanted
// where the server may not have so many files. Go itself raises the limit as far
// as it goes.
func (b *bench) crowdSize() (int, error) {
	n := audience
	if b.quick {
		n = 300
	}
	n, err := openable(n)
	if err != nil {
		return 0, err
	}
	if n < crowds {
		return 0, errors.New("a process may have too few files")
	}
	return n / crowds, nil
}

// openable is how many of n connections a process may have open.
func openable(n int) (int, error) {
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		return 0, err
	}
	most := int(min(files.Cur, 1<<30))
	return min(n, most-spareFiles), nil
}

// A group is a process of clients.
type group struct {
	*program

	answers *bufio.Reader
}

// startCrowds starts the processes, and returns when all of their streams are
// open. The function ends them.
func startCrowds(ctx context.Context, addr string, each int) ([]*group, func() error, error) {
	var all []*group
	stop := func() error {
		var faults []error
		for _, g := range all {
			faults = append(faults, g.stop())
		}
		return errors.Join(faults...)
	}
	for i := range crowds {
		g, err := startCrowd(ctx, addr, crowdSource(i), each)
		if err != nil {
			return nil, nil, errors.Join(err, stop())
		}
		all = append(all, g)
	}
	for _, g := range all {
		if opened, err := g.count(); err != nil || opened != each {
			return nil, nil, errors.Join(fmt.Errorf("%d of %d streams were opened", opened, each), err, stop())
		}
	}
	return all, stop, nil
}

// crowdSource is the address that a crowd comes from, as one address has too few
// ports. Empty means any: other systems have one address on the loopback
// interface, and mostly ports enough.
func crowdSource(i int) string {
	if runtime.GOOS != "linux" {
		return ""
	}
	return fmt.Sprintf("127.0.0.%d", i+2)
}

func startCrowd(ctx context.Context, addr, source string, n int) (*group, error) {
	program, err := startProgram(ctx, crowdCommand, "-source", source, "-n", fmt.Sprint(n), addr)
	if err != nil {
		return nil, err
	}
	return &group{program, bufio.NewReader(program.output)}, nil
}

// count reads the next number that the process prints.
func (g *group) count() (n int, err error) {
	_, err = fmt.Fscanln(g.answers, &n)
	return n, err
}

// crowdChild is the whole life of a process of clients: it prints how many streams
// it has opened, and then how many have ended cleanly. It ends with its parent.
func crowdChild(arguments []string, stdin io.Reader, stdout io.Writer) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	flags := flag.NewFlagSet(crowdCommand, flag.ContinueOnError)
	source := flags.String("source", "", "the address to come from")
	n := flags.Int("n", 1, "how many streams to open")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	dialer := new(net.Dialer)
	if *source != "" {
		dialer.LocalAddr = &net.TCPAddr{IP: net.ParseIP(*source)}
	}
	clients, err := openMany(ctx, dialer, flags.Arg(0), *n)
	if err != nil {
		return err
	}
	parent := make(chan struct{})
	go func() {
		defer close(parent)
		_, _ = io.Copy(io.Discard, stdin) // its end is all that is of interest
	}()
	if _, err := fmt.Fprintln(stdout, len(clients)); err != nil {
		return err
	}
	clean, ok := cleanEnds(clients, parent)
	if !ok {
		return errors.New("the clients were left alone")
	}
	_, err = fmt.Fprintln(stdout, clean)
	return err
}

// cleanEnds reads every stream to its end, and counts those that the last chunk's
// marker has ended. It gives up when the parent has.
func cleanEnds(clients []*opened, parent <-chan struct{}) (clean int, ok bool) {
	ends := make(chan error, len(clients))
	for _, c := range clients {
		go func() {
			_, err := io.Copy(io.Discard, c.lines)
			ends <- errors.Join(err, c.conn.Close())
		}()
	}
	for range clients {
		select {
		case err := <-ends:
			if err == nil {
				clean++
			}
		case <-parent:
			return clean, false
		}
	}
	return clean, true
}
