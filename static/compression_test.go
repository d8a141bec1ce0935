package static_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/static"
)

// compressedFiles is a server of a folder, whose application compresses.
func compressedFiles(t *testing.T, protocol baretest.Protocol, files static.Files) *baretest.Server {
	t.Helper()
	app := newApp(files, "/")
	app.Compression = new(bare.Compression)
	return baretest.Config{Protocol: protocol}.NewServer(t, app)
}

// unzipped decodes the body of a stream.
func unzipped(t *testing.T, stream *baretest.Stream) string {
	t.Helper()
	reader, err := gzip.NewReader(strings.NewReader(stream.Rest()))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestACompressedFileIsKeptAndAskedFor(t *testing.T) {
	text := strings.Repeat("The quick brown fox. ", 500)
	folder := newFolder(t, map[string]string{"long.txt": text})
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		server := compressedFiles(t, protocol, static.Files{Folder: folder})
		strong := ask(t, server, "GET", "/long.txt").Response.Header.Get("Etag")
		weak := "W/" + strong

		stream := ask(t, server, "GET", "/long.txt", "Accept-Encoding", "gzip")
		if got := unzipped(t, stream); got != text {
			t.Errorf("got %d bytes, want %d", len(got), len(text))
		}
		wantHeader(t, stream, "Etag", weak)
		wantHeader(t, stream, "Accept-Ranges", "")

		stream = ask(t, server, "GET", "/long.txt", "Accept-Encoding", "gzip", "If-None-Match", `"other", `+weak)
		want(t, stream, 304, "")
		wantHeader(t, stream, "Etag", weak) // a cache looks for the tag that it has
		wantHeader(t, stream, "Vary", "Accept-Encoding")

		stream = ask(t, server, "GET", "/long.txt", "If-None-Match", strong)
		want(t, stream, 304, "")
		wantHeader(t, stream, "Etag", strong)
		wantHeader(t, stream, "Vary", "Accept-Encoding") // as that of the 200
	})
}

func TestARangeOfAFileIsNotCompressed(t *testing.T) {
	text := strings.Repeat("The quick brown fox. ", 500)
	folder := newFolder(t, map[string]string{"long.txt": text})
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		server := compressedFiles(t, protocol, static.Files{Folder: folder})
		strong := ask(t, server, "GET", "/long.txt").Response.Header.Get("Etag")
		stream := ask(t, server, "GET", "/long.txt", "Accept-Encoding", "gzip", "Range", "bytes=10-5009")
		want(t, stream, 206, text[10:5010])
		wantHeader(t, stream, "Etag", strong)
		wantHeader(t, stream, "Content-Encoding", "")
		// A part of the plain file does not go together with the compressed one.
		stream = ask(t, server, "GET", "/long.txt", "Accept-Encoding", "gzip", "Range", "bytes=10-5009", "If-Range", "W/"+strong)
		if got := unzipped(t, stream); stream.Response.StatusCode != http.StatusOK || got != text {
			t.Errorf("got %d and %d bytes", stream.Response.StatusCode, len(got))
		}
	})
}

func TestAPrecompressedFileIsSentAsItIs(t *testing.T) {
	text := strings.Repeat("The quick brown fox. ", 500)
	folder := newFolder(t, map[string]string{"a.txt": text, "a.txt.gz": strings.Repeat("compressed ", 200), "b.png": text})
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		server := compressedFiles(t, protocol, static.Files{Folder: folder, Precompressed: true})
		stream := ask(t, server, "GET", "/a.txt", "Accept-Encoding", "gzip")
		want(t, stream, 200, strings.Repeat("compressed ", 200))
		wantHeader(t, stream, "Content-Encoding", "gzip")
		wantHeader(t, stream, "Content-Length", "2200")
		if tag := stream.Response.Header.Get("Etag"); !strings.HasPrefix(tag, `"`) {
			t.Errorf("the tag is %s", tag)
		}
		stream = ask(t, server, "GET", "/b.png", "Accept-Encoding", "gzip")
		want(t, stream, 200, text)
		wantHeader(t, stream, "Content-Encoding", "")
	})
}
