//go:build unix

package static_test

import (
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/bare-go/bare/static"
)

// To open it would wait for somebody who writes.
func TestANamedPipeIsNotThere(t *testing.T) {
	folder := newFolder(t, nil)
	if err := syscall.Mkfifo(filepath.Join(folder, "pipe"), 0o644); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		want(t, ask(t, serveFiles(t, static.Files{Folder: folder}), "GET", "/pipe"), 404, "Not Found")
	})
}
