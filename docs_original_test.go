package bare_test

import (
	"regexp"
	"strings"
	"testing"
)

// A name of the original in a code span, with or without arguments.
var originalName = regexp.MustCompile(`^([\w./]+)\(([^()]*)\)$`)

func TestThePageForPortingHasEachNamePageAndExampleOfTheOriginal(t *testing.T) {
	t.Parallel()
	there := make(map[string]bool)
	for _, span := range codeSpans(readFile(t, "docs/from-bareasgi.md")) {
		there[span] = true
		if match := originalName.FindStringSubmatch(span); match != nil {
			there[match[1]] = true
			for argument := range strings.SplitSeq(match[2], ",") {
				there[match[1]+"("+strings.Trim(argument, "*= ")+")"] = true
			}
		}
	}
	names := 0
	for name := range strings.Lines(readFile(t, "testdata/bareasgi.txt")) {
		name = strings.TrimSuffix(name, "\n")
		if name == "" || strings.HasPrefix(name, "#") {
			continue
		}
		names++
		if !there[name] {
			t.Errorf("docs/from-bareasgi.md has no `%s`", name)
		}
	}
	if names < 300 {
		t.Errorf("testdata/bareasgi.txt has %d names", names)
	}
}

func TestEachPageOfTheOriginalIsHereUnderItsName(t *testing.T) {
	t.Parallel()
	here := make(map[string]bool)
	for _, path := range documents(t) {
		here[path] = true
	}
	for name := range strings.Lines(readFile(t, "testdata/bareasgi.txt")) {
		name = strings.TrimSuffix(name, "\n")
		if !strings.HasSuffix(name, ".md") || strings.HasPrefix(name, "api/") { // pkg.go.dev has the API
			continue
		}
		if !here["docs/"+name] {
			t.Errorf("there is no docs/%s", name)
		}
	}
}
