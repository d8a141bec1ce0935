// Command mutate finds what the tests of a package would not notice. It makes one
// small fault at a time in a copy of a file, runs the package's tests against it,
// and lists the faults that survive:
//
//	go run ./internal/mutate stream.go clock.go
//
// The package's directory is never changed: the go command reads mutated files in
// the place of the real ones (its -overlay flag). A mutant is killed when a test
// fails, panics or runs out of time. One that does not compile does not count.
//
// Most mutants are built together. Each is a copy of its function, and the function
// calls the copy that the environment variable MUTANT_UNDER_TEST selects: programs
// that tests start have the same mutant, if they inherit the environment. What is
// outside of functions, in init, or in a function that calls recover or looks at
// its caller, is built one mutant at a time; so is a mutant that does not compile,
// to be sure that it is not only its copy.
//
// Survivors are named as they are found. To try only these again, after tests have
// been added:
//
//	go run ./internal/mutate -json found.json stream.go clock.go
//	go run ./internal/mutate -only found.json stream.go clock.go
//
// # The faults
//
// They are those that people make: a statement, a case or a field that is missing,
// a condition that always or never holds, an operand of && or || too many, a bound
// that is off by one, a result that is lost, a function that does nothing, a
// constant twice as large or zero. Text is left alone, and so are the messages of
// logs. Of faults where one is noticed whenever another is, only the harder one is
// made: so no condition is negated that is made true and false.
//
// # Survivors
//
// Some mutants mean the same as the original, and some cannot be noticed within
// reason. Such a survivor is listed in survivors.txt: its line from the report, and
// below it the reason, indented. It is then not reported, but still counts as a
// survivor: the score is of the tests alone.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"
)

// A config is what the command line says.
type config struct {
	dir       string
	files     []string
	lines     string
	since     string
	only      string
	sample    int
	parallel  int
	short     bool
	list      bool
	timeout   time.Duration
	least     float64
	survivors string
	json      string
}

func main() {
	c, err := parse(os.Args[1:], os.Stderr)
	if err != nil {
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err = run(ctx, c, os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(1)
	}
}

func parse(arguments []string, output io.Writer) (config, error) {
	var c config
	flags := flag.NewFlagSet("mutate", flag.ContinueOnError)
	flags.SetOutput(output)
	flags.Usage = func() {
		fmt.Fprintln(output, "usage: mutate [flags] [files of the package; all without any]")
		flags.PrintDefaults()
	}
	flags.StringVar(&c.dir, "dir", ".", "the package's directory")
	flags.StringVar(&c.lines, "lines", "", "only these lines, `a-b`")
	flags.StringVar(&c.since, "diff", "", "only lines that have changed since this `revision`")
	flags.StringVar(&c.only, "only", "", "only the survivors in this `file`, which -json has written")
	flags.IntVar(&c.sample, "sample", 0, "only `n` mutants, always the same; 0 means all")
	flags.IntVar(&c.parallel, "parallel", 2, "how many are tried at a time")
	flags.BoolVar(&c.short, "short", false, "run the tests with -short")
	flags.BoolVar(&c.list, "list", false, "list the mutants, and try none")
	flags.DurationVar(&c.timeout, "timeout", time.Minute, "the longest that the tests of one mutant may take")
	flags.Float64Var(&c.least, "min", 90, "fail below this score, in `per cent`")
	flags.StringVar(&c.survivors, "survivors", "internal/mutate/survivors.txt", "the accepted survivors' `file`")
	flags.StringVar(&c.json, "json", "", "write all results to this `file`, too")
	err := flags.Parse(arguments)
	c.files = flags.Args()
	c.parallel = max(1, c.parallel)
	return c, err
}

// run does what the command line says. It fails when the score is too low.
func run(ctx context.Context, c config, stdout, stderr io.Writer) error {
	explained, err := readExplanations(c.survivors)
	if err != nil {
		return err
	}
	t, err := choose(ctx, c)
	if err != nil {
		return err
	}
	if c.list {
		for i := range t.mutants {
			survivor(stdout, &result{mutant: t.mutants[i]})
		}
		return nil
	}
	temp, err := os.MkdirTemp("", "mutate-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(temp) }() // what is left is in the system's directory for it
	r, err := newRunner(ctx, t, temp, c.short, c.timeout)
	if err != nil {
		return err
	}
	if r.combined != nil && r.combined.failure != nil {
		fmt.Fprintf(stderr, "each mutant is built on its own, which is slow: %v\n", r.combined.failure)
	}
	results, failure := r.all(ctx, c.parallel, progress(stderr, explained, len(t.mutants)))
	needless := explained.explain(t, c.whole(), results)
	total, err := write(stdout, results, needless)
	switch {
	case failure != nil:
		return failure
	case err != nil:
		return err
	case c.json != "":
		if err := writeJSON(c.json, results); err != nil {
			return err
		}
	}
	if score := total.score(); score < c.least {
		return fmt.Errorf("%.1f %% are killed, fewer than %g %%", score, c.least)
	}
	return nil
}

// whole reports whether every mutant of a file is tried.
func (c config) whole() bool { return c.lines == "" && c.since == "" && c.only == "" && c.sample <= 0 }

// choose finds the mutants to try.
func choose(ctx context.Context, c config) (*target, error) {
	t, err := newTarget(ctx, c.dir, c.files)
	if err != nil {
		return nil, err
	}
	if c.lines != "" {
		lines, err := parseLines(c.lines)
		if err != nil {
			return nil, err
		}
		t.keep(func(m mutant) bool { return lines.has(m.Line) })
	}
	if c.since != "" {
		changed, err := changedLines(ctx, t.dir, c.since)
		if err != nil {
			return nil, err
		}
		t.keep(func(m mutant) bool {
			return slices.ContainsFunc(changed[m.File], func(r lineRange) bool { return r.has(m.Line) })
		})
	}
	if c.only != "" {
		living, err := readSurvivors(c.only)
		if err != nil {
			return nil, err
		}
		t.keep(func(m mutant) bool { return living[m.key()] })
	}
	t.sample(c.sample)
	return t, nil
}
