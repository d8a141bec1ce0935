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
	paths, err := filepath.Glob("examples/*/*.html")
	if err != nil || len(paths) == 0 {
		t.Fatalf("the pages are %v (%v)", paths, err)
	}
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
