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

// A workplace is where one mutant at a time is built and run.
type workplace struct {
	runner *runner
	dir    string
	cache  string // its own build cache; "" means the user's
}

func (r *runner) newWorkplace(name string) (*workplace, error) {
	w := &workplace{runner: r, dir: filepath.Join(r.temp, name)}
	return w, makeDirs(filepath.Join(w.dir, "tmp"))
}

// useCache gives the workplace a build cache of its own.
func (w *workplace) useCache(ctx context.Context) error {
	w.cache = filepath.Join(w.dir, "cache")
	return newCache(ctx, w.cache)
}

func (w *workplace) binary() string { return filepath.Join(w.dir, "mutant.test") }

// build compiles the tests with the mutant in the place of its file. The package's
// directory is not changed.
func (w *workplace) build(ctx context.Context, m mutant) ([]byte, error) {
	t := w.runner.target
	changed, overlay := filepath.Join(w.dir, "mutant.go"), filepath.Join(w.dir, "overlay.json")
	replacement, err := json.Marshal(map[string]any{
		"Replace": map[string]string{filepath.Join(t.dir, m.File): changed},
	})
	if err != nil {
		return nil, err
	}
	if err := errors.Join(writeFile(changed, m.apply(t.sources[m.File])), writeFile(overlay, replacement)); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, buildLimit)
	defer cancel()
	build := command(ctx, t.dir, "go", "test", "-c", "-vet=off", "-ldflags=-s -w",
		"-overlay="+overlay, "-o", w.binary(), ".")
	if w.cache == "" {
		return build.CombinedOutput()
	}
	build.Env = append(build.Environ(), "GOCACHE="+w.cache)
	output, err := build.CombinedOutput()
	return output, errors.Join(err, prune(w.cache))
}

// run runs some of the tests, until the first that fails. What they print is read
// as it comes: a run that has failed is not waited for.
func (w *workplace) run(ctx context.Context, selection string, limit time.Duration) outcome {
	if selection == "" {
		return survived
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	cmd := command(ctx, w.runner.target.dir, w.binary(), selection, "-test.failfast",
		"-test.timeout="+w.runner.limit.String(), fmt.Sprintf("-test.short=%t", w.runner.short))
	// A test that is killed leaves its temporary files behind.
	cmd.Env = append(cmd.Environ(), "TMPDIR="+filepath.Join(w.dir, "tmp"))
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
