//go:build unix

// Package docs_test follows the documents that say what to type, as a reader does
// who has an empty folder and two terminals.
package docs_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestPagesSayWhatHappens does what a page says, from its first line to its last. It
// goes by the words that a reader sees:
//
//   - A block of sh is typed into the terminal that the paragraph above it names, as in
//     "terminal 1". It must succeed, unless Ctrl-C ends it.
//   - A block of text is what that prints, from the first line to the last. Three dots
//     at its end stand for more of the same. If it begins with "$ ", that line is typed
//     first, and a last line of "^C" is pressed. If the paragraph above it names another
//     terminal, the lines appear there.
//   - A block of go, html or css is saved under the name that the paragraph above it gives, as
//     in "Save this as `main.go`". A block of diff changes the one file that it fits.
//   - "It says `...`" waits for a line, and "Press Ctrl-C in terminal 1" presses it.
//   - When a page says that each section makes one change to the program, a heading
//     undoes it, and the next command finds the changed program running. The heading
//     "Test it" does not: a page whose test fails with the change must say "Undo the last
//     change".
//
// A block of js is for reading, and what a page shows in a browser is browsertest's.
// Commands are typed as they stand, but for the ports, which may be taken.
func TestPagesSayWhatHappens(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	registry := newRegistry(t)
	for _, page := range append(chapters(t), "../README.md", "user-guide/testing-streams.md") {
		t.Run(filepath.Base(page), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(page)
			if err != nil {
				t.Fatal(err)
			}
			r := &reader{t: t, folder: t.TempDir(), registry: registry, terminals: make(map[string]*terminal), saved: make(map[string]string)}
			r.address = freeAddress(t)
			addresses := strings.NewReplacer("localhost:9009", r.address, "localhost:9010", freeAddress(t))
			r.follow(addresses.Replace(string(text)))
		})
	}
}

// chapters are the pages of the tutorial, except for those that have no program of their own.
func chapters(t *testing.T) []string {
	t.Helper()
	pages, err := filepath.Glob("tutorial/*.md")
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(pages, func(page string) bool {
		name := filepath.Base(page)
		return name == "index.md" || name == "choosing-a-transport.md"
	})
}

var (
	comment       = regexp.MustCompile(`(?s)<!--.*?-->\n?`)
	namesTerminal = regexp.MustCompile(`[Tt]erminal\s(\d)`)
	namesFile     = regexp.MustCompile("\\bas\\s`([\\w/]+\\.(?:go|html|css))`")
	says          = regexp.MustCompile("\\b(?:[Ii]t\\s(?:says|prints)|[Tt]erminal\\s(\\d)\\sprints)\\s`([^`]+)`")
	hasPackage    = regexp.MustCompile(`(?m)^package `)
	changes       = regexp.MustCompile(`each\ssection\smakes\sone\schange`)
	undoes        = regexp.MustCompile(`Undo\sthe\slast\schange`)
	pressesCtrlC  = regexp.MustCompile(`Press\sCtrl-C\sin\sterminal\s(\d)`)
)

// A reader follows a page.
type reader struct {
	t         *testing.T
	folder    string // where terminals start
	address   string // what the page's programs listen on
	registry  registry
	terminals map[string]*terminal
	last      *terminal // the one that was typed into last
	paragraph string    // the one that was read last

	saved    map[string]string // files, as the page has them without its changes
	changing bool              // each section makes a change, which the next one undoes
	stale    bool              // the program runs without the change, or does not run
}

// follow reads a page, and stops everything that it has left running.
func (r *reader) follow(text string) {
	defer func() {
		for _, terminal := range r.terminals {
			terminal.kill()
		}
	}()
	// Markdown's blocks have fences, its paragraphs blank lines between them.
	for text = comment.ReplaceAllString(text, "") + "\n"; strings.TrimSpace(text) != ""; {
		text = strings.TrimLeft(text, "\n")
		if fenced, ok := strings.CutPrefix(text, "```"); ok {
			language, rest, _ := strings.Cut(fenced, "\n")
			var block string
			block, text, _ = strings.Cut(rest, "```\n")
			r.readBlock(language, block)
			continue
		}
		r.paragraph, text, _ = strings.Cut(text, "\n\n")
		r.readParagraph()
	}
	for _, terminal := range r.terminals {
		terminal.finish(r.t)
	}
}

func (r *reader) readParagraph() {
	heading := strings.HasPrefix(r.paragraph, "#") && r.paragraph != "## Test it"
	if r.changing && (heading || undoes.MatchString(r.paragraph)) {
		r.undo()
	}
	r.changing = r.changing || changes.MatchString(r.paragraph)
	for _, match := range pressesCtrlC.FindAllStringSubmatch(r.paragraph, -1) {
		r.terminal(match[1]).interrupt(r.t)
	}
	for _, match := range says.FindAllStringSubmatch(r.paragraph, -1) {
		speaker, words := r.last, match[2]
		if match[1] != "" {
			speaker = r.terminal(match[1])
		}
		if speaker == nil || speaker.typed == "" {
			r.t.Fatalf("nothing has been typed that could say %q", words)
		}
		speaker.expectLater(r.t, words)
	}
}

func (r *reader) readBlock(language, block string) {
	switch language {
	case "sh":
		r.enter(block)
	case "text":
		r.readText(block)
	case "go", "html", "css":
		if language == "go" && !hasPackage.MatchString(block) {
			return
		}
		file := r.named(namesFile)
		r.saved[file] = block
		r.save(file, block)
	case "diff":
		r.change(block)
	case "js":
	default:
		r.t.Fatalf("nobody can tell what to do with this block of %q:\n%s", language, block)
	}
}

// readText reads what a terminal shows.
func (r *reader) readText(block string) {
	if transcript, ok := strings.CutPrefix(block, "$ "); ok {
		command, output, _ := strings.Cut(transcript, "\n")
		r.enter(command + "\n")
		output, interrupted := strings.CutSuffix(output, "^C\n")
		if interrupted {
			output += more // it may come before Ctrl-C is pressed
		}
		r.last.expect(r.t, output)
		if interrupted {
			r.last.interrupt(r.t)
		}
		return
	}
	if r.last == nil {
		r.t.Fatalf("nothing has been typed that could print this:\n%s", block)
	}
	if names := namesTerminal.FindAllStringSubmatch(r.paragraph, -1); names != nil {
		if other := r.terminal(names[len(names)-1][1]); other != r.last {
			other.expectLater(r.t, block)
			return
		}
	}
	r.last.expect(r.t, block)
}

// enter types a block, when the program is the one that the page has come to.
func (r *reader) enter(block string) {
	first := r.terminal("1")
	r.last = r.terminal(r.named(namesTerminal))
	if r.stale && r.last != first {
		r.stale = false
		first.interrupt(r.t)
		first.enter(r.t, "go run .\n")
		first.expectLater(r.t, "Listening on http://"+r.address)
	}
	r.last.enter(r.t, block)
}

// named returns what the paragraph above a block names last.
func (r *reader) named(what *regexp.Regexp) string {
	r.t.Helper()
	matches := what.FindAllStringSubmatch(r.paragraph, -1)
	if len(matches) == 0 {
		r.t.Fatalf("this does not say what the block below it is for:\n%s", r.paragraph)
	}
	return matches[len(matches)-1][1]
}

func (r *reader) terminal(name string) *terminal {
	if r.terminals[name] == nil {
		r.terminals[name] = &terminal{name: name, folder: r.folder, environment: r.registry.environment()}
	}
	return r.terminals[name]
}

// project is the folder that terminal 1 is in.
func (r *reader) project(file string) string { return filepath.Join(r.terminal("1").folder, file) }

func (r *reader) save(file, text string) {
	r.terminal("1").arrive()
	if err := os.WriteFile(r.project(file), []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// change applies a block of diff, which has no line numbers, to the file that has
// these lines.
func (r *reader) change(diff string) {
	var before, after strings.Builder
	for line := range strings.Lines(diff) {
		if line[0] != '+' {
			before.WriteString(line[1:])
		}
		if line[0] != '-' {
			after.WriteString(line[1:])
		}
	}
	places := 0
	for file := range r.saved {
		text, err := os.ReadFile(r.project(file))
		if err != nil {
			r.t.Fatal(err)
		}
		if found := strings.Count(string(text), before.String()); found > 0 {
			places += found
			r.save(file, strings.Replace(string(text), before.String(), after.String(), 1))
		}
	}
	if places != 1 {
		r.t.Fatalf("%d places are like this, not one:\n%s", places, before.String())
	}
	r.stale = r.changing
}

// undo takes back the changes of a section.
func (r *reader) undo() {
	for file, text := range r.saved {
		r.save(file, text)
	}
	r.stale = true
}

// freeAddress is one that nobody listens on at the moment.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return net.JoinHostPort("localhost", port)
}
