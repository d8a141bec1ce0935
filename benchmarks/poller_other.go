//go:build unix && !linux

package main

import (
	"errors"
	"io"
)

const canPoll = false

// subscribeChild needs epoll, which other systems do not have.
func subscribeChild([]string, io.Writer) error { return errors.ErrUnsupported }
