package logtest

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/bare-go/bare/eventlog"
)

// LogCases returns the names of all cases for a log.
func LogCases() (names []string) {
	open := func(testing.TB) eventlog.Log { return nil }
	for _, c := range logCases(LogOptions{Open: open, Trimmed: open, Compacted: open, TooLarge: 1}) {
		names = append(names, c.name)
	}
	return names
}

// LogsCases returns the names of all cases for logs by name.
func LogsCases() (names []string) {
	for _, c := range logsCases(LogsOptions{TooLarge: 1}) {
		names = append(names, c.name)
	}
	return names
}

// LogFails reports whether a case for a log fails.
func LogFails(tb testing.TB, name string, options LogOptions) bool {
	tb.Helper()
	for _, c := range logCases(options) {
		if c.name == name {
			return fails(tb, func(tb testing.TB) { c.judge(tb, options) })
		}
	}
	tb.Fatalf("there is no case %q", name)
	return false
}

// LogsFails reports whether a case for logs fails.
func LogsFails(tb testing.TB, name string, options LogsOptions) bool {
	tb.Helper()
	for _, c := range logsCases(options) {
		if c.name == name {
			return fails(tb, func(tb testing.TB) { c.judge(tb, options) })
		}
	}
	tb.Fatalf("there is no case %q", name)
	return false
}

func fails(tb testing.TB, run func(testing.TB)) bool {
	tb.Helper()
	r := &recorder{TB: tb}
	done := make(chan struct{})
	go func() {
		defer close(done)
		run(r)
	}()
	<-done
	return r.failed.Load()
}

// A recorder is a test that may fail.
type recorder struct {
	testing.TB

	failed atomic.Bool
}

func (r *recorder) Error(args ...any) {
	r.Helper()
	r.Log(args...)
	r.failed.Store(true)
}

func (r *recorder) Errorf(format string, args ...any) {
	r.Helper()
	r.Error(fmt.Sprintf(format, args...))
}

func (r *recorder) Fatal(args ...any) {
	r.Helper()
	r.Error(args...)
	r.FailNow()
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Helper()
	r.Fatal(fmt.Sprintf(format, args...))
}

func (r *recorder) FailNow() {
	r.failed.Store(true)
	runtime.Goexit()
}
