package bare_test

import (
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite what the documents cut from code and from recorded runs")

var (
	// A block in a document follows a comment that names its source.
	codeBlock = regexp.MustCompile("(?sm)^<!-- code: (\\S+) -->\n+```(\\w*)\n(.*?)^```$") //nolint:gocritic // with the flag m, ^ is a line's beginning
	// Any block, to find those that name none.
	anyBlock = regexp.MustCompile("(?sm)^(<!-- code: \\S+ -->\n+)?```(\\w*)\n.*?^```$") //nolint:gocritic // likewise
	link     = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading  = regexp.MustCompile(`(?m)^#+ (.+)$`)
	marker   = regexp.MustCompile(`(?m)^[ \t]*(//|<!--) docs:(start|end).*\n`)
	gap      = regexp.MustCompile(`\n{3,}`) // what a marker leaves between two blank lines
)

// It is not parallel itself: it may rewrite the documents, which the others read.
//
//nolint:paralleltest,tparallel // see above
func TestDocumentsShowTheCodeAndTheFiguresThatTheyName(t *testing.T) {
	texts := map[string]string{} // read before any is written
	for _, path := range documents(t) {
		texts[filepath.ToSlash(path)] = readFile(t, path)
	}
	for path, text := range texts {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			fresh := codeBlock.ReplaceAllStringFunc(text, func(block string) string {
				match := codeBlock.FindStringSubmatch(block)
				return "<!-- code: " + match[1] + " -->\n```" + match[2] + "\n" + source(t, match[1]) + "```"
			})
			fresh, err := weaveFigures(fresh, texts)
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			if fresh == text {
				return
			}
			if !*update {
				t.Fatalf("%s differs from the code or the tables that it quotes: run go test . -run TestDocuments -update", path)
			}
			if err := os.WriteFile(path, []byte(fresh), 0o600); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestDocumentsShowNoGoThatIsNotCompiled(t *testing.T) {
	t.Parallel()
	for _, path := range documents(t) {
		for _, match := range anyBlock.FindAllStringSubmatch(readFile(t, path), -1) {
			if named := match[1] != ""; !named && (match[2] == "go" || match[2] == "html" || match[2] == "js") {
				t.Errorf("%s: a block of %s names no source:\n%s", path, match[2], match[0])
			}
		}
	}
}

func TestDocumentsHaveNoDeadLinks(t *testing.T) {
	t.Parallel()
	for _, path := range documents(t) {
		text := anyBlock.ReplaceAllString(readFile(t, path), "")
		for _, match := range link.FindAllStringSubmatch(text, -1) {
			if strings.Contains(match[1], "://") {
				continue // another site
			}
			target, anchor, _ := strings.Cut(match[1], "#")
			file := path
			if target != "" {
				file = filepath.Join(filepath.Dir(path), target)
			}
			if _, err := os.Stat(file); err != nil {
				t.Errorf("%s links to %s, which is not there", path, match[1])
			} else if anchor != "" && !hasAnchor(readFile(t, file), anchor) {
				t.Errorf("%s links to %s, which has no such heading", path, match[1])
			}
		}
	}
}

// Browsers ask for /favicon.ico, unless a page names its icon.
func TestNoPageOfTheExamplesHasItsBrowserAskForAnIcon(t *testing.T) {
	t.Parallel()
	for _, path := range pagesOfExamples(t) {
		if head, _, _ := strings.Cut(readFile(t, path), "</head>"); !strings.Contains(head, `<link rel="icon" href="data:,">`) {
			t.Errorf("%s names no icon", path)
		}
	}
}

// documents lists the Markdown files, except those of hidden folders and of
// packages that npm installed.
func documents(t *testing.T) []string {
	t.Helper()
	var paths []string
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && path != "." && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "node_modules") {
			return filepath.SkipDir
		}
		if strings.HasSuffix(path, ".md") {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 {
		t.Fatal("no document was found")
	}
	return paths
}

// source is what a comment in a document names: a file, or with #name a region
// of it. A file's regions' own marks are left out.
func source(t *testing.T, name string) string {
	t.Helper()
	path, region, _ := strings.Cut(name, "#")
	text := readFile(t, path)
	if region != "" {
		text = cutRegion(t, text, path, region)
	}
	if unmarked := marker.ReplaceAllString(text, ""); unmarked != text {
		text = gap.ReplaceAllString(unmarked, "\n\n")
	}
	text = strings.TrimLeft(dedent(text), "\n")
	return strings.TrimRight(text, "\n\t ") + "\n"
}

func cutRegion(t *testing.T, text, path, name string) string {
	t.Helper()
	start := regexp.MustCompile(`(?m)^\s*(//|<!--) docs:start ` + regexp.QuoteMeta(name) + `( -->)?\n`)
	end := regexp.MustCompile(`(?m)^\s*(//|<!--) docs:end ` + regexp.QuoteMeta(name) + `( -->)?$`)
	from, to := start.FindStringIndex(text), end.FindStringIndex(text)
	if from == nil || to == nil || to[0] < from[1] {
		t.Fatalf("%s has no region %q", path, name)
	}
	return text[from[1]:to[0]]
}

// dedent takes away the indentation that all lines share.
func dedent(text string) string {
	lines := strings.Split(text, "\n")
	shared := -1
	for _, line := range lines {
		if strings.TrimSpace(line) == "" {
			continue
		}
		indent := len(line) - len(strings.TrimLeft(line, "\t "))
		if shared < 0 || indent < shared {
			shared = indent
		}
	}
	for i, line := range lines {
		lines[i] = line[min(len(line), max(shared, 0)):]
	}
	return strings.Join(lines, "\n")
}

// hasAnchor reports whether a heading of the document has the anchor that
// renderers of Markdown give it.
func hasAnchor(text, anchor string) bool {
	for _, match := range heading.FindAllStringSubmatch(text, -1) {
		if anchorOf(match[1]) == anchor {
			return true
		}
	}
	return false
}

func anchorOf(title string) string {
	var anchor strings.Builder
	for _, r := range strings.ToLower(title) {
		switch {
		case r == ' ':
			anchor.WriteByte('-')
		case r == '-', r == '_', 'a' <= r && r <= 'z', '0' <= r && r <= '9', r > 127:
			anchor.WriteRune(r)
		}
	}
	return anchor.String()
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
