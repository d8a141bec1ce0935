package static_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/static"
)

// A countingFS counts the files that are open, and the bytes that are read.
type countingFS struct {
	fs.FS

	open atomic.Int64
	read atomic.Int64
	end  atomic.Int64 // how many bytes there are; 0 for all
	fail atomic.Bool  // a file that was opened cannot be read
}

// newCountingFS has one large file.
func newCountingFS() *countingFS {
	return &countingFS{FS: fstest.MapFS{
		"large.bin":    {Data: make([]byte, 8<<20), ModTime: changed},
		"large.bin.gz": {Data: make([]byte, 1<<20), ModTime: changed},
	}}
}

func (f *countingFS) Open(name string) (fs.File, error) {
	file, err := f.FS.Open(name)
	seeker, ok := file.(io.ReadSeeker)
	if err != nil || !ok {
		return file, err
	}
	f.open.Add(1)
	return &countedFile{ReadSeeker: seeker, file: file, of: f}, nil
}

type countedFile struct {
	io.ReadSeeker

	file fs.File
	of   *countingFS
	done atomic.Bool
}

func (f *countedFile) Stat() (fs.FileInfo, error) { return f.file.Stat() }

var errDisk = errors.New("the disk is broken")

func (f *countedFile) Read(p []byte) (int, error) {
	if f.of.fail.Load() {
		return 0, errDisk
	}
	if end := f.of.end.Load(); end > 0 && f.of.read.Load() >= end {
		return 0, io.EOF
	}
	n, err := f.ReadSeeker.Read(p)
	f.of.read.Add(int64(n))
	return n, err
}

func (f *countedFile) Close() error {
	if !f.done.Swap(true) {
		f.of.open.Add(-1)
	}
	return nil
}

func TestALargeFileIsReadAsTheClientTakesIt(t *testing.T) {
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		files := newCountingFS()
		app := newApp(static.Files{FS: files}, "/")
		stream := baretest.Config{Protocol: protocol}.NewServer(t, app).Get("/large.bin")
		got := len(stream.Next())
		synctest.Wait()
		if read := files.read.Load(); got == 0 || read > 6<<20 { // a client of HTTP/2 has a window of 4 MiB
			t.Errorf("%d bytes were read for a client that took %d", read, got)
		}
		if got += len(stream.Rest()); got != 8<<20 || stream.Err() != nil {
			t.Errorf("%d bytes came (%v)", got, stream.Err())
		}
	})
}

func TestEveryFileIsClosed(t *testing.T) {
	tests := []struct {
		name, method, path string
		headers            []string
	}{
		{"a whole file", "GET", "/large.bin", nil},
		{"HEAD", "HEAD", "/large.bin", nil},
		{"a range", "GET", "/large.bin", []string{"Range", "bytes=0-9"}},
		{"two ranges", "GET", "/large.bin", []string{"Range", "bytes=0-9,20-29"}},
		{"the head of two ranges", "HEAD", "/large.bin", []string{"Range", "bytes=0-9,20-29"}},
		{"a range beyond the end", "GET", "/large.bin", []string{"Range", "bytes=9999999-"}},
		{"a 304", "GET", "/large.bin", []string{"If-Modified-Since", changedHTTP}},
		{"a variant", "GET", "/large.bin", []string{"Accept-Encoding", "gzip"}},
		{"the head of a variant", "HEAD", "/large.bin", []string{"Accept-Encoding", "gzip"}},
		{"two ranges of a variant", "GET", "/large.bin", []string{"Accept-Encoding", "gzip", "Range", "bytes=0-9,20-29"}},
		{"a 412", "GET", "/large.bin", []string{"If-Match", `"other"`}},
		{"a body that a middleware has replaced", "GET", "/large.bin", []string{"X-Replace", "yes"}},
		{"two ranges that a middleware has replaced", "GET", "/large.bin", []string{"X-Replace", "yes", "Range", "bytes=0-9,20-29"}},
	}
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		files := newCountingFS()
		app := newApp(static.Files{FS: files, Precompressed: true}, "/")
		app.Middlewares = append(app.Middlewares, func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
			response := handler(request)
			if request.Scope.Header.Get("X-Replace") != "" {
				return bare.TextResponse(200, "something else")
			}
			return response
		})
		server := baretest.Config{Protocol: protocol}.NewServer(t, app)
		for _, test := range tests {
			ask(t, server, test.method, test.path, test.headers...).Rest()
			synctest.Wait()
			if open := files.open.Load(); open != 0 {
				t.Fatalf("%s: %d files are open", test.name, open)
			}
		}
		for _, ranges := range []string{"", "bytes=0-4999999,6000000-7999999"} {
			stream := ask(t, server, "GET", "/large.bin", "Range", ranges)
			stream.Next()
			stream.Close()
			synctest.Wait()
			if open := files.open.Load(); open != 0 {
				t.Errorf("%d files are open when the client has left %q", open, ranges)
			}
		}
	})
}

func TestAClientThatStallsIsCutAndItsFileClosed(t *testing.T) {
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		files := newCountingFS()
		app := newApp(static.Files{FS: files}, "/")
		ended := make(chan error, 1)
		app.Middlewares = append(app.Middlewares, func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
			request.OnEnd(func(end bare.End) { ended <- end.Err })
			return handler(request)
		})
		baretest.Config{Protocol: protocol}.NewServer(t, app).Get("/large.bin").Next()
		time.Sleep(2 * bare.DefaultStallTimeout)
		synctest.Wait()
		if open := files.open.Load(); open != 0 {
			t.Fatalf("%d files are open", open)
		}
		if err := <-ended; !errors.Is(err, bare.ErrStalled) {
			t.Errorf("the response ended with %v", err)
		}
	})
}

func TestAFileThatHasBecomeShorterNeverLooksComplete(t *testing.T) {
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		for _, ranges := range []string{"", "bytes=1-", "bytes=0-999999,2000000-7000000"} {
			files := newCountingFS()
			app := newApp(static.Files{FS: files}, "/")
			files.end.Store(4 << 20)
			stream := ask(t, baretest.Config{Protocol: protocol}.NewServer(t, app), "GET", "/large.bin", "Range", ranges)
			if got := len(stream.Rest()); stream.Err() == nil || got == 0 {
				t.Errorf("%q: %d bytes came, and the response looks complete", ranges, got)
			}
		}
	})
}

func TestAFileThatCannotBeReadToItsEndIsCutAndLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		files := newCountingFS()
		app, log := newLoggedApp(static.Files{FS: files})
		server := baretest.NewServer(t, app)
		stream := server.Get("/large.bin")
		stream.Next()
		files.fail.Store(true)
		stream.Rest()
		if stream.Err() == nil || log.text() == "" {
			t.Errorf("the response ended with %v, and logged was %q", stream.Err(), log.text())
		}
		want(t, server.Get("/large.bin"), 500, "Internal Server Error")
	})
}

func TestADownloadGoesOnWhileTheServerStops(t *testing.T) {
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app := newApp(static.Files{FS: newCountingFS()}, "/")
		server := baretest.Config{Protocol: protocol}.NewServer(t, app)
		stream := server.Get("/large.bin")
		got := len(stream.Next())
		stopped := make(chan error, 1)
		go func() { stopped <- server.Stop() }()
		time.Sleep(time.Second)
		if got += len(stream.Rest()); got != 8<<20 || stream.Err() != nil {
			t.Errorf("%d bytes came (%v)", got, stream.Err())
		}
		if err := <-stopped; err != nil {
			t.Error(err)
		}
	})
}

func TestAHandlerNeedsNoServer(t *testing.T) {
	app := newApp(static.Files{Folder: "testdata"}, "/")
	if err := app.Startup(context.Background()); err != nil {
		t.Fatal(err)
	}
	handler, matches := app.HttpRouter.Resolve("GET", "/hello.txt")
	request := baretest.NewRequest("GET", "/hello.txt", nil)
	request.Matches = matches
	response := handler(request)
	if got := baretest.Chunks(response.Body, -1); len(got) != 1 || got[0] != "Hello, World!\n" {
		t.Errorf("the chunks are %q", got)
	}
	request.Finish(bare.End{})
	if err := app.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
}
