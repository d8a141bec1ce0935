//go:build unix

package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// A section is one table, with a line on what it shows.
type section struct {
	title, text string
	head        []string
	rows        [][]string
}

func (s section) markdown() string {
	var out strings.Builder
	fmt.Fprintf(&out, "\n### %s\n\n%s\n\n", s.title, s.text)
	writeTable(&out, s.head, s.rows)
	return out.String()
}

func writeTable(out *strings.Builder, head []string, rows [][]string) {
	fmt.Fprintf(out, "| %s |\n|%s\n", strings.Join(head, " | "), "---|"+strings.Repeat("---:|", len(head)-1))
	for _, row := range rows {
		fmt.Fprintf(out, "| %s |\n", strings.Join(row, " | "))
	}
}

// A goal is one of the project's, with what it came to.
type goal struct {
	measure, target, found string
	reached                bool
}

func (b *bench) reach(measure, target, found string, reached bool) {
	b.goals = append(b.goals, goal{measure, target, found, reached})
}

// summary says on what machine the run was made, and what became of the goals.
func (b *bench) summary() string {
	var out strings.Builder
	fmt.Fprintf(&out, "\n### The goals\n\n%s, %d cores, %s, %s/%s; load average at the end: %s; %s.\n\n",
		processor(), runtime.NumCPU(), runtime.Version(), runtime.GOOS, runtime.GOARCH,
		loadAverage(), time.Now().UTC().Format(time.DateOnly))
	rows := make([][]string, 0, len(b.goals))
	for _, g := range b.goals {
		answer := "yes"
		if !g.reached {
			answer = "**no**"
		}
		rows = append(rows, []string{g.measure, g.target, g.found, answer})
	}
	writeTable(&out, []string{"measure", "goal", "found", "reached"}, rows)
	return out.String()
}

func processor() string {
	content, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "a processor of unknown make" // there is no such file on other systems
	}
	for line := range strings.Lines(string(content)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

func loadAverage() string {
	content, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	first, _, _ := strings.Cut(string(content), " ")
	return first
}

const (
	startMarker = "<!-- figures:start -->\n"
	endMarker   = "<!-- figures:end -->\n"
)

// write puts the figures between the document's markers.
func (b *bench) write(path string) error {
	if path == "" {
		path = "docs/benchmarks.md"
		if _, err := os.Stat(path); err != nil {
			path = "../docs/benchmarks.md"
		}
	}
	content, err := os.ReadFile(path) //nolint:gosec // the path is the user's own flag
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(content), startMarker)
	_, after, ok2 := strings.Cut(rest, endMarker)
	if !ok || !ok2 {
		return errors.New(path + " has no markers for the figures")
	}
	var figures strings.Builder
	figures.WriteString(b.summary())
	for _, s := range b.sections {
		figures.WriteString(s.markdown())
	}
	return os.WriteFile(path, []byte(before+startMarker+figures.String()+"\n"+endMarker+after), 0o644) //nolint:gosec // a document
}

func median[T cmp.Ordered](values []T) T { return quantile(values, 0.5) }

// quantile is the value below which the share q of the values lies.
func quantile[T cmp.Ordered](values []T, q float64) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[int(q*float64(len(sorted)-1)+0.5)]
}

// ratios are the quotients of two series, round by round.
func ratios(values, base []float64) []float64 {
	quotients := make([]float64, len(values))
	for i := range values {
		quotients[i] = values[i] / base[i]
	}
	return quotients
}

func seconds(d time.Duration) string {
	return fmt.Sprintf("%g s", d.Round(100*time.Millisecond).Seconds())
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond))
}
