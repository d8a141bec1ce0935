package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/bare-go/bare/baretest"
)

func TestTheLockIsThereWhileTheApplicationRuns(t *testing.T) {
	for _, protocol := range baretest.Protocols() {
		t.Run(protocol.String(), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "lock")
			synctest.Test(t, func(t *testing.T) {
				server := baretest.Config{Protocol: protocol}.NewServer(t, newApp(path))
				if got, want := server.Get("/").Rest(), "Hello, World!\n"; got != want {
					t.Errorf("got %q, want %q", got, want)
				}
				if _, err := os.Stat(path); err != nil {
					t.Errorf("while it runs: %v", err)
				}
				if err := server.Stop(); err != nil {
					t.Errorf("the stop failed: %v", err)
				}
				if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("when it has stopped: %v", err)
				}
			})
		})
	}
}

func TestAfterAStopItMayBeStartedAgain(t *testing.T) {
	app := newApp(filepath.Join(t.TempDir(), "lock"))
	for range 2 {
		if err := errors.Join(app.Startup(t.Context()), app.Shutdown(t.Context())); err != nil {
			t.Error(err)
		}
	}
}

func TestAStartUpHandlerFillsTheInfo(t *testing.T) {
	for name, want := range map[string]string{"": "Hello, World!\n", "Michael": "Hello, Michael!\n"} {
		t.Setenv("GREETER_NAME", name)
		path := filepath.Join(t.TempDir(), "lock")
		synctest.Test(t, func(t *testing.T) {
			if got := baretest.NewServer(t, newSettingsApp(path)).Get("/").Rest(); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}
