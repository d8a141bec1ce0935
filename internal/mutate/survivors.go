package main

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
)

// explanations are the accepted survivors' keys, each with its reason.
type explanations map[string]string

// readExplanations reads a file of survivors. One that does not exist explains
// nothing.
func readExplanations(name string) (explanations, error) {
	content, err := readFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return explanations{}, nil
	}
	if err != nil {
		return nil, err
	}
	explained, err := parseExplanations(string(content))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return explained, nil
}

// parseExplanations reads entries: a line as the program prints it for a survivor,
// with or without the line's number, and the reason below it, indented. A line
// with a # first is a comment.
func parseExplanations(content string) (explanations, error) {
	explained := make(explanations)
	key := ""
	for line := range strings.Lines(content) {
		text := strings.TrimSpace(line)
		indented := line[0] == ' ' || line[0] == '\t'
		switch {
		case text == "", !indented && text[0] == '#':
		case indented && key == "":
			return nil, fmt.Errorf("a reason without a survivor: %s", text)
		case indented:
			explained[key] = strings.TrimSpace(explained[key] + " " + text)
		default:
			key = withoutLine(text)
			if _, twice := explained[key]; twice {
				return nil, fmt.Errorf("explained twice: %s", key)
			}
			explained[key] = ""
		}
	}
	for key, reason := range explained {
		if reason == "" {
			return nil, fmt.Errorf("no reason is given: %s", key)
		}
	}
	return explained, nil
}

// withoutLine makes a key of a survivor's line in the report.
func withoutLine(text string) string {
	return regexp.MustCompile(`^([^:]+):\d+: `).ReplaceAllString(text, "$1: ")
}

// explain marks the survivors that are accepted, and returns the keys that were
// not needed although their mutant was tried, or is not there any more.
func (e explanations) explain(t *target, whole bool, results []result) []string {
	needless := make(map[string]bool)
	for key := range e {
		file, _, _ := strings.Cut(key, ": ")
		needless[key] = whole && t.sources[file] != nil
	}
	for i := range results {
		key := results[i].key()
		if !results[i].lives() {
			if _, ok := e[key]; ok && results[i].Outcome != interrupted {
				needless[key] = true
			}
			continue
		}
		results[i].Reason = e[key]
		needless[key] = false
	}
	return sortedTrue(needless)
}
