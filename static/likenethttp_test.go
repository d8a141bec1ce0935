package static_test

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/static"
)

// likeNetHTTP are the requests that are answered as [http.FileServerFS] does.
func likeNetHTTP() []struct {
	name, method, target string
	headers              []string
} {
	const etag = `"never"`
	return []struct {
		name, method, target string
		headers              []string
	}{
		{"a text", "GET", "/hello.txt", nil},
		{"its head", "HEAD", "/hello.txt", nil},
		{"an empty file", "GET", "/empty.txt", nil},
		{"a range of an empty file", "GET", "/empty.txt", []string{"Range", "bytes=0-9"}},
		{"a file in a folder", "GET", "/css/style.css", nil},
		{"an index", "GET", "/", nil},
		{"the head of an index", "HEAD", "/", nil},
		{"the index of a folder", "GET", "/docs/", nil},
		{"a folder without its slash", "GET", "/docs", nil},
		{"a folder without its slash, with a query", "GET", "/docs?a=b", nil},
		{"an index by its name", "GET", "/docs/index.html", nil},
		{"an index by its name, with a query", "GET", "/index.html?a=b", nil},
		{"a file with a slash too many", "GET", "/hello.txt/", nil},
		{"a file with a slash too many, with a query", "GET", "/hello.txt/?a=b", nil},
		{"a query", "GET", "/hello.txt?v=2", nil},
		{"two slashes", "GET", "//css//style.css", nil},
		{"a dot", "GET", "/./css/./style.css", nil},
		{"two dots that stay inside", "GET", "/css/../hello.txt", nil},
		{"two dots that lead to the root and no further", "GET", "/../../hello.txt", nil},
		{"two dots that would lead to a file outside", "GET", "/../outside.txt", nil},
		{"encoded dots", "GET", "/%2e%2e/%2e%2e/outside.txt", nil},
		{"encoded slashes", "GET", "/css%2fstyle.css", nil},
		{"encoded slashes and dots", "GET", "/..%2f..%2foutside.txt", nil},
		{"backslashes", "GET", `/..%5c..%5coutside.txt`, nil},
		{"an absolute path", "GET", "//etc/passwd", nil},
		{"an encoded letter", "GET", "/%68ello.txt", nil},
		{"a space in a name", "GET", "/a%20b.txt", nil},
		{"an umlaut in a name", "GET", "/%C3%BC.txt", nil},
		{"a question mark in a name", "GET", "/who%3F.txt", nil},
		{"a percent sign in a name", "GET", "/100%25.txt", nil},
		{"a file that is not there", "GET", "/nowhere.txt", nil},
		{"a folder that is not there", "GET", "/nowhere/", nil},
		{"a file as a folder", "GET", "/hello.txt/more", nil},
		{"a file that begins with a dot", "GET", "/.hidden", nil},
		{"a folder that begins with a dot", "GET", "/.git/config", nil},
		{"a symbolic link inside", "GET", "/inside.txt", nil},
		{"a symbolic link to nothing", "GET", "/dangling.txt", nil},
		{"a file without an extension", "GET", "/README", nil},
		{"bytes of no known type", "GET", "/data", nil},
		{"a large file", "GET", "/large.bin", nil},
		{"the beginning", "GET", "/hello.txt", []string{"Range", "bytes=0-4"}},
		{"the head of a range", "HEAD", "/hello.txt", []string{"Range", "bytes=0-4"}},
		{"the end", "GET", "/hello.txt", []string{"Range", "bytes=-4"}},
		{"an open range", "GET", "/hello.txt", []string{"Range", "bytes=7-"}},
		{"a range that goes too far", "GET", "/hello.txt", []string{"Range", "bytes=7-1000"}},
		{"a range beyond the end", "GET", "/hello.txt", []string{"Range", "bytes=1000-"}},
		{"the head of a range beyond the end", "HEAD", "/hello.txt", []string{"Range", "bytes=1000-"}},
		{"a range in disorder", "GET", "/hello.txt", []string{"Range", "bytes=4-2"}},
		{"a range that is none", "GET", "/hello.txt", []string{"Range", "bytes=a-b"}},
		{"a range of lines", "GET", "/hello.txt", []string{"Range", "lines=1-2"}},
		{"two ranges", "GET", "/hello.txt", []string{"Range", "bytes=0-1,3-4"}},
		{"the head of two ranges", "HEAD", "/hello.txt", []string{"Range", "bytes=0-1,3-4"}},
		{"two ranges, one beyond the end", "GET", "/hello.txt", []string{"Range", "bytes=0-1,1000-"}},
		{"ranges that are more than the file", "GET", "/hello.txt", []string{"Range", "bytes=0-,0-,0-"}},
		{"two ranges of a large file", "GET", "/large.bin", []string{"Range", "bytes=0-99999,200000-299999"}},
		{"a large range of a large file", "GET", "/large.bin", []string{"Range", "bytes=1000-299999"}},
		{"a range of an index", "GET", "/", []string{"Range", "bytes=0-4"}},
		{"changed since long ago", "GET", "/hello.txt", []string{"If-Modified-Since", "Tue, 01 Jun 1998 12:00:00 GMT"}},
		{"not changed since", "GET", "/hello.txt", []string{"If-Modified-Since", changedHTTP}},
		{"the head of what has not changed", "HEAD", "/hello.txt", []string{"If-Modified-Since", changedHTTP}},
		{"an index that has not changed", "GET", "/", []string{"If-Modified-Since", changedHTTP}},
		{"changed since no date", "GET", "/hello.txt", []string{"If-Modified-Since", "yesterday"}},
		{"unmodified since", "GET", "/hello.txt", []string{"If-Unmodified-Since", changedHTTP}},
		{"modified since", "GET", "/hello.txt", []string{"If-Unmodified-Since", "Tue, 01 Jun 1998 12:00:00 GMT"}},
		{"another entity tag", "GET", "/hello.txt", []string{"If-None-Match", etag}},
		{"any entity tag but another", "GET", "/hello.txt", []string{"If-Match", etag}},
		{"an entity tag wins over a date", "GET", "/hello.txt", []string{"If-None-Match", etag, "If-Modified-Since", changedHTTP}},
		{"a range, if not changed", "GET", "/hello.txt", []string{"Range", "bytes=0-4", "If-Range", changedHTTP}},
		{"a range, if not changed since another time", "GET", "/hello.txt", []string{"Range", "bytes=0-4", "If-Range", "Tue, 01 Jun 1998 12:00:00 GMT"}},
		{"a range, if it is another file", "GET", "/hello.txt", []string{"Range", "bytes=0-4", "If-Range", etag}},
		{"a range of what has not changed", "GET", "/hello.txt", []string{"Range", "bytes=0-4", "If-Modified-Since", changedHTTP}},
		{"gzip is accepted, but no variant is there", "GET", "/hello.txt", []string{"Accept-Encoding", "gzip, br"}},
	}
}

// largeText has no pattern that a mistake in an offset would not break.
func largeText() string {
	text := make([]byte, 300_001)
	for i := range text {
		text[i] = byte(i*i>>3 + i>>8)
	}
	return string(text)
}

func likeNetHTTPFiles() map[string]string {
	return map[string]string{
		"hello.txt":       "Hello, World!\n",
		"empty.txt":       "",
		"index.html":      "<!doctype html><title>root</title>",
		"docs/index.html": "<!doctype html><title>docs</title>",
		"css/style.css":   "body { color: black }",
		"a b.txt":         "a space",
		"ü.txt":           "an umlaut",
		"who?.txt":        "a question",
		"100%.txt":        "a percentage",
		".hidden":         "hidden",
		".git/config":     "[core]",
		"README":          "# Read me",
		"data":            "\x00\x01\x02\x03",
		"large.bin":       largeText(),
		"inside.txt":      "-> hello.txt",
		"dangling.txt":    "-> nowhere.txt",
	}
}

func TestFilesAreAnsweredAsByNetHTTP(t *testing.T) {
	folder := filepath.Join(newFolder(t, map[string]string{"outside.txt": "secret", "public/": ""}), "public")
	if err := os.CopyFS(folder, os.DirFS(newFolder(t, likeNetHTTPFiles()))); err != nil {
		t.Fatal(err)
	}
	touch(t, folder)
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		config := baretest.Config{Protocol: protocol}
		ours := config.NewServer(t, newApp(static.Files{Folder: folder}, "/static"))
		theirs := config.NewHandlerServer(t, http.StripPrefix("/static", http.FileServerFS(os.DirFS(folder))))
		for _, test := range likeNetHTTP() {
			got := answerOf(t, ask(t, ours, test.method, "/static"+test.target, test.headers...))
			want := answerOf(t, ask(t, theirs, test.method, "/static"+test.target, test.headers...))
			for _, difference := range got.differences(want) {
				t.Errorf("%s: %s", test.name, difference)
			}
		}
	})
}

// touch sets the time of the last change of all files below a folder.
func touch(t *testing.T, folder string) {
	t.Helper()
	err := filepath.Walk(folder, func(path string, info os.FileInfo, err error) error {
		if err != nil || info.Mode()&os.ModeSymlink != 0 {
			return err
		}
		return os.Chtimes(path, changed, changed)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// An answer is what of a response is compared.
type answer struct {
	status  int
	headers http.Header
	text    string
}

// differences lists what differs. A 404 is the application's own.
func (a answer) differences(want answer) []string {
	switch {
	case a.status != want.status:
		return []string{fmt.Sprintf("the status is %d, want %d", a.status, want.status)}
	case a.status == http.StatusNotFound:
		return nil
	}
	var differences []string
	if !maps.EqualFunc(a.headers, want.headers, slices.Equal) {
		differences = append(differences, fmt.Sprintf("the headers are\n%v, want\n%v", a.headers, want.headers))
	}
	if a.text != want.text {
		differences = append(differences, fmt.Sprintf("the body has %d bytes, want %d, or others", len(a.text), len(want.text)))
	}
	return differences
}

// answerOf reads a response, and leaves out what differs on purpose: the entity tag,
// and the date that ServeContent leaves out of a 304 which has one; the time of the
// day; and the boundary between ranges, which is random.
func answerOf(t *testing.T, stream *baretest.Stream) answer {
	t.Helper()
	response := stream.Response
	a := answer{response.StatusCode, response.Header.Clone(), stream.Rest()}
	if stream.Err() != nil {
		t.Errorf("the response was cut: %v", stream.Err())
	}
	a.headers.Del("Etag")
	a.headers.Del("Date")
	if a.status == http.StatusNotModified {
		a.headers.Del("Last-Modified")
	}
	if _, boundary, ok := strings.Cut(a.headers.Get("Content-Type"), "boundary="); ok {
		a.headers.Set("Content-Type", strings.ReplaceAll(a.headers.Get("Content-Type"), boundary, "BOUNDARY"))
		a.text = strings.ReplaceAll(a.text, boundary, "BOUNDARY")
	}
	return a
}
