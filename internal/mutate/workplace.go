package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// A workplace is where one mutant at a time is run, and built if need be.
type workplace struct {
	runner *runner
	dir    string
	cache  string // its own build cache; "" means the user's
}

func (r *runner) newWorkplace(name string) (*workplace, error) {
	w := &workplace{runner: r, dir: filepath.Join(r.temp, name)}
	return w, errors.Join(makeDirs(filepath.Join(w.dir, "tmp")), makeDirs(filepath.Join(w.dir, "overlay")))
}

// useCache gives the workplace a build cache of its own.
func (w *workplace) useCache(ctx context.Context) error {
	w.cache = filepath.Join(w.dir, "cache")
	return newCache(ctx, w.cache)
}

func (w *workplace) binary() string { return filepath.Join(w.dir, "mutant.test") }

// buildMutant compiles the tests with one mutant.
func (w *workplace) buildMutant(ctx context.Context, m mutant) ([]byte, error) {
	return w.build(ctx, map[string][]byte{m.File: m.apply(w.runner.target.sources[m.File])})
}

// build compiles the tests with other contents of some files of the package. Its
// directory is not changed.
func (w *workplace) build(ctx context.Context, contents map[string][]byte, flags ...string) ([]byte, error) {
	t := w.runner.target
	replaced := make(map[string]string)
	for name, content := range contents {
		changed := filepath.Join(w.dir, "overlay", name) // compilers name it in errors
		replaced[filepath.Join(t.dir, name)] = changed
		if err := writeFile(changed, content); err != nil {
			return nil, err
		}
	}
	overlay := filepath.Join(w.dir, "overlay.json")
	replacement, err := json.Marshal(map[string]any{"Replace": replaced})
	if err != nil {
		return nil, err
	}
	if err := writeFile(overlay, replacement); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, buildLimit)
	defer cancel()
	flags = append(flags, "-vet=off", "-ldflags=-s -w", "-overlay="+overlay, "-o", w.binary())
	arguments := append([]string{"test", "-c"}, flags...)
	build := command(ctx, t.dir, "go", append(arguments, ".")...)
	if w.cache == "" {
		return build.CombinedOutput()
	}
	build.Env = append(build.Environ(), "GOCACHE="+w.cache)
	output, err := build.CombinedOutput()
	return output, errors.Join(err, prune(w.cache))
}

// A trial is a binary of the tests, and the number of the mutant in it that is to
// be selected; 0 selects none.
type trial struct {
	binary string
	number int
}

// run runs some of the tests, until the first that fails. What they print is read
// as it comes: a run that has failed is not waited for.
func (w *workplace) run(ctx context.Context, t trial, selection string, limit time.Duration) outcome {
	if selection == "" {
		return survived
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	cmd := command(ctx, w.runner.target.dir, t.binary, selection, "-test.failfast",
		"-test.timeout="+w.runner.limit.String(), fmt.Sprintf("-test.short=%t", w.runner.short))
	// A test that is killed leaves its temporary files behind.
	cmd.Env = append(cmd.Environ(), "TMPDIR="+filepath.Join(w.dir, "tmp"),
		fmt.Sprintf("%s=%d", mutantVariable, t.number))
	output := &watcher{failed: cancel}
	cmd.Stdout, cmd.Stderr = output, output
	err := cmd.Run()
	switch {
	case output.found.Load():
		return killed
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return timedOut
	case err != nil:
		return killed
	default:
		return survived
	}
}

func makeDirs(dir string) error { return os.MkdirAll(dir, 0o700) }

func writeFile(name string, content []byte) error { return os.WriteFile(name, content, 0o600) }

func readFile(name string) ([]byte, error) {
	return os.ReadFile(name)
}
