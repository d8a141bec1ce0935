package static_test

import (
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"testing/synctest"

	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/static"
)

// variantFiles have names for contents: nothing here compresses.
func variantFiles() map[string]string {
	return map[string]string{
		"app.js":             "plain",
		"app.js.br":          "BR of app.js",
		"app.js.gz":          "GZIP of app.js",
		"only.css":           "plain",
		"only.css.gz":        "GZIP of only.css",
		"alone.txt":          "plain",
		"noextension":        "<!doctype html>",
		"noextension.gz":     "\x1f\x8b of noextension",
		"docs/index.html":    "plain",
		"docs/index.html.br": "BR of index.html",
		"folder.txt":         "plain",
		"folder.txt.br/x":    "x",
	}
}

func TestTheVariantThatTheClientPrefersIsSent(t *testing.T) {
	tests := []struct{ name, path, accept, coding, text string }{
		{"nothing is accepted", "/app.js", "", "", "plain"},
		{"gzip", "/app.js", "gzip", "gzip", "GZIP of app.js"},
		{"Brotli", "/app.js", "br", "br", "BR of app.js"},
		{"what browsers send", "/app.js", "gzip, deflate, br, zstd", "br", "BR of app.js"},
		{"upper case", "/app.js", "GZIP", "gzip", "GZIP of app.js"},
		{"a preference for gzip", "/app.js", "br;q=0.5, gzip;q=0.8", "gzip", "GZIP of app.js"},
		{"a preference with spaces", "/app.js", "br ; q=0.5 , gzip ; Q=0.8", "gzip", "GZIP of app.js"},
		{"Brotli refused", "/app.js", "br;q=0, gzip", "gzip", "GZIP of app.js"},
		{"all refused", "/app.js", "br;q=0, gzip;q=0.000", "", "plain"},
		{"anything", "/app.js", "*", "br", "BR of app.js"},
		{"anything but Brotli", "/app.js", "br;q=0, *", "gzip", "GZIP of app.js"},
		{"a preference for the file itself", "/app.js", "identity, br;q=0.5", "", "plain"},
		{"no preference", "/app.js", "identity, br", "br", "BR of app.js"},
		{"a weight that is none", "/app.js", "br;q=high", "", "plain"},
		{"a weight that is not a number", "/app.js", "br;q=NaN", "", "plain"},
		{"a coding that begins like it", "/app.js", "brotli", "", "plain"},
		{"no Brotli there", "/only.css", "gzip, br", "gzip", "GZIP of only.css"},
		{"an index", "/docs/", "br", "br", "BR of index.html"},
		{"a folder in the place of a variant", "/folder.txt", "br", "", "plain"},
	}
	folder := newFolder(t, variantFiles())
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app := newApp(static.Files{Folder: folder, Precompressed: true}, "/")
		server := baretest.Config{Protocol: protocol}.NewServer(t, app)
		for _, test := range tests {
			for _, method := range []string{"GET", "HEAD"} {
				stream := ask(t, server, method, test.path, "Accept-Encoding", test.accept)
				if got := stream.Response.Header.Get("Content-Encoding"); got != test.coding {
					t.Errorf("%s: the coding is %q, want %q", test.name, got, test.coding)
				}
				if got := stream.Response.ContentLength; got != int64(len(test.text)) {
					t.Errorf("%s: the length is %d", test.name, got)
				}
				if got := stream.Rest(); method == "GET" && got != test.text {
					t.Errorf("%s: got %q, want %q", test.name, got, test.text)
				}
			}
		}
	})
}

func TestCachesKnowOneVariantFromTheOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := serveFiles(t, static.Files{Folder: newFolder(t, variantFiles()), Precompressed: true})
		tags := map[string]bool{}
		for _, accept := range []string{"", "gzip", "br"} {
			stream := ask(t, server, "GET", "/app.js", "Accept-Encoding", accept)
			wantHeader(t, stream, "Vary", "Accept-Encoding")
			wantHeader(t, stream, "Content-Type", "text/javascript; charset=utf-8")
			tag := stream.Response.Header.Get("Etag")
			tags[tag] = true

			stream = ask(t, server, "GET", "/app.js", "Accept-Encoding", accept, "If-None-Match", tag)
			want(t, stream, 304, "")
			wantHeader(t, stream, "Vary", "Accept-Encoding")
			wantHeader(t, stream, "Etag", tag)
			wantHeader(t, stream, "Content-Encoding", "")
		}
		if len(tags) != 3 {
			t.Errorf("the tags are %v, want three", tags)
		}
		wantHeader(t, ask(t, server, "GET", "/alone.txt", "Accept-Encoding", "gzip"), "Vary", "")
		stream := ask(t, server, "GET", "/noextension", "Accept-Encoding", "gzip")
		wantHeader(t, stream, "Content-Type", "text/html; charset=utf-8")
	})
}

func TestARangeOfAVariantIsOneOfItsBytes(t *testing.T) {
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app := newApp(static.Files{Folder: newFolder(t, variantFiles()), Precompressed: true}, "/")
		server := baretest.Config{Protocol: protocol}.NewServer(t, app)
		accept := []string{"Accept-Encoding", "br", "Range"}
		stream := ask(t, server, "GET", "/app.js", append(accept, "bytes=6-")...)
		want(t, stream, 206, "app.js")
		wantHeader(t, stream, "Content-Encoding", "br")
		wantHeader(t, stream, "Content-Range", "bytes 6-11/12")
		wantHeader(t, stream, "Content-Length", "6")

		stream = ask(t, server, "GET", "/app.js", append(accept, "bytes=0-1,3-4")...)
		if parts := answerOf(t, stream); parts.status != 206 || len(parts.text) == 0 {
			t.Errorf("two ranges are answered with %d", parts.status)
		}
		wantHeader(t, stream, "Content-Encoding", "br")

		stream = ask(t, server, "GET", "/app.js", append(accept, "bytes=12-")...)
		want(t, stream, 416, "invalid range: failed to overlap\n")
		wantHeader(t, stream, "Content-Encoding", "")
	})
}

func TestAVariantThatIsOlderThanItsFileIsNotUsed(t *testing.T) {
	folder := newFolder(t, variantFiles())
	old := changed.Add(-2e9)
	if err := os.Chtimes(filepath.Join(folder, "app.js.br"), old, old); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		server := serveFiles(t, static.Files{Folder: folder, Precompressed: true})
		want(t, ask(t, server, "GET", "/app.js", "Accept-Encoding", "br, gzip"), 200, "GZIP of app.js")
	})
}

func TestEmbeddedVariantsHaveTagsOfTheirOwn(t *testing.T) {
	files := fstest.MapFS{"a.js": {Data: []byte("plain")}, "a.js.br": {Data: []byte("BR")}}
	synctest.Test(t, func(t *testing.T) {
		server := serveFiles(t, static.Files{FS: files, Precompressed: true})
		plain := ask(t, server, "GET", "/a.js").Response.Header.Get("Etag")
		stream := ask(t, server, "GET", "/a.js", "Accept-Encoding", "br")
		want(t, stream, 200, "BR")
		if tag := stream.Response.Header.Get("Etag"); tag == "" || tag == plain {
			t.Errorf("the tag is %q, and that of the file %q", tag, plain)
		}
	})
}

func TestVariantsAreNotLookedForUnlessTheyAreWanted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := serveFiles(t, static.Files{Folder: newFolder(t, variantFiles())})
		stream := ask(t, server, "GET", "/app.js", "Accept-Encoding", "br")
		want(t, stream, 200, "plain")
		wantHeader(t, stream, "Vary", "")
	})
}
