//go:build unix

package main

import (
	"net"
	"os"
	"time"
)

// unlimited is the rate of a socket that takes what it can.
const unlimited = 1 << 62

// steps is how many times a second a slow connection reads.
const steps = 10

// A slowConn is a connection that takes its bytes at a rate, beneath TLS and
// HTTP/2. At the beginning it takes what it can. It is read by one goroutine.
type slowConn struct {
	net.Conn

	until   time.Time // its deadline
	limited bool      // the rate holds, and not only from later on
	rate    int64     // bytes per second; 0 means that it takes nothing
	fast    time.Time // until when it takes what it can, fastSize at most
	since   time.Time // the rate holds
	base    int64     // bytes that had been taken then
	taken   int64
}

// limit sets the rate, from now on or after a fast start.
func (c *slowConn) limit(rate int64, fast bool) {
	now := time.Now()
	c.limited, c.rate, c.since, c.base, c.taken = true, rate, now, 0, 0
	if fast {
		c.fast = now.Add(fastTime)
	}
}

// Read reads some bytes, when it is time for them.
func (c *slowConn) Read(buffer []byte) (int, error) {
	switch now := time.Now(); {
	case !c.limited, c.rate == unlimited:
	case c.rate <= 0:
		wait(c.until.Sub(now))
		return 0, os.ErrDeadlineExceeded
	case now.Before(c.fast) && c.taken < fastSize:
		c.since, c.base = now, c.taken
	default:
		if !c.pause(now) {
			return 0, os.ErrDeadlineExceeded
		}
		buffer = buffer[:min(int64(len(buffer)), max(1, c.rate/steps))]
	}
	n, err := c.Conn.Read(buffer)
	c.taken += int64(n)
	return n, err
}

// pause waits until the bytes that were taken are due, and reports whether that
// comes before the deadline.
func (c *slowConn) pause(now time.Time) bool {
	due := c.since.Add(time.Duration(float64(c.taken-c.base) / float64(c.rate) * float64(time.Second)))
	if due.After(c.until) {
		wait(c.until.Sub(now))
		return false
	}
	wait(due.Sub(now))
	return true
}

func wait(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	<-timer.C
}
