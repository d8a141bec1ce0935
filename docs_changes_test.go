package bare_test

import (
	"regexp"
	"strings"
	"testing"
)

// A change of a program is a block of diff below a comment that names the file, and
// for Go the region of a tested file that has what becomes of it:
//
//	<!-- change: examples/clock/main.go becomes examples/clock/changes_test.go#slow -->
//
// The region is a function, whose name alone differs from that in the changed file.
// Several blocks that become the same make one change.
var changeBlock = regexp.MustCompile("(?sm)^<!-- change: (\\S+)(?: becomes (\\S+))? -->\n+```diff\n(.*?)^```$") //nolint:gocritic // with the flag m, ^ is a line's beginning

func TestDocumentsShowTheChangesThatAreTested(t *testing.T) {
	t.Parallel()
	for _, path := range documents(t) {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			text := readFile(t, path)
			changes := changeBlock.FindAllStringSubmatch(text, -1)
			if diffs := strings.Count(text, "```diff\n"); len(changes) > 0 && len(changes) != diffs {
				t.Errorf("%d of %d blocks of diff name what they change", len(changes), diffs)
			}
			changed := map[string]string{} // the file, by what becomes of it
			for _, match := range changes {
				file, region, diff := match[1], match[2], match[3]
				before, ok := changed[region]
				if !ok || region == "" {
					before = source(t, file)
				}
				changed[region] = applyDiff(t, before, diff)
			}
			for region, got := range changed {
				if region == "" {
					continue
				}
				_, want, found := strings.Cut(source(t, region), "(")
				if !found || !strings.Contains(got, "("+want) {
					t.Errorf("what becomes of the program is not %s, but\n%s", region, got)
				}
			}
		})
	}
}

// applyDiff makes the change of a diff without line numbers: there must be one place
// that it can mean.
func applyDiff(t *testing.T, text, diff string) string {
	t.Helper()
	var before, after strings.Builder
	for line := range strings.Lines(diff) {
		if !strings.ContainsAny(line[:1], " +-\n") {
			t.Fatalf("a line of a diff begins with none of space, plus and minus: %q", line)
		}
		content := line[1:]
		if line == "\n" {
			content = line // an editor has taken its space away
		}
		if line[0] != '+' {
			before.WriteString(content)
		}
		if line[0] != '-' {
			after.WriteString(content)
		}
	}
	if n := strings.Count(text, before.String()); n != 1 {
		t.Fatalf("there are %d places like this:\n%s", n, before.String())
	}
	return strings.Replace(text, before.String(), after.String(), 1)
}
