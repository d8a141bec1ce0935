package static_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/static"
)

func TestAnEmbeddedFileHasATagOfItsContent(t *testing.T) {
	const tag = `"c98c24b677eff44860afea6f493bbaec"` // the first half of the SHA-256
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app := newApp(static.Files{FS: embedded, Folder: "testdata"}, "/")
		server := baretest.Config{Protocol: protocol}.NewServer(t, app)
		stream := ask(t, server, "GET", "/hello.txt")
		want(t, stream, 200, "Hello, World!\n")
		wantHeader(t, stream, "Etag", tag)
		wantHeader(t, stream, "Last-Modified", "")
		wantHeader(t, stream, "Content-Length", "14")

		stream = ask(t, server, "GET", "/hello.txt", "If-None-Match", `"other", `+tag)
		want(t, stream, 304, "")
		wantHeader(t, stream, "Etag", tag)
		want(t, ask(t, server, "GET", "/hello.txt", "If-None-Match", `"other"`), 200, "Hello, World!\n")
		want(t, ask(t, server, "GET", "/hello.txt", "If-Match", `"other"`), 412, "")
		want(t, ask(t, server, "GET", "/hello.txt", "Range", "bytes=7-11", "If-Range", tag), 206, "World")
		want(t, ask(t, server, "GET", "/hello.txt", "Range", "bytes=7-11", "If-Range", `"other"`), 200, "Hello, World!\n")
	})
}

func TestAFileOnDiskHasAnotherTagWhenItHasChanged(t *testing.T) {
	folder := newFolder(t, map[string]string{"a.txt": "one", "b.txt": "one"})
	synctest.Test(t, func(t *testing.T) {
		server := serveFiles(t, static.Files{Folder: folder})
		tag := func(path string) string { return ask(t, server, "GET", path).Response.Header.Get("Etag") }
		first := tag("/a.txt")
		if !strings.HasPrefix(first, `"`) || first != tag("/a.txt") {
			t.Errorf("the tag is %s, and then %s", first, tag("/a.txt"))
		}
		path := filepath.Join(folder, "a.txt")
		if err := os.Chtimes(path, changed, changed.Add(time.Microsecond)); err != nil {
			t.Fatal(err)
		}
		second := tag("/a.txt")
		if second == first {
			t.Error("the tag says nothing of the time")
		}
		if err := os.WriteFile(path, []byte("three"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, changed, changed.Add(time.Microsecond)); err != nil {
			t.Fatal(err)
		}
		if third := tag("/a.txt"); third == second {
			t.Error("the tag says nothing of the size")
		}
	})
}

func TestTheTagOfAFileThatHasJustChangedIsWeak(t *testing.T) {
	folder := newFolder(t, map[string]string{"a.txt": "one"})
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(folder, "a.txt")
		if err := os.Chtimes(path, time.Now(), time.Now()); err != nil {
			t.Fatal(err)
		}
		server := serveFiles(t, static.Files{Folder: folder})
		weak := ask(t, server, "GET", "/a.txt").Response.Header.Get("Etag")
		if !strings.HasPrefix(weak, `W/"`) {
			t.Errorf("the tag is %s, want a weak one", weak)
		}
		want(t, ask(t, server, "GET", "/a.txt", "Range", "bytes=0-0", "If-Range", weak), 200, "one")
		time.Sleep(2 * time.Second)
		stream := ask(t, server, "GET", "/a.txt")
		wantHeader(t, stream, "Etag", strings.TrimPrefix(weak, "W/"))
		want(t, ask(t, server, "GET", "/a.txt", "If-None-Match", weak), 304, "")
	})
}

func TestTheFilesOfALargeFSAreServedWithoutTags(t *testing.T) {
	files := fstest.MapFS{}
	for i := range 10_001 {
		files[fmt.Sprintf("%05d.txt", i)] = &fstest.MapFile{Data: []byte("text")}
	}
	synctest.Test(t, func(t *testing.T) {
		app, log := newLoggedApp(static.Files{FS: files})
		server := baretest.NewServer(t, app)
		if ask(t, server, "GET", "/09999.txt").Response.Header.Get("Etag") == "" {
			t.Error("the last of ten thousand has no tag")
		}
		stream := ask(t, server, "GET", "/10000.txt")
		want(t, stream, 200, "text")
		if tag, ok := stream.Response.Header["Etag"]; ok {
			t.Errorf("it has the tag %q", tag)
		}
		if got := log.text(); !strings.Contains(got, "entity tag") {
			t.Errorf("logged %q", got)
		}
	})
}

// Files that have a time of last change need no tag of their content, however many there
// are.
func TestALargeFSWithTimesHasTagsAndNothingToLog(t *testing.T) {
	files := fstest.MapFS{}
	for i := range 10_001 {
		files[fmt.Sprintf("%05d.txt", i)] = &fstest.MapFile{Data: []byte("text"), ModTime: changed}
	}
	synctest.Test(t, func(t *testing.T) {
		app, log := newLoggedApp(static.Files{FS: files})
		if ask(t, baretest.NewServer(t, app), "GET", "/10000.txt").Response.Header.Get("Etag") == "" {
			t.Error("the last one has no tag")
		}
		if got := log.text(); got != "" {
			t.Errorf("logged %q", got)
		}
	})
}
