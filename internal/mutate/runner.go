package main

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"
)

// An outcome is what became of a mutant.
type outcome string

// The outcomes. A mutant that does not compile says nothing about the tests.
const (
	killed      outcome = "killed"
	timedOut    outcome = "timed out" // killed, too
	survived    outcome = "survived"
	uncovered   outcome = "not covered" // survived, too: no test runs the code
	uncompiled  outcome = "does not compile"
	interrupted outcome = "interrupted"
)

// A result is a mutant and its outcome.
type result struct {
	mutant

	Outcome outcome `json:"outcome"`
	Reason  string  `json:"reason,omitempty"` // why it may survive
}

const (
	buildLimit = 5 * time.Minute
	// patience is how much longer than without a mutant the tests may take, on a
	// machine that is busy: limit is patience times the usual, and leastLimit more.
	patience   = 10
	leastLimit = 5 * time.Second
	// manyMutants is how many are worth a build cache of their own.
	manyMutants = 50
)

// A runner tries mutants.
type runner struct {
	target *target
	survey *survey
	// combined has most of the mutants; the others are built one at a time.
	combined *combined

	temp  string
	short bool
	limit time.Duration // of a run of the tests

	quickLimit, slowLimit time.Duration
}

// newRunner looks at the tests as they are, builds the mutants, and makes sure
// that the tests pass while none of them is selected.
func newRunner(ctx context.Context, t *target, temp string, short bool, limit time.Duration) (*runner, error) {
	s, err := newSurvey(ctx, t, temp, short)
	if err != nil {
		return nil, err
	}
	r := &runner{target: t, survey: s, temp: temp, short: short, limit: limit, quickLimit: limit, slowLimit: limit}
	if len(t.mutants) == 0 {
		return r, nil
	}
	if r.combined, err = newCombined(ctx, r); err != nil {
		return nil, err
	}
	err = r.measure(ctx)
	if err != nil && ctx.Err() == nil && len(r.combined.has) > 0 {
		r.combined = &combined{failure: err} // a test may count allocations, which the copies change
		err = r.measure(ctx)
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

// measure runs the tests without a mutant, and sets the limits of those with one.
func (r *runner) measure(ctx context.Context) error {
	w, err := r.newWorkplace("unchanged")
	if err != nil {
		return err
	}
	unchanged := trial{binary: r.combined.binary}
	if len(r.combined.has) < len(r.target.mutants) {
		// With the user's cache, which then has all that the other mutants do not change.
		if output, err := w.buildMutant(ctx, mutant{File: r.target.mutants[0].File}); err != nil {
			return fmt.Errorf("the tests do not compile: %w\n%s", err, output)
		}
	}
	if unchanged.binary == "" {
		unchanged.binary = w.binary()
	}
	for _, part := range []struct {
		selection string
		limit     *time.Duration
	}{{r.quick(), &r.quickLimit}, {r.slow(), &r.slowLimit}} {
		start := time.Now()
		if got := w.run(ctx, unchanged, part.selection, r.limit); got != survived {
			return fmt.Errorf("without a mutant, the tests are %s", got)
		}
		*part.limit = min(r.limit, leastLimit+patience*time.Since(start))
	}
	return nil
}

// quick and slow select tests. Most mutants are killed in the first fraction of a
// second.
func (r *runner) quick() string {
	if len(r.survey.slow) == 0 {
		return "-test.run=."
	}
	return "-test.skip=" + r.slowPattern()
}

func (r *runner) slow() string {
	if len(r.survey.slow) == 0 {
		return ""
	}
	return "-test.run=" + r.slowPattern()
}

func (r *runner) slowPattern() string { return "^(" + strings.Join(r.survey.slow, "|") + ")$" }

// all tries the mutants, some at a time, and calls report for each as it is done.
// It stops at the context's end and at the first error that is no mutant's.
func (r *runner) all(ctx context.Context, parallel int, report func(*result)) ([]result, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	results := make([]result, len(r.target.mutants))
	next := make(chan int)
	var (
		workers sync.WaitGroup
		mutex   sync.Mutex
	)
	for number := range parallel {
		workers.Go(func() {
			w, err := r.newWorkplace(fmt.Sprint(number))
			if err == nil && len(results)-len(r.combined.has) >= manyMutants {
				err = w.useCache(ctx)
			}
			if err != nil {
				cancel(err)
			}
			for i := range next {
				got, err := r.try(ctx, w, i)
				if err != nil {
					cancel(err)
				}
				results[i] = result{mutant: r.target.mutants[i], Outcome: got}
				if got == interrupted {
					continue
				}
				mutex.Lock()
				report(&results[i])
				mutex.Unlock()
			}
		})
	}
	for i := range results {
		next <- i
	}
	close(next)
	workers.Wait()
	if err := context.Cause(ctx); err != nil {
		return results, err
	}
	return results, nil
}

// unreached reports whether no test runs a mutant's code.
func (r *runner) unreached(m mutant) bool {
	source := r.target.sources[m.File]
	column := m.start - bytes.LastIndexByte(source[:m.start], '\n')
	return r.survey.unreached(m.File, m.Line, column)
}

// try says what becomes of one mutant. The slow tests are run if the others pass.
func (r *runner) try(ctx context.Context, w *workplace, place int) (outcome, error) {
	if ctx.Err() != nil {
		return interrupted, context.Cause(ctx)
	}
	m := r.target.mutants[place]
	if r.unreached(m) {
		return uncovered, nil
	}
	t := trial{binary: r.combined.binary, number: selects(place)}
	if !r.combined.has[t.number] {
		if output, err := w.buildMutant(ctx, m); err != nil {
			return buildFailure(ctx, output, err)
		}
		t = trial{binary: w.binary()}
	}
	got := w.run(ctx, t, r.quick(), r.quickLimit)
	if got == survived {
		got = w.run(ctx, t, r.slow(), r.slowLimit)
	}
	if ctx.Err() != nil {
		return interrupted, context.Cause(ctx)
	}
	return got, nil
}

// buildFailure tells what the compiler refuses from what is no mutant's fault: a
// full disk would otherwise look like a mutant that does not compile.
func buildFailure(ctx context.Context, output []byte, err error) (outcome, error) {
	if ctx.Err() != nil {
		return interrupted, context.Cause(ctx)
	}
	if regexp.MustCompile(`(?m)^\S+\.go:\d+`).Match(output) {
		return uncompiled, nil
	}
	return interrupted, fmt.Errorf("a mutant cannot be built: %w\n%s", err, output)
}
