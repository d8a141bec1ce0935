//go:build unix

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync/atomic"
	"time"
)

// A publisher publishes series of events in the process of its broker.
type publisher struct {
	broker broker
	clock  monotonic
	done   atomic.Int64 // events of the series that have been published
}

func newPublisher(b broker) (*publisher, error) {
	clock, err := newMonotonic()
	if err != nil {
		return nil, err
	}
	return &publisher{broker: b, clock: clock}, nil
}

// A series is a number of events, with a time between them; 0 is a burst.
type series struct {
	first, count int64 // their numbers; a first of 0 is for a probe
	gap          time.Duration
	size         int // of the data, in bytes
}

func (s series) String() string { return fmt.Sprintf("%d,%d,%d,%d", s.first, s.count, s.gap, s.size) }

func parseSeries(text string) (s series, err error) {
	_, err = fmt.Sscanf(text, "%d,%d,%d,%d", &s.first, &s.count, &s.gap, &s.size)
	return s, err
}

// publish starts a series. The broker may have it wait for ever, and so nobody
// waits for it.
func (p *publisher) publish(s series) {
	p.done.Store(0)
	go func() {
		var tick <-chan time.Time
		if s.gap > 0 {
			ticker := time.NewTicker(s.gap)
			defer ticker.Stop()
			tick = ticker.C
		}
		for i := range s.count {
			if tick != nil {
				<-tick
			}
			if p.broker.publish(newEvent(s.first+i, p.clock.now(), s.size)) != nil {
				return
			}
			p.done.Add(1)
		}
	}()
}

// answerPublisher answers the questions that only a server that fans out is asked.
func (s *service) answerPublisher(question, text string, answers io.Writer) error {
	if s.publisher == nil {
		return nil
	}
	var numbers [3]int64
	switch question {
	case askPublish:
		series, err := parseSeries(text)
		if err != nil {
			return err
		}
		s.publisher.publish(series)
	case askPublished:
		numbers[0] = s.publisher.done.Load()
	case askResident:
		resident, err := resident()
		if err != nil {
			return err
		}
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		numbers = [3]int64{int64(runtime.NumGoroutine()), int64(stats.HeapAlloc), resident} //nolint:gosec // far below the limit
	default:
		return nil
	}
	_, err := fmt.Fprintln(answers, numbers[0], numbers[1], numbers[2])
	return err
}

// resident is how many bytes of memory the process holds, once it has given back
// what it does not need.
func resident() (int64, error) {
	runtime.GC() // its finalizers let go of more
	debug.FreeOSMemory()
	content, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, err
	}
	fields := bytes.Fields(content)
	if len(fields) < 2 {
		return 0, errors.New("/proc/self/statm has no size")
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	return pages * int64(os.Getpagesize()), err
}
