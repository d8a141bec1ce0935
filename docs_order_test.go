package bare_test

import (
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A chapter in the tutorial's index.
var chapterItem = regexp.MustCompile(`(?m)^(\d+|-)\.? \[[^\]]+\]\(([\w-]+\.md)\)`)

// Chapters of the original's tutorial, in its order.
var chaptersOfTheOriginal = []string{
	"getting-started.md", "simple-rest.md", "lifespan.md", "background-tasks.md", "https.md",
	"middleware.md", "websockets.md", "headers.md", "cors.md", "jinja2.md", "static-files.md",
	"server-sent-events.md", "streaming-fetch.md", "compression.md", "controller-classes.md",
}

func TestTheTutorialLeadsFromItsFirstChapterToItsLast(t *testing.T) {
	t.Parallel()
	chapters, original := tutorialChapters(t)
	for i, chapter := range chapters {
		next := "../index.md" // after the last one
		if i+1 < len(chapters) {
			next = chapters[i+1]
		}
		links := linksOf(whatNext(t, "docs/tutorial/"+chapter))
		if !slices.Contains(links, next) {
			t.Errorf("%s leads to %q, and not to the next chapter, %s", chapter, links, next)
		}
		if !slices.Contains(links, "index.md") {
			t.Errorf("%s does not lead back to the table of contents", chapter)
		}
	}
	pages, err := filepath.Glob("docs/tutorial/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		if name := filepath.Base(page); name != "index.md" && !slices.Contains(chapters, name) {
			t.Errorf("the tutorial's index does not number %s", name)
		}
	}
	if !slices.Equal(original, chaptersOfTheOriginal) {
		t.Errorf("the original's order is\n%q, and not\n%q", chaptersOfTheOriginal, original)
	}
}

func TestEachDocumentIsListedAndLeadsOn(t *testing.T) {
	t.Parallel()
	listed := linksOf(readFile(t, "docs/index.md"))
	for _, path := range documents(t) {
		name, ok := strings.CutPrefix(filepath.ToSlash(path), "docs/")
		if !ok || name == "index.md" {
			continue
		}
		if !slices.Contains(listed, name) {
			t.Errorf("docs/index.md does not list %s", name)
		}
		if len(linksOf(whatNext(t, path))) == 0 {
			t.Errorf("%s leads nowhere", path)
		}
	}
}

func TestEachExampleIsListed(t *testing.T) {
	t.Parallel()
	listed := linksOf(readFile(t, "docs/user-guide/getting-started.md"))
	programs, err := filepath.Glob("examples/*/main.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, program := range programs {
		if !slices.Contains(listed, "../../"+filepath.ToSlash(program)) {
			t.Errorf("docs/user-guide/getting-started.md does not list %s", program)
		}
	}
}

// tutorialChapters are the chapters that the tutorial's index numbers, and those that it lists
// without numbers.
func tutorialChapters(t *testing.T) (numbered, original []string) {
	t.Helper()
	for _, match := range chapterItem.FindAllStringSubmatch(readFile(t, "docs/tutorial/index.md"), -1) {
		if match[1] == "-" {
			original = append(original, match[2])
			continue
		}
		numbered = append(numbered, match[2])
		if want := strconv.Itoa(len(numbered)); match[1] != want {
			t.Errorf("%s has the number %s, not %s", match[2], match[1], want)
		}
	}
	return numbered, original
}

// whatNext is a document's last section.
func whatNext(t *testing.T, path string) string {
	t.Helper()
	text := readFile(t, path)
	headings := heading.FindAllStringIndex(anyBlock.ReplaceAllStringFunc(text, func(block string) string {
		return strings.Repeat("\n", len(block)) // which may have lines that begin with #
	}), -1)
	if len(headings) == 0 {
		t.Fatalf("%s has no heading", path)
	}
	last := text[headings[len(headings)-1][0]:]
	if !strings.HasPrefix(last, "## What next?") {
		t.Errorf("%s does not end with what is next", path)
	}
	return last
}

// linksOf are the files that a text links to, without anchors.
func linksOf(text string) []string {
	var files []string
	for _, match := range link.FindAllStringSubmatch(text, -1) {
		file, _, _ := strings.Cut(match[1], "#")
		files = append(files, file)
	}
	return files
}
