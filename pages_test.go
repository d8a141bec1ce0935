package bare_test

import (
	"path/filepath"
	"regexp"
	"testing"
)

// Each page of an example is one file to paste, so each contains the whole style.
func TestPagesOfTheExamplesHaveOneStyle(t *testing.T) {
	t.Parallel()
	style := regexp.MustCompile(`(?s)<style>.*</style>`)
	paths := pagesOfExamples(t)
	want := style.FindString(readFile(t, paths[0]))
	if want == "" {
		t.Fatalf("%s has no style", paths[0])
	}
	for _, path := range paths[1:] {
		if got := style.FindString(readFile(t, path)); got != want {
			t.Errorf("%s has another style than %s\ngot  %s\nwant %s", path, paths[0], got, want)
		}
	}
}

// pagesOfExamples lists the pages, but not those that are about static files and templates
// themselves.
func pagesOfExamples(t *testing.T) []string {
	t.Helper()
	var paths []string
	for _, pattern := range []string{"examples/*/*.html", "examples/*/page/*.html"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("the pages %s are %v (%v)", pattern, found, err)
		}
		paths = append(paths, found...)
	}
	return paths
}
