package main

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
)

// A combined build has as many mutants as possible in one binary. It is compiled
// and linked once, which takes longer than to run the tests.
type combined struct {
	binary string
	has    map[int]bool // the mutants in it, by their numbers
	// failure is why there is no such build, and each mutant is built on its own.
	failure error
}

// selects is the number that selects a mutant, by its place among the target's.
func selects(place int) int { return place + 1 }

// newCombined builds the mutants that tests reach. Those whose copy the compiler
// refuses are dropped: they are built one at a time, which tells whether the mutant
// or only its copy is refused.
func newCombined(ctx context.Context, r *runner) (*combined, error) {
	files, has, err := r.switchedFiles()
	if err != nil || len(has) == 0 {
		return &combined{}, err
	}
	w, err := r.newWorkplace("combined")
	if err != nil {
		return nil, err
	}
	dropped := make(map[int]bool)
	for {
		where, output, err := w.buildSwitched(ctx, files, dropped)
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		refused := refusedMutants(output, where)
		if len(refused) == 0 {
			return &combined{failure: fmt.Errorf("%w\n%s", err, tail(output))}, nil
		}
		for _, number := range refused {
			dropped[number] = true
			delete(has, number)
		}
	}
	return &combined{binary: w.binary(), has: has}, nil
}

// switchedFiles puts the mutants into their files, and returns the numbers of those
// that a file has taken in.
func (r *runner) switchedFiles() (files []*switched, has map[int]bool, err error) {
	byName := make(map[string]*switched)
	has = make(map[int]bool)
	for i := range r.target.mutants {
		m := r.target.mutants[i]
		file := byName[m.File]
		if file == nil {
			if file, err = newSwitched(m.File, r.target.sources[m.File]); err != nil {
				return nil, nil, err
			}
			byName[m.File] = file
			files = append(files, file)
		}
		if !r.unreached(m) && file.add(numbered{selects(i), m}) {
			has[selects(i)] = true
		}
	}
	return files, has, nil
}

// buildSwitched builds the files without the mutants that are dropped, and returns
// where the others are.
func (w *workplace) buildSwitched(ctx context.Context, files []*switched, dropped map[int]bool) (
	where map[string][]span, output []byte, err error,
) {
	where = make(map[string][]span)
	// In its name, _test would make it a test's file.
	contents := map[string][]byte{"mutantundertest.go": []byte(selector(files[0].syntax.Name.Name))}
	for _, file := range files {
		text, spans := file.write(dropped)
		contents[file.name], where[file.name] = []byte(text), spans
	}
	output, err = w.build(ctx, contents, "-gcflags=-e") // all errors, not the first ten
	return where, output, err
}

// refusedMutants finds the mutants that the compiler complains about.
func refusedMutants(output []byte, where map[string][]span) []int {
	var refused []int
	complaint := regexp.MustCompile(`(?m)^(\S+\.go):(\d+)`)
	for _, match := range complaint.FindAllSubmatch(output, -1) {
		line, _ := strconv.Atoi(string(match[2])) // digits
		for _, s := range where[filepath.Base(string(match[1]))] {
			if s.lines.has(line) {
				refused = append(refused, s.number)
			}
		}
	}
	return refused
}
