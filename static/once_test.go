package static_test

import (
	"io/fs"
	"runtime"
	"sync"
	"testing"

	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/static"
)

// Requests that come at once to an application that nobody has started open the folder
// once: to open an FS may mean to read all of it.
func TestTheFirstRequestsOpenTheFilesOnce(t *testing.T) {
	files := newWatchedFS()
	app := newApp(static.Files{FS: &slowFS{watchedFS: files}}, "/")
	handler, matches := app.HttpRouter.Resolve("GET", "/hello.txt")
	var requests sync.WaitGroup
	for range 10 {
		requests.Go(func() {
			request := baretest.NewRequest("HEAD", "/hello.txt", nil)
			request.Matches = matches
			if got := handler(request).Status; got != 200 {
				t.Errorf("the status is %d", got)
			}
		})
	}
	requests.Wait()
	if opened := files.looks.Load(); opened != 1 {
		t.Errorf("the folder was opened %d times", opened)
	}
}

// A slowFS lets others run while it is opened, which is when its files are listed, and
// counts how often it is.
type slowFS struct{ *watchedFS }

func (f *slowFS) ReadDir(name string) ([]fs.DirEntry, error) {
	f.looks.Add(1)
	for range 100 {
		runtime.Gosched()
	}
	return f.MapFS.ReadDir(name)
}

func (f *slowFS) Stat(name string) (fs.FileInfo, error) { return f.MapFS.Stat(name) }
