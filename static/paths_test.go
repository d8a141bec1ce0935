package static_test

import (
	"io/fs"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/fstest"
	"testing/synctest"

	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/static"
)

// A watchedFS has one file, hello.txt, and says of what is below it what a disk says. It
// counts how often it is looked at.
type watchedFS struct {
	fstest.MapFS

	looks atomic.Int64
}

func newWatchedFS() *watchedFS {
	return &watchedFS{MapFS: fstest.MapFS{"hello.txt": {Data: []byte("Hello")}}}
}

func (f *watchedFS) Stat(name string) (fs.FileInfo, error) {
	f.looks.Add(1)
	if strings.HasPrefix(name, "hello.txt/") {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: syscall.ENOTDIR}
	}
	return f.MapFS.Stat(name)
}

// A client chooses how many slashes a path has. Each look at a long path takes time in
// proportion to it, so that a look for each slash would cost seconds.
func TestAPathOfManySegmentsBelowAFileIsNotLookedAtOneByOne(t *testing.T) {
	files := newWatchedFS()
	synctest.Test(t, func(t *testing.T) {
		server := serveFiles(t, static.Files{FS: files})
		before := files.looks.Load()
		want(t, ask(t, server, "GET", "/hello.txt"+strings.Repeat("/a", 1000)), 404, "Not Found")
		if looks := files.looks.Load() - before; looks > 2 {
			t.Errorf("the FS was looked at %d times", looks)
		}
	})
}

// A path may be longer than the system takes, though none of its segments is.
func TestAPathThatIsLongerThanTheSystemTakesIsNotThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app, log := newLoggedApp(static.Files{FS: os.DirFS("testdata")})
		server := baretest.NewServer(t, app)
		for _, path := range []string{strings.Repeat("/a", 5000), "/docs" + strings.Repeat("/a", 5000)} {
			want(t, ask(t, server, "GET", path), 404, "Not Found")
		}
		if got := log.text(); got != "" {
			t.Errorf("logged: %s", got)
		}
	})
}
