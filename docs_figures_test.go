package bare_test

import (
	"errors"
	"fmt"
	"math"
	"path"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// A figure in a document's prose is cut from a table of measured figures:
//
//	takes <!-- figure benchmarks.md "The first chunk" "bare" "p50" -->0.14 ms<!-- end --> to arrive
//
// The marker names a document in docs, the beginning of a heading above the
// table, a row and a column. A row is the cells that it begins with ("bare", or
// "bare | 203"). A column is its title; "server CPU > ratio" is the first
// column "ratio" to the right of "server CPU". After that may stand how the
// cell is written (see [written]).
var (
	figure     = regexp.MustCompile(`<!-- figure (\S+) "([^"]+)" "([^"]+)" "([^"]+)"(?: as (\w+))? -->([^<\n]*)<!-- end -->`)
	anyFigure  = regexp.MustCompile(`<!-- figure `)
	lineFigure = regexp.MustCompile(`(?m)^[ \t]*<!-- figure `)
	number     = regexp.MustCompile(`\d+(\.\d+)?`)
)

func TestDocumentsWriteEachFigureSoThatItIsWoven(t *testing.T) {
	t.Parallel()
	for _, path := range documents(t) {
		text := readFile(t, path)
		if all, woven := len(anyFigure.FindAllString(text, -1)), len(figure.FindAllString(text, -1)); all != woven {
			t.Errorf(`%s: %d of %d figures are not written <!-- figure document "heading" "row" "column" -->...<!-- end -->`, path, all-woven, all)
		}
		if lineFigure.MatchString(text) {
			t.Errorf("%s: a figure begins a line, which Markdown takes for HTML: move the line break", path)
		}
	}
}

func TestDocumentsFiguresAreFoundInTables(t *testing.T) {
	t.Parallel()
	texts := map[string]string{"docs/b.md": `
### First event, in milliseconds

|  | size | CPU | ratio | wall | ratio |
|---|---:|---:|---:|---:|---:|
| net/http | 10 | 2.00 ms | 1.00 | 3 ms | 1.00 |
| bare | 10 | 1.94 ms | 0.031 | 5 ms | 1.67 |
| bare | 20 | 2.96 ms | 0.5 | 6 ms | 2.00 |

### Last event

No table.
`}
	cases := []struct{ name, marker, want string }{
		{"a cell", `"First event" "net/http" "CPU"`, "2.00 ms"},
		{"a row of two cells", `"First event" "bare | 20" "CPU"`, "2.96 ms"},
		{"a column to the right of another", `"First event" "bare | 10" "wall > ratio"`, "1.67"},
		{"a whole number, with its unit", `"First event" "bare | 10" "CPU" as whole`, "2 ms"},
		{"how many times less", `"First event" "bare | 10" "CPU > ratio" as times`, "32"},
		{"a share", `"First event" "bare | 10" "CPU > ratio" as percent`, "3 %"},
		{"no such heading", `"Event" "bare" "CPU"`, "error: b.md has no heading that begins with Event"},
		{"no such table", `"Last event" "bare" "CPU"`, "error: there is no table under Last event"},
		{"no such row", `"First event" "bar" "CPU"`, "error: 0 rows begin with bar"},
		{"several rows", `"First event" "bare" "CPU"`, "error: 2 rows begin with bare"},
		{"no such column", `"First event" "bare | 10" "RAM"`, "error: there is no column RAM"},
		{"no such writing", `"First event" "bare | 10" "CPU" as poem`, "error: no figure is written as poem"},
	}
	for _, test := range cases {
		got, err := weaveFigures(`is <!-- figure b.md `+test.marker+` -->old<!-- end -->!`, texts)
		want := `is <!-- figure b.md ` + test.marker + ` -->` + test.want + `<!-- end -->!`
		if err != nil {
			got, want = "error: "+err.Error(), test.want
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", test.name, got, want)
		}
	}
}

// weaveFigures writes each figure of the text anew, as the tables of the
// documents have it.
func weaveFigures(text string, documents map[string]string) (string, error) {
	var errs []error
	fresh := figure.ReplaceAllStringFunc(text, func(marked string) string {
		match := figure.FindStringSubmatch(marked)
		cell, err := tableCell(documents[path.Join("docs", match[1])], match[1], match[2], match[3], match[4])
		if err == nil {
			cell, err = written(cell, match[5])
		}
		if err != nil {
			errs = append(errs, err)
			return marked
		}
		opening, _, _ := strings.Cut(marked, "-->")
		return opening + "-->" + cell + "<!-- end -->"
	})
	return fresh, errors.Join(errs...)
}

// tableCell finds the cell in the first table under the heading.
func tableCell(text, document, heading, row, column string) (string, error) {
	_, section, found := strings.Cut(text, "\n### "+heading)
	if !found {
		_, section, found = strings.Cut(text, "\n## "+heading)
	}
	if !found {
		return "", fmt.Errorf("%s has no heading that begins with %s", document, heading)
	}
	section, _, _ = strings.Cut(section, "\n#")
	var table [][]string
	for line := range strings.Lines(section) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "|") {
			table = append(table, cellsOf(line))
		} else if len(table) > 0 {
			break
		}
	}
	if len(table) < 3 {
		return "", fmt.Errorf("there is no table under %s", heading)
	}
	at, err := columnOf(table[0], column)
	if err != nil {
		return "", err
	}
	begins := cellsOf(row)
	var rows [][]string
	for _, cells := range table[2:] {
		if len(cells) > at && len(cells) >= len(begins) && strings.Join(cells[:len(begins)], "|") == strings.Join(begins, "|") {
			rows = append(rows, cells)
		}
	}
	if len(rows) != 1 {
		return "", fmt.Errorf("%d rows begin with %s", len(rows), row)
	}
	return strings.Trim(rows[0][at], "*"), nil
}

func cellsOf(line string) []string {
	cells := strings.Split(strings.Trim(line, "|"), "|")
	for i, cell := range cells {
		cells[i] = strings.TrimSpace(cell)
	}
	return cells
}

func columnOf(titles []string, name string) (int, error) {
	at := -1
	for title := range strings.SplitSeq(name, " > ") {
		at++
		for at < len(titles) && titles[at] != title {
			at++
		}
	}
	if at >= len(titles) {
		return 0, fmt.Errorf("there is no column %s", name)
	}
	return at, nil
}

// written is a cell as a sentence needs it: as it is, or with its first number
// made "whole", or that number alone: as "times", how many times less it is than
// 1, or as "percent".
func written(cell, way string) (string, error) {
	if way == "" {
		return cell, nil
	}
	digits := number.FindString(cell)
	value, err := strconv.ParseFloat(digits, 64)
	if err != nil || value == 0 {
		return "", fmt.Errorf("%q has no number", cell)
	}
	switch way {
	case "whole":
		return strings.Replace(cell, digits, fmt.Sprint(math.Round(value)), 1), nil
	case "times":
		return fmt.Sprint(math.Round(1 / value)), nil
	case "percent":
		return fmt.Sprint(math.Round(value*100)) + " %", nil
	}
	return "", fmt.Errorf("no figure is written as %s", way)
}
