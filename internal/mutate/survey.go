package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// slowTest is how long a test lasts that is kept for the end.
const slowTest = 200 * time.Millisecond

// A survey is what one run of the tests without a mutant tells.
type survey struct {
	slow   []string // the names of slow tests
	blocks []block
}

// A block is a part of a file that runs as a whole.
type block struct {
	file                   string
	line, column           int
	lastLine, beforeColumn int
	reached                bool
}

func (b block) has(file string, line, column int) bool {
	return b.file == file &&
		(line > b.line || line == b.line && column >= b.column) &&
		(line < b.lastLine || line == b.lastLine && column < b.beforeColumn)
}

// unreached reports whether no test runs the code at a place. What is in no block,
// a constant or the condition of a case, may be used anywhere.
func (s *survey) unreached(file string, line, column int) bool {
	known := false
	for _, b := range s.blocks {
		if b.has(file, line, column) {
			if b.reached {
				return false
			}
			known = true
		}
	}
	return known
}

// newSurvey runs the tests once. Programs that tests start count as part of them:
// they leave their profiles in the same directory.
func newSurvey(ctx context.Context, t *target, temp string, short bool) (*survey, error) {
	binary, profiles := filepath.Join(temp, "survey.test"), filepath.Join(temp, "profiles")
	if err := makeDirs(profiles); err != nil {
		return nil, err
	}
	build := command(ctx, t.dir, "go", "test", "-c", "-cover", "-covermode=atomic", "-vet=off", "-o", binary, ".")
	if output, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("the tests do not compile: %w\n%s", err, output)
	}
	run := command(ctx, t.dir, binary, "-test.v", "-test.timeout=10m", "-test.gocoverdir="+profiles,
		fmt.Sprintf("-test.short=%t", short))
	run.Env = append(run.Environ(), "GOCOVERDIR="+profiles)
	output, err := run.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("the tests fail without a mutant: %w\n%s", err, tail(output))
	}
	text := filepath.Join(temp, "profile.txt")
	convert := command(ctx, t.dir, "go", "tool", "covdata", "textfmt", "-i="+profiles, "-o="+text)
	if output, err := convert.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go tool covdata: %w\n%s", err, output)
	}
	profile, err := readFile(text)
	if err != nil {
		return nil, err
	}
	return &survey{slow: slowTests(output), blocks: parseProfile(profile, t.path)}, nil
}

// slowTests finds the names of slow tests in the output of go test -v.
func slowTests(output []byte) []string {
	passed := regexp.MustCompile(`^--- PASS: (\S+) \(([\d.]+)s\)`)
	var slow []string
	for lines := bufio.NewScanner(bytes.NewReader(output)); lines.Scan(); {
		match := passed.FindStringSubmatch(lines.Text())
		if match == nil {
			continue
		}
		seconds, _ := strconv.ParseFloat(match[2], 64) // digits
		if seconds >= slowTest.Seconds() {
			slow = append(slow, match[1])
		}
	}
	return slow
}

// parseProfile reads the blocks of one package from a coverage profile.
func parseProfile(profile []byte, importPath string) []block {
	entry := regexp.MustCompile(`^(.+):(\d+)\.(\d+),(\d+)\.(\d+) \d+ (\d+)$`)
	var blocks []block
	for line := range strings.Lines(string(profile)) {
		match := entry.FindStringSubmatch(strings.TrimSpace(line))
		if len(match) == 0 || path.Dir(match[1]) != importPath {
			continue
		}
		var numbers [4]int
		for i := range numbers {
			numbers[i], _ = strconv.Atoi(match[i+2]) // digits
		}
		blocks = append(blocks, block{
			file: path.Base(match[1]), line: numbers[0], column: numbers[1],
			lastLine: numbers[2], beforeColumn: numbers[3], reached: match[6] != "0",
		})
	}
	return blocks
}
