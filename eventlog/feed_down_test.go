package eventlog_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare/eventlog"
)

// TestALogThatIsDownIsAskedOnceASecond appends and joins while reads fail: neither may
// leave a retry of its own behind.
func TestALogThatIsDownIsAskedOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &watched{Log: eventlog.NewMemory(eventlog.MemoryOptions{})}
		feed := eventlog.NewFeed(log, eventlog.FeedOptions{})
		r := join(t, feed, feed.Encoding(line), tail(t, log))
		synctest.Wait()
		log.fails.Store(true)
		for range 500 {
			add(t, log, "x")
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Second) // nothing is appended any more
		before := log.reads.Load()
		time.Sleep(10 * time.Second)
		if got := log.reads.Load() - before; got < 9 || got > 11 {
			t.Errorf("%d reads in 10 s, want one a second", got)
		}
		log.fails.Store(false)
		time.Sleep(time.Second)
		synctest.Wait()
		if chunk, _ := r.next(); len(chunk) == 0 {
			t.Error("nothing has come after the log was back")
		}
		before = log.reads.Load()
		time.Sleep(10 * time.Second)
		if got := log.reads.Load() - before; got != 0 {
			t.Errorf("%d reads of a log that works, and to which nothing is appended", got)
		}
		r.leave()
	})
}

// TestARetryEndsWithItsReaders leaves while the log is down, and joins again: what the
// readers before have begun must not go on beside the new one's.
func TestARetryEndsWithItsReaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &watched{Log: eventlog.NewMemory(eventlog.MemoryOptions{})}
		feed := eventlog.NewFeed(log, eventlog.FeedOptions{})
		lines := feed.Encoding(line)
		start := tail(t, log)
		r := join(t, feed, lines, start)
		synctest.Wait()
		log.fails.Store(true)
		add(t, log, "x")
		for range 5 {
			synctest.Wait()
			time.Sleep(100 * time.Millisecond)
			r.leave()
			r = join(t, feed, lines, start)
		}
		synctest.Wait()
		before := log.reads.Load()
		time.Sleep(10 * time.Second)
		if got := log.reads.Load() - before; got < 9 || got > 11 {
			t.Errorf("%d reads in 10 s, want one a second", got)
		}
		r.leave()
	})
}
