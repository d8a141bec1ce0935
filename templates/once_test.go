package templates_test

import (
	"io/fs"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/templates"
)

// A listedFS counts how often its files are listed, and lets others run meanwhile.
type listedFS struct {
	fstest.MapFS

	listed atomic.Int64
}

func (f *listedFS) ReadDir(name string) ([]fs.DirEntry, error) {
	f.listed.Add(1)
	for range 100 {
		runtime.Gosched()
	}
	return f.MapFS.ReadDir(name)
}

func TestTheFirstResponsesReadTheTemplatesOnce(t *testing.T) {
	files := &listedFS{MapFS: filesOf(map[string]string{"page.html": "page"})}
	pages := templates.New(bare.NewApplication(), templates.Config{FS: files})
	var responses sync.WaitGroup
	for range 10 {
		responses.Go(func() {
			if got := pages.Response(0, "page.html", nil); len(baretest.Chunks(got.Body, -1)) != 1 {
				t.Errorf("the response is %+v", got)
			}
		})
	}
	responses.Wait()
	if got := files.listed.Load(); got != 1 {
		t.Errorf("the templates were read %d times", got)
	}
}
