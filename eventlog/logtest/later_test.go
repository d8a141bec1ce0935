package logtest_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare/eventlog"
	"github.com/bare-go/bare/eventlog/logtest"
)

// A later is a log as a database has it: an append takes its time, and a goroutine of
// each watch tells of it later, once for several.
type later struct{ eventlog.Log }

func (l later) Append(ctx context.Context, r eventlog.Record, o eventlog.AppendOptions) (eventlog.Offset, error) {
	time.Sleep(time.Millisecond)
	defer time.Sleep(time.Millisecond)
	return l.Log.Append(ctx, r, o)
}

func (l later) Watch(changed func()) func() {
	changes := make(chan struct{}, 1)
	done := make(chan struct{})
	var stopped atomic.Bool
	stopLog := l.Log.Watch(func() {
		select {
		case changes <- struct{}{}:
		default:
		}
	})
	go func() {
		for {
			select {
			case <-changes:
				time.Sleep(5 * time.Millisecond)
				if !stopped.Load() {
					changed()
				}
			case <-done:
				return
			}
		}
	}()
	return sync.OnceFunc(func() {
		stopped.Store(true)
		stopLog()
		close(done)
	})
}

// The suite asks for no more than the documentation.
func TestTest_accepts_a_log_that_works_elsewhere(t *testing.T) {
	open := func(options eventlog.MemoryOptions) func(testing.TB) eventlog.Log {
		return func(testing.TB) eventlog.Log { return later{eventlog.NewMemory(options)} }
	}
	options := logtest.LogOptions{
		Open:      open(eventlog.MemoryOptions{RecordBytes: 2000}),
		Trimmed:   open(eventlog.MemoryOptions{Records: 100}),
		Compacted: open(eventlog.MemoryOptions{Compact: true}),
		TooLarge:  2001,
	}
	for _, name := range logtest.LogCases() {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if logtest.LogFails(t, name, options) {
					t.Error("the case has failed")
				}
				time.Sleep(time.Minute) // until the watches have ended
			})
		})
	}
}
