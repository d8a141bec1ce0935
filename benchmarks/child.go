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
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// childCommand is the first argument of a process that serves.
const childCommand = "serve"

// The questions that a server answers on its standard input, with numbers.
const (
	askCPU    = "cpu"    // user and system time since its start, in nanoseconds, and calls of write
	askMemory = "memory" // goroutines, bytes of the heap in use, bytes of stacks
	askEnds   = "ends"   // how many responses with a name have begun, and ended
	askEnd    = "end"    // of the response with the name that follows: nanoseconds from its begin on, or 0
	// Of those that fan out only.
	askPublish   = "publish"   // the series that follows: nothing, and at once
	askPublished = "published" // events of the series so far
	askResident  = "resident"  // goroutines, bytes of the heap, bytes in memory after a collection
)

// serveChild is the whole life of a process that serves: it prints its address,
// answers questions, and ends with its parent.
func serveChild(arguments []string) error {
	var s service
	flags := flag.NewFlagSet(childCommand, flag.ContinueOnError)
	profile := flags.String("profile", "", "write a CPU profile into this file")
	s.addFlags(flags)
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	serve, err := s.serverNamed(flags.Arg(0))
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	stopProfile, err := startProfile(*profile)
	if err != nil {
		return err
	}
	served := make(chan error, 1)
	go func() { served <- serve(listener) }()
	if _, err := fmt.Fprintln(os.Stdout, listener.Addr()); err != nil {
		return err
	}
	asked := make(chan error, 1)
	go func() { asked <- answer(&s, os.Stdin, os.Stdout) }()
	select {
	case err = <-served:
		if errors.Is(err, errStopped) {
			err = nil
		}
	case err = <-asked:
	}
	return errors.Join(err, stopProfile())
}

func startProfile(path string) (func() error, error) {
	if path == "" {
		return func() error { return nil }, nil
	}
	file, err := os.Create(path) //nolint:gosec // the folder is the user's own flag
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return func() error { pprof.StopCPUProfile(); return file.Close() }, nil
}

func answer(s *service, questions io.Reader, answers io.Writer) error {
	lines := bufio.NewScanner(questions)
	for lines.Scan() {
		var err error
		question, name, _ := strings.Cut(lines.Text(), " ")
		switch question {
		case askCPU:
			_, err = fmt.Fprintln(answers, cpuTime().Nanoseconds(), writeCalls(), 0)
		case askMemory:
			runtime.GC()
			runtime.GC() // what finalizers let go
			var stats runtime.MemStats
			runtime.ReadMemStats(&stats)
			_, err = fmt.Fprintln(answers, runtime.NumGoroutine(), stats.HeapAlloc, stats.StackInuse)
		case askEnds:
			begun, ended := s.ends.counts()
			_, err = fmt.Fprintln(answers, begun, ended, 0)
		case askEnd:
			_, err = fmt.Fprintln(answers, s.ends.lasted(name).Nanoseconds(), 0, 0)
		default:
			err = s.answerPublisher(question, name, answers)
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

// writeCalls is how often the process has called write since its start: 0 where
// the system does not tell.
func writeCalls() int64 {
	content, err := os.ReadFile("/proc/self/io")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(content)) {
		if count, ok := strings.CutPrefix(line, "syscw: "); ok {
			n, _ := strconv.ParseInt(strings.TrimSpace(count), 10, 64) // 0 is right for what is no number
			return n
		}
	}
	return 0
}

// A server is a contender in a process of its own.
type server struct {
	*program

	name    string
	addr    string
	answers *bufio.Reader
	asking  sync.Mutex // one question and its answer at a time
}

// start starts a server, with the flags of a service.
func (b *bench) start(ctx context.Context, name string, flags ...string) (*server, error) {
	arguments := append([]string{childCommand}, flags...)
	if b.profiles != "" {
		file := strings.ReplaceAll(name+strings.Join(flags, ""), "/", "") + ".prof"
		arguments = append(arguments, "-profile", filepath.Join(b.profiles, file))
	}
	arguments = append(arguments, name)
	program, err := startProgram(ctx, arguments...)
	if err != nil {
		return nil, err
	}
	s := &server{program: program, name: name, answers: bufio.NewReader(program.output)}
	addr, err := s.answers.ReadString('\n')
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s did not start: %w", name, err), s.stop())
	}
	s.addr = strings.TrimSpace(addr)
	return s, nil
}

func (s *server) ask(question string) (numbers [3]int64, err error) {
	s.asking.Lock()
	defer s.asking.Unlock()
	if _, err := fmt.Fprintln(s.input, question); err != nil {
		return numbers, err
	}
	_, err = fmt.Fscanln(s.answers, &numbers[0], &numbers[1], &numbers[2])
	return numbers, err
}

// cpu runs do, and returns the CPU time that the server spent meanwhile.
func (s *server) cpu(do func() error) (time.Duration, error) {
	e, err := s.effort(do)
	return e.cpu, err
}

// An effort is what a server spends on something.
type effort struct {
	cpu    time.Duration // user and system
	writes int64         // calls of write
}

// effort runs do, and returns what the server spent meanwhile.
func (s *server) effort(do func() error) (effort, error) {
	before, err := s.ask(askCPU)
	if err != nil {
		return effort{}, err
	}
	if err := do(); err != nil {
		return effort{}, err
	}
	after, err := s.ask(askCPU)
	return effort{cpu: time.Duration(after[0] - before[0]), writes: after[1] - before[1]}, err
}

// startAll starts a server for each name, with the flags of a service; the function
// stops them.
func (b *bench) startAll(ctx context.Context, names []string, flags ...string) ([]*server, func() error, error) {
	var servers []*server
	stop := func() error {
		var faults []error
		for _, s := range servers {
			faults = append(faults, s.stop())
		}
		return errors.Join(faults...)
	}
	for _, name := range names {
		s, err := b.start(ctx, name, flags...)
		if err != nil {
			return nil, nil, errors.Join(err, stop())
		}
		servers = append(servers, s)
	}
	return servers, stop, nil
}
