package static_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"

	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/static"
)

// A noSeeker is an FS as of a ZIP archive: its files cannot be read from the middle.
type noSeeker struct{ fs.FS }

func (f noSeeker) Open(name string) (fs.File, error) {
	file, err := f.FS.Open(name)
	if strings.HasSuffix(name, ".txt") {
		return struct{ fs.File }{file}, err
	}
	return file, err
}

func TestAFileThatCannotBeReadIsA500AndOneThatMustNotBeA403(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app, log := newLoggedApp(static.Files{FS: noSeeker{os.DirFS("testdata")}})
		want(t, ask(t, baretest.NewServer(t, app), "GET", "/hello.txt"), 500, "Internal Server Error")
		if got := log.text(); got == "" {
			t.Error("nothing was logged")
		}
	})
	synctest.Test(t, func(t *testing.T) {
		app, _ := newLoggedApp(static.Files{FS: forbidden{os.DirFS("testdata")}})
		want(t, ask(t, baretest.NewServer(t, app), "GET", "/hello.txt"), 403, "Forbidden")
	})
}

// forbidden is an FS whose text files must not be opened.
type forbidden struct{ fs.FS }

func (f forbidden) Open(name string) (fs.File, error) {
	if strings.HasSuffix(name, ".txt") {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return f.FS.Open(name)
}

// Whether a file is missing, or must not be seen, is not the same in a folder that is there.
func TestAFileInAFolderThatMustNotBeReadIsA403(t *testing.T) {
	files := &guarded{FS: fstest.MapFS{"docs/secret.txt": {Data: []byte("secret")}, "locked/a.txt": {Data: []byte("a")}}}
	synctest.Test(t, func(t *testing.T) {
		app, _ := newLoggedApp(static.Files{FS: files})
		server := baretest.NewServer(t, app)
		files.on = true
		want(t, ask(t, server, "GET", "/docs/secret.txt"), 403, "Forbidden")
		want(t, ask(t, server, "GET", "/locked/a.txt"), 403, "Forbidden")
		want(t, ask(t, server, "GET", "/docs/nothing.txt"), 404, "Not Found")
	})
}

// guarded is an FS in which a file and a folder must not be looked at.
type guarded struct {
	fs.FS

	on bool
}

func (g *guarded) Stat(name string) (fs.FileInfo, error) {
	if g.on && (name == "docs/secret.txt" || strings.HasPrefix(name, "locked")) {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrPermission}
	}
	return fs.Stat(g.FS, name)
}

// A link that leads nowhere but to itself is the folder's fault: somebody must see it.
func TestALinkToItselfIsA500(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app, log := newLoggedApp(static.Files{Folder: newFolder(t, map[string]string{"loop.txt": "-> loop.txt"})})
		want(t, ask(t, baretest.NewServer(t, app), "GET", "/loop.txt"), 500, "Internal Server Error")
		if got := log.text(); got == "" {
			t.Error("nothing was logged")
		}
	})
}

// A file may go between the look at it and its opening.
func TestAFileThatGoesMeanwhileIsNotThere(t *testing.T) {
	files := vanishing{fstest.MapFS{
		"gone.txt": {Data: []byte("text")}, "here.txt": {Data: []byte("text")}, "here.txt.gz": {Data: []byte("gzip")},
	}}
	synctest.Test(t, func(t *testing.T) {
		server := serveFiles(t, static.Files{FS: files, Precompressed: true})
		want(t, ask(t, server, "GET", "/gone.txt"), 404, "Not Found")
		want(t, ask(t, server, "GET", "/here.txt"), 200, "text")
		want(t, ask(t, server, "GET", "/here.txt", "Accept-Encoding", "gzip"), 404, "Not Found") // its variant has gone
	})
}

// vanishing is an FS whose files go when they are opened by a request, except here.txt.
// The entity tags that are made at the start have the files still.
type vanishing struct{ fstest.MapFS }

func (v vanishing) Open(name string) (fs.File, error) {
	file, err := v.MapFS.Open(name)
	if name == "gone.txt" || strings.HasSuffix(name, ".gz") {
		return dying{file}, err
	}
	return file, err
}

// dying is a file that can be read, and of which nothing more can be known.
type dying struct{ fs.File }

func (dying) Stat() (fs.FileInfo, error) { return nil, fs.ErrNotExist }

// What cannot be looked through when the application starts keeps it from starting.
func TestAnFSThatCannotBeListedKeepsTheApplicationFromStarting(t *testing.T) {
	app := newApp(static.Files{FS: unlisted{fstest.MapFS{"docs/a.txt": {}}}}, "/")
	if err := app.Startup(context.Background()); !errors.Is(err, errDisk) || !strings.Contains(err.Error(), "static:") {
		t.Errorf("the start ends with %v", err)
	}
}

// unlisted is an FS with a folder that cannot be listed.
type unlisted struct{ fstest.MapFS }

func (u unlisted) ReadDir(name string) ([]fs.DirEntry, error) {
	if name == "docs" {
		return nil, errDisk
	}
	return u.MapFS.ReadDir(name)
}
