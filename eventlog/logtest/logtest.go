package logtest

import (
	"cmp"
	"testing"
	"time"

	"github.com/bare-go/bare/eventlog"
)

// LogOptions say how to open the logs that [Test] judges, and what they can do.
type LogOptions struct {
	// Open returns a new log, empty and open, that keeps some thousand short
	// records. It must be set. Each log is used by one case; whatever is to be closed
	// is closed by t.Cleanup.
	Open func(tb testing.TB) eventlog.Log
	// Trimmed returns one that loses its first records when it has got at most a
	// thousand of 100 bytes. Nil means that the log keeps everything.
	Trimmed func(tb testing.TB) eventlog.Log
	// Compacted returns one that is compacted, and loses nothing else. Nil means that
	// there is no such log.
	Compacted func(tb testing.TB) eventlog.Log
	// TooLarge is the size of a record that no log takes; 0 means that there is none.
	TooLarge int
	// Patience is how long a case waits for what must come. The default is 10 s.
	Patience time.Duration
}

// LogsOptions say how to open the logs that [TestLogs] judges, and what they can do.
type LogsOptions struct {
	// Open returns logs of which there are none yet. It must be set.
	Open func(tb testing.TB) eventlog.Logs
	// NoForks says that [eventlog.CreateOptions.Start] is not supported.
	NoForks bool
	// TooLarge and Patience are those of [LogOptions].
	TooLarge int
	Patience time.Duration
}

// Test judges a log, in a subtest for each promise.
func Test(t *testing.T, options LogOptions) {
	t.Helper()
	for _, c := range logCases(options) {
		t.Run(c.name, func(t *testing.T) { c.judge(t, options) })
	}
}

// TestLogs judges logs by name, and each as a log, in a subtest for each promise.
func TestLogs(t *testing.T, options LogsOptions) {
	t.Helper()
	for _, c := range logsCases(options) {
		t.Run(c.name, func(t *testing.T) { c.judge(t, options) })
	}
	Test(t, options.each())
}

// each returns how to judge a log that has been created by name.
func (o LogsOptions) each() LogOptions {
	return LogOptions{
		Open: func(tb testing.TB) eventlog.Log {
			tb.Helper()
			log, err := o.Open(tb).Create(tb.Context(), "log", eventlog.CreateOptions{})
			if err != nil {
				tb.Fatalf("Create: %v", err)
			}
			return log
		},
		TooLarge: o.TooLarge,
		Patience: o.Patience,
	}
}

// A logCase is one promise of a log.
type logCase struct {
	name string
	open func(tb testing.TB) eventlog.Log
	run  func(l *log)
}

func (c logCase) judge(tb testing.TB, options LogOptions) {
	tb.Helper()
	c.run(&log{
		trial: trial{tb, cmp.Or(options.Patience, 10*time.Second)},
		Log:   c.open(tb), tooLarge: options.TooLarge,
	})
}

func logCases(o LogOptions) []logCase {
	type group struct {
		open  func(tb testing.TB) eventlog.Log
		cases []logCase
	}
	groups := []group{
		{o.Open, appendCases()},
		{o.Open, readCases()},
		{o.Open, closeCases()},
		{o.Open, watchCases()},
		{o.Open, concurrentCases()},
		{o.Trimmed, trimCases()},
		{o.Compacted, compactCases()},
	}
	var all []logCase
	if o.TooLarge > 0 {
		groups = append(groups, group{o.Open, sizeCases()})
	}
	for _, group := range groups {
		for _, c := range group.cases {
			if c.open = group.open; c.open != nil {
				all = append(all, c)
			}
		}
	}
	return all
}

// A logsCase is one promise of logs by name.
type logsCase struct {
	name string
	run  func(l *logs)
}

func (c logsCase) judge(tb testing.TB, options LogsOptions) {
	tb.Helper()
	c.run(&logs{
		trial: trial{tb, cmp.Or(options.Patience, 10*time.Second)},
		Logs:  options.Open(tb), tooLarge: options.TooLarge,
	})
}

func logsCases(o LogsOptions) []logsCase {
	all := append(createCases(), attributeCases()...)
	all = append(all, deleteCases()...)
	if !o.NoForks {
		all = append(all, forkCases()...)
	}
	if o.TooLarge > 0 {
		all = append(all, logsSizeCases()...)
	}
	return all
}
