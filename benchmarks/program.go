package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
)

// A program is this program in a process of its own, which does one of its commands
// until its input ends.
type program struct {
	command *exec.Cmd
	input   io.WriteCloser
	output  io.Reader
}

// startProgram starts this program with the name of a command, and its arguments.
func startProgram(ctx context.Context, arguments ...string) (*program, error) {
	path, err := os.Executable()
	if err != nil {
		return nil, err
	}
	command := exec.CommandContext(ctx, path, arguments...) //nolint:gosec // this program itself
	command.Stderr = os.Stderr
	input, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	output, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	return &program{command, input, output}, command.Start()
}

// stop ends the process, and waits for it.
func (p *program) stop() error { return errors.Join(p.input.Close(), p.command.Wait()) }
