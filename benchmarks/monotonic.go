//go:build unix

package main

import (
	"time"

	"golang.org/x/sys/unix"
)

// A monotonic is the clock that all processes of a machine share. Go's own
// monotonic time is the same clock, but counts from the start of the process.
type monotonic struct {
	base   time.Time
	offset time.Duration // of the base
}

func newMonotonic() (monotonic, error) {
	var spec unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &spec); err != nil {
		return monotonic{}, err
	}
	return monotonic{base: time.Now(), offset: time.Duration(spec.Nano())}, nil
}

// now is the time since a moment that is the same for all processes.
func (m monotonic) now() time.Duration { return m.offset + time.Since(m.base) }
