//go:build unix

package docs_test

import (
	"bytes"
	"context"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long a test waits for what must come: longer than any machine
// needs, so that nothing here depends on speed.
const patience = 2 * time.Minute

// more is the last line of a block that does not show everything.
const more = "..."

// A terminal runs one block of commands at a time.
type terminal struct {
	name        string
	folder      string
	environment []string

	typed    string // the block that was typed last; empty before
	command  *exec.Cmd
	screen   *screen
	exited   chan struct{} // closed when the block has ended, with err
	err      error
	expected []string // all that it prints, if the page says so
	seen     int      // as many lines of the screen have been compared
	finished bool     // it has been waited for

	// Ctrl-C was pressed: go run then fails, whatever the program's status.
	interrupted bool
}

// enter types a block, when the one before it has ended.
func (l *terminal) enter(t *testing.T, block string) {
	t.Helper()
	l.finish(t)
	l.typed, l.expected, l.seen, l.finished, l.interrupted = block, nil, 0, false, false
	l.screen = &screen{changed: make(chan struct{}, 1)}
	l.exited = make(chan struct{})
	// A shell that someone types into survives Ctrl-C.
	l.command = exec.CommandContext(context.Background(), "sh", "-ec", "trap : INT\n"+block)
	l.command.Dir = l.folder
	l.command.Env = l.environment
	l.command.Stdout, l.command.Stderr = l.screen, l.screen
	l.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for the group
	if err := l.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		l.err = l.command.Wait()
		close(l.exited)
	}()
	for line := range strings.Lines(block) {
		if folder, ok := strings.CutPrefix(line, "cd "); ok {
			l.folder = filepath.Join(l.folder, strings.TrimSpace(folder))
		}
	}
}

// arrive waits for the end of a block that makes a folder and changes to it, or that
// copies files: what is saved next would be written over.
func (l *terminal) arrive() {
	if strings.Contains(l.typed, "\ncd ") || strings.HasPrefix(l.typed, "cp ") {
		<-l.exited
	}
}

// expect waits for the screen to show a block of text, and nothing before it.
func (l *terminal) expect(t *testing.T, block string) {
	t.Helper()
	l.expected = lines(block)
	wanted := slices.DeleteFunc(slices.Clone(l.expected), func(line string) bool { return line == more })
	wanted = lines(strings.Join(wanted, "\n")) // the screen is without empty lines at its end, too
	l.wait(t, block, func(shown []string) (seen, hopeless bool) {
		whole := min(len(wanted), len(shown)-1) // the last line may have just begun
		return len(shown) >= len(wanted) && slices.Equal(shown[:len(wanted)], wanted), !slices.Equal(shown[:whole], wanted[:whole])
	})
	l.seen = len(wanted)
}

// expectLater waits for the screen to show a block of text, somewhere behind what
// it has shown before.
func (l *terminal) expectLater(t *testing.T, block string) {
	t.Helper()
	wanted := lines(block)
	l.wait(t, block, func(shown []string) (seen, hopeless bool) {
		for from := l.seen; from+len(wanted) <= len(shown); from++ {
			if slices.Equal(shown[from:from+len(wanted)], wanted) {
				l.seen = from + len(wanted)
				return true, false
			}
		}
		return false, false
	})
}

// wait waits until what is shown is what is wanted, or cannot become it any more.
func (l *terminal) wait(t *testing.T, wanted string, look func(shown []string) (seen, hopeless bool)) {
	t.Helper()
	timeout := time.After(patience)
	for exited := false; ; {
		seen, hopeless := look(lines(l.screen.String()))
		if seen {
			return
		}
		if hopeless || exited {
			l.differs(t, wanted)
		}
		select {
		case <-l.screen.changed:
		case <-l.exited:
			exited = true // all of it is on the screen now
		case <-timeout:
			l.differs(t, wanted)
		}
	}
}

func (l *terminal) differs(t *testing.T, wanted string) {
	t.Helper()
	t.Fatalf("terminal %s: what was typed:\n%s\nwhat the page shows:\n%s\nwhat came:\n%s", l.name, l.typed, wanted, l.screen)
}

// finish waits for the end of what was typed, which must be a good one, and
// compares all that it has printed.
func (l *terminal) finish(t *testing.T) {
	t.Helper()
	if l.typed == "" || l.finished {
		return
	}
	l.finished = true
	select {
	case <-l.exited:
	case <-time.After(patience):
		l.kill()
		t.Fatalf("terminal %s: this does not end:\n%s\n%s", l.name, l.typed, l.screen)
	}
	if l.err != nil && !l.interrupted && !slices.ContainsFunc(l.expected, tellsFailure) {
		t.Fatalf("terminal %s: %v after this:\n%s\n%s", l.name, l.err, l.typed, l.screen)
	}
	if len(l.expected) == 0 || l.expected[len(l.expected)-1] == more {
		return
	}
	if shown := lines(l.screen.String()); !slices.Equal(shown, l.expected) {
		l.differs(t, strings.Join(l.expected, "\n"))
	}
}

// tellsFailure reports whether a line is an error of curl's, or what go run says of a
// program that failed.
func tellsFailure(line string) bool {
	return strings.HasPrefix(line, "curl: (") || strings.HasPrefix(line, "exit status ")
}

// interrupt presses Ctrl-C.
func (l *terminal) interrupt(t *testing.T) {
	t.Helper()
	if l.typed == "" || l.finished {
		return
	}
	l.interrupted = true
	l.signal(syscall.SIGINT)
	l.finish(t)
}

// kill ends what is still running.
func (l *terminal) kill() {
	if l.typed != "" {
		l.signal(syscall.SIGKILL)
		<-l.exited
	}
}

// signal goes to all processes of a block, unless it has ended: the number may be
// another's by then.
func (l *terminal) signal(signal syscall.Signal) {
	select {
	case <-l.exited:
	default:
		_ = syscall.Kill(-l.command.Process.Pid, signal) // it may be ending now
	}
}

// variants are what is different each time, and what stands for it.
var variants = []struct {
	what *regexp.Regexp
	as   string
}{
	{regexp.MustCompile(`\r`), ""},
	{regexp.MustCompile(`(?m)^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d `), ""}, // of a line in the log
	{regexp.MustCompile(`\d{4}-\d\d-\d\d`), "2000-01-01"},
	{regexp.MustCompile(`\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?`), "00:00:00"},
	{regexp.MustCompile(`\b\d+(\.\d+)?(ns|µs|ms|s)\b`), "0s"},  // how long something took
	{regexp.MustCompile(`\d+ milliseconds`), "0 milliseconds"}, // the same, in curl's words
	{regexp.MustCompile(`(?m)^time=\S+ `), ""},                 // of a line in the log
	{regexp.MustCompile(`(Sending event\n)+`), "Sending event\n"},
	{regexp.MustCompile(`(?m)^Date: .*$`), "Date:"},
	{regexp.MustCompile(`\b[0-9a-f]{16}_`), "0000000000000000_"}, // an epoch, in the id of an event
	{regexp.MustCompile(`(?m)^go: downloading .*\n`), ""},        // only where the cache lacks it
}

// lines are those of a text, the last one without its newline, with a placeholder
// for what is different each time.
func lines(text string) []string {
	for _, variant := range variants {
		text = variant.what.ReplaceAllString(text, variant.as)
	}
	return strings.Split(strings.TrimRight(text, "\n"), "\n")
}

// A screen is what a terminal's commands print.
type screen struct {
	mutex   sync.Mutex
	text    bytes.Buffer
	changed chan struct{} // has a value when there is more
}

func (s *screen) Write(text []byte) (int, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	select {
	case s.changed <- struct{}{}:
	default:
	}
	return s.text.Write(text)
}

func (s *screen) String() string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.text.String()
}
