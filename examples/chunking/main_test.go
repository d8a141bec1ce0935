package main

import (
	"bytes"
	"log/slog"
	"regexp"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/bare-go/bare/baretest"
)

func TestEachWaySendsTheTextAndSaysHowLongItIs(t *testing.T) {
	length := int64(len(text))
	tests := []struct {
		path    string
		chunked bool
		length  int64
		cut     bool
	}{
		{"/with_chunking", true, -1, false},
		{"/without_chunking", true, -1, false},
		{"/with_content_length", false, length, false},
		{"/with_content_length_and_chunking", false, length, false},
		{"/invalid_content_length_and_chunking", false, 2 * length, true},
	}
	links := regexp.MustCompile(`href="([^":]+)"`).FindAllSubmatch(page, -1)
	for _, protocol := range baretest.Protocols() {
		for i, test := range tests {
			t.Run(protocol.String()+test.path, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var log bytes.Buffer
					app := newApp()
					app.Logger = slog.New(slog.NewTextHandler(&log, nil))
					server := baretest.Config{Protocol: protocol}.NewServer(t, app)
					stream := server.Get(test.path)
					if got := stream.Rest(); got != string(text) {
						t.Errorf("got %d bytes, want the %d of the text", len(got), length)
					}
					if got := slices.Contains(stream.Response.TransferEncoding, "chunked"); got != (test.chunked && protocol == baretest.HTTP1) {
						t.Errorf("it is chunked: %v", got)
					}
					// Over HTTP/2 net/http finds the length of what is complete within 4 KiB.
					if got := stream.Response.ContentLength; got != test.length && (test.length >= 0 || protocol == baretest.HTTP1) {
						t.Errorf("the length is %d, want %d", got, test.length)
					}
					if cut := stream.Err() != nil; cut != test.cut {
						t.Errorf("it ended with %v", stream.Err())
					}
					synctest.Wait()
					if logged := log.Len() > 0; logged != test.cut {
						t.Errorf("the log is %q", log.String())
					}
					if len(links) != len(tests) || "/"+string(links[i][1]) != test.path {
						t.Errorf("the page's links are %q", links)
					}
				})
			})
		}
	}
}
