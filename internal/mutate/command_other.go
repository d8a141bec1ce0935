//go:build !unix

package main

import "os/exec"

func group(*exec.Cmd) {}

func endGroup(cmd *exec.Cmd) error { return cmd.Process.Kill() }
