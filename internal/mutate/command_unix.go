//go:build unix

package main

import (
	"os/exec"
	"syscall"
)

// group has a command lead a process group.
func group(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// endGroup kills the command, and what it has started: tests are programs that
// start others.
func endGroup(cmd *exec.Cmd) error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
