package main

import (
	"errors"
	"io/fs"
	"path/filepath"
	"testing"
)

func TestASecondOneDoesNotStart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	first, second := newApp(path), newApp(path)
	if err := first.Startup(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := second.Startup(t.Context()); !errors.Is(err, fs.ErrExist) {
		t.Errorf("the second start returned %v", err)
	}
	if err := first.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if err := second.Startup(t.Context()); err != nil {
		t.Errorf("after the stop of the first: %v", err)
	}
	if err := second.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}
