package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A lineRange is a range of lines of a file, both ends included.
type lineRange struct{ first, last int }

func (r lineRange) has(line int) bool { return r.first <= line && line <= r.last }

// parseLines reads a range of lines: "a-b", or "a" for one.
func parseLines(text string) (lineRange, error) {
	first, last, ok := strings.Cut(text, "-")
	if !ok {
		last = first
	}
	a, errA := strconv.Atoi(first)
	b, errB := strconv.Atoi(last)
	if err := errors.Join(errA, errB); err != nil || a < 1 || b < a {
		return lineRange{}, fmt.Errorf("%q is no range of lines, as 10-20 is", text)
	}
	return lineRange{a, b}, nil
}

// A target is the package whose tests are tried.
type target struct {
	dir     string
	path    string // for import
	sources map[string][]byte
	mutants []mutant
}

// newTarget reads the package in a directory, and finds the mutants of the files
// named; of all its files when none is.
func newTarget(ctx context.Context, dir string, names []string) (*target, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	output, err := command(ctx, dir, "go", "list", "-json=ImportPath,GoFiles", ".").Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", withOutput(err))
	}
	var listed struct {
		ImportPath string
		GoFiles    []string
	}
	if err := json.Unmarshal(output, &listed); err != nil {
		return nil, err
	}
	t := &target{dir: dir, path: listed.ImportPath, sources: make(map[string][]byte)}
	if len(names) == 0 {
		names = listed.GoFiles
	}
	for _, name := range names {
		name = filepath.Clean(name)
		if !slices.Contains(listed.GoFiles, name) {
			return nil, fmt.Errorf("%s is no file of the package in %s", name, dir)
		}
		if err := t.read(name); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func (t *target) read(name string) error {
	if t.sources[name] != nil {
		return nil
	}
	source, err := os.ReadFile(filepath.Join(t.dir, name))
	if err != nil {
		return err
	}
	mutants, err := find(name, source)
	if err != nil {
		return err
	}
	t.sources[name] = source
	t.mutants = append(t.mutants, mutants...)
	return nil
}

// keep drops the mutants that do not meet a condition.
func (t *target) keep(wanted func(mutant) bool) {
	t.mutants = slices.DeleteFunc(t.mutants, func(m mutant) bool { return !wanted(m) })
}

// sample keeps n mutants. Which ones depends on their keys alone, so that the
// same ones are taken again when something else has changed.
func (t *target) sample(n int) {
	if n <= 0 || n >= len(t.mutants) {
		return
	}
	hashes := make([]uint64, len(t.mutants))
	for i := range t.mutants {
		hashes[i] = hash(t.mutants[i].key())
	}
	slices.Sort(hashes)
	limit := hashes[n-1]
	t.keep(func(m mutant) bool { return hash(m.key()) <= limit })
}

func hash(text string) uint64 {
	sum := sha256.Sum256([]byte(text))
	return binary.BigEndian.Uint64(sum[:])
}

// changedLines returns the lines that have changed since a revision of git, by
// file.
func changedLines(ctx context.Context, dir, revision string) (map[string][]lineRange, error) {
	output, err := command(ctx, dir, "git", "diff", "-U0", "--no-color", "--no-ext-diff", "--relative",
		"--no-prefix", revision, "--", ".").Output()
	if err != nil {
		return nil, fmt.Errorf("git diff: %w", withOutput(err))
	}
	return parseDiff(output), nil
}

// parseDiff reads the new lines' numbers from a diff without context.
func parseDiff(diff []byte) map[string][]lineRange {
	hunk := regexp.MustCompile(`^@@ -\S+ \+(\d+)(?:,(\d+))? @@`)
	changed := make(map[string][]lineRange)
	file := ""
	for lines := bufio.NewScanner(bytes.NewReader(diff)); lines.Scan(); {
		line := lines.Text()
		if name, ok := strings.CutPrefix(line, "+++ "); ok {
			file = name
			continue
		}
		match := hunk.FindStringSubmatch(line)
		if match == nil {
			continue
		}
		first, _ := strconv.Atoi(match[1]) // digits
		count := 1
		if match[2] != "" {
			count, _ = strconv.Atoi(match[2]) // digits
		}
		changed[file] = append(changed[file], lineRange{first, first + count - 1})
	}
	return changed
}

// withOutput adds what a failed command wrote to standard error.
func withOutput(err error) error {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return fmt.Errorf("%w: %s", err, bytes.TrimSpace(exit.Stderr))
	}
	return err
}
