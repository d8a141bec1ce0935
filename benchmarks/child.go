//go:build unix

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strings"
	"syscall"
	"time"
)

// childCommand is the first argument of a process that serves.
const childCommand = "serve"

// The questions that a server answers on its standard input, with numbers.
const (
	askCPU    = "cpu"    // user and system time since its start, in nanoseconds
	askMemory = "memory" // goroutines, bytes of the heap in use, bytes of stacks
)

// serveChild is the whole life of a process that serves: it prints its address,
// answers questions, and ends with its parent.
func serveChild(name string, profile []string) error {
	c, err := contenderNamed(name)
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	stopProfile, err := startProfile(profile)
	if err != nil {
		return err
	}
	served := make(chan error, 1)
	go func() { served <- c.serve(listener) }()
	if _, err := fmt.Fprintln(os.Stdout, listener.Addr()); err != nil {
		return err
	}
	asked := make(chan error, 1)
	go func() { asked <- answer(os.Stdin, os.Stdout) }()
	select {
	case err = <-served:
		if errors.Is(err, errStopped) {
			err = nil
		}
	case err = <-asked:
	}
	return errors.Join(err, stopProfile())
}

func startProfile(profile []string) (func() error, error) {
	if len(profile) == 0 {
		return func() error { return nil }, nil
	}
	file, err := os.Create(profile[0]) //nolint:gosec // the folder is the user's own flag
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return func() error { pprof.StopCPUProfile(); return file.Close() }, nil
}

func answer(questions io.Reader, answers io.Writer) error {
	lines := bufio.NewScanner(questions)
	for lines.Scan() {
		var err error
		switch lines.Text() {
		case askCPU:
			_, err = fmt.Fprintln(answers, cpuTime().Nanoseconds(), 0, 0)
		case askMemory:
			runtime.GC()
			runtime.GC() // what finalizers let go
			var stats runtime.MemStats
			runtime.ReadMemStats(&stats)
			_, err = fmt.Fprintln(answers, runtime.NumGoroutine(), stats.HeapAlloc, stats.StackInuse)
		}
		if err != nil {
			return err
		}
	}
	return lines.Err()
}

func cpuTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// A server is a contender in a process of its own.
type server struct {
	name    string
	addr    string
	command *exec.Cmd
	stdin   io.WriteCloser
	answers *bufio.Reader
}

func (b *bench) start(ctx context.Context, name string) (*server, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	arguments := []string{childCommand, name}
	if b.profiles != "" {
		arguments = append(arguments, filepath.Join(b.profiles, strings.ReplaceAll(name, "/", "")+".prof"))
	}
	command := exec.CommandContext(ctx, program, arguments...) //nolint:gosec // this program itself
	command.Stderr = os.Stderr
	stdin, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	s := &server{name: name, command: command, stdin: stdin, answers: bufio.NewReader(stdout)}
	addr, err := s.answers.ReadString('\n')
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s did not start: %w", name, err), s.stop())
	}
	s.addr = strings.TrimSpace(addr)
	return s, nil
}

func (s *server) stop() error {
	return errors.Join(s.stdin.Close(), s.command.Wait())
}

func (s *server) ask(question string) (numbers [3]int64, err error) {
	if _, err := fmt.Fprintln(s.stdin, question); err != nil {
		return numbers, err
	}
	_, err = fmt.Fscanln(s.answers, &numbers[0], &numbers[1], &numbers[2])
	return numbers, err
}

// cpu runs do, and returns the CPU time that the server spent meanwhile.
func (s *server) cpu(do func() error) (time.Duration, error) {
	before, err := s.ask(askCPU)
	if err != nil {
		return 0, err
	}
	if err := do(); err != nil {
		return 0, err
	}
	after, err := s.ask(askCPU)
	return time.Duration(after[0] - before[0]), err
}

// startAll starts a server for each name; the function stops them.
func (b *bench) startAll(ctx context.Context, names []string) ([]*server, func() error, error) {
	var servers []*server
	stop := func() error {
		var faults []error
		for _, s := range servers {
			faults = append(faults, s.stop())
		}
		return errors.Join(faults...)
	}
	for _, name := range names {
		s, err := b.start(ctx, name)
		if err != nil {
			return nil, nil, errors.Join(err, stop())
		}
		servers = append(servers, s)
	}
	return servers, stop, nil
}
