//go:build unix

// Benchmarks runs bare beside net/http, httprouter, chi, gin, echo and fiber, and
// beside libraries that fan events out, and prints what each measure came to. From
// the root of the project:
//
//	go run ./benchmarks                # a quarter of an hour; writes docs/benchmarks.md
//	go run ./benchmarks -quick         # about a minute, too short to trust; writes nothing
//	go run ./benchmarks -only fanout   # one measure or group of measures; writes nothing
//
// Every server is a process of its own, so that its CPU time is its own too. All
// of them are on the loopback interface, and every load has an end.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

func main() {
	if len(os.Args) > 2 {
		switch os.Args[1] {
		case childCommand:
			exit(serveChild(os.Args[2:]))
		case crowdCommand:
			exit(crowdChild(os.Args[2:], os.Stdin, os.Stdout))
		case subscribeCommand:
			exit(subscribeChild(os.Args[2:], os.Stdout))
		}
	}
	var b bench
	flag.BoolVar(&b.quick, "quick", false, "run each measure shortly, to see that it works")
	flag.StringVar(&b.profiles, "profiles", "", "write a CPU profile of every server into this folder")
	flag.StringVar(&b.only, "only", "", "run this measure or group of measures only, such as fanout, and write nothing")
	output := flag.String("o", "", "the document to write the figures into; docs/benchmarks.md of this project when empty")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	exit(run(ctx, &b, *output, os.Stdout))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "benchmarks:", err)
		os.Exit(1) //nolint:forbidigo // called by main alone
	}
	os.Exit(0) //nolint:forbidigo // called by main alone
}

// A bench is one run of all measures.
type bench struct {
	quick    bool
	profiles string
	only     string
	sections []section
	goals    []goal
}

func run(ctx context.Context, b *bench, output string, screen io.Writer) error {
	measures := []struct {
		name string
		run  func(context.Context) error
	}{
		{"hello", b.hello},
		{"variable", b.variable},
		{"lookup", b.lookup},
		{"parts", b.parts},
		{"watched", b.watched},
		{"small", b.smallChunks},
		{"large", b.largeChunks},
		{"files", b.files},
		{"echo", b.echoes},
		{"lone", b.loneChunk},
		{"first", b.firstChunk},
		{"memory", b.memory},
		{"compression", b.compression},
		{"leavers", b.leavers},
		{"departed", b.departed},
		{"slow", b.slowReaders},
		{"sigterm", b.sigterm},
		{"fanout-steady", b.fanoutSteady},
		{"fanout-burst", b.fanoutBurst},
		{"fanout-stalled", b.fanoutStalled},
		{"fanout-memory", b.fanoutMemory},
		{"fanout-visits", b.fanoutVisits},
		{"fanout-alone", b.fanoutAlone},
	}
	for _, measure := range measures {
		if !b.wants(measure.name) {
			continue
		}
		before := len(b.sections)
		if err := measure.run(ctx); errors.Is(err, errors.ErrUnsupported) {
			_, _ = fmt.Fprintf(screen, "\n%s: not on this system\n", measure.name) // it is on the screen for information only
		} else if err != nil {
			return fmt.Errorf("%s: %w", measure.name, err)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		for _, s := range b.sections[before:] {
			if _, err := io.WriteString(screen, s.markdown()); err != nil {
				return err
			}
		}
	}
	if _, err := io.WriteString(screen, b.summary()); err != nil {
		return err
	}
	if b.quick || b.only != "" {
		return nil
	}
	return b.write(output)
}

// wants reports whether a measure, or the group that its name begins with, is to be
// run.
func (b *bench) wants(name string) bool {
	return b.only == "" || b.only == name || strings.HasPrefix(name, b.only+"-")
}

// rounds is how often a measure is repeated.
func (b *bench) rounds(n int) int {
	if b.quick {
		return min(n, 3)
	}
	return n
}

// scale makes a number of things smaller for a quick run.
func (b *bench) scale(n int) int {
	if b.quick {
		return n / 10
	}
	return n
}
