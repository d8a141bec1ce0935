package main

import (
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/bare-go/bare/baretest"
)

// eachProtocol runs a test against the example, over every protocol.
func eachProtocol(t *testing.T, test func(t *testing.T, server *baretest.Server)) {
	t.Helper()
	for _, protocol := range baretest.Protocols() {
		t.Run(protocol.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				test(t, baretest.Config{Protocol: protocol}.NewServer(t, newApp()))
			})
		})
	}
}

func TestThePageHasBothForms(t *testing.T) {
	eachProtocol(t, func(t *testing.T, server *baretest.Server) {
		got := server.Get("/").Rest()
		for _, action := range []string{`action="names"`, `action="files"`} {
			if !strings.Contains(got, action) {
				t.Errorf("the page has no %s", action)
			}
		}
	})
}

func TestAFormOfFieldsIsRead(t *testing.T) {
	eachProtocol(t, func(t *testing.T, server *baretest.Server) {
		form := url.Values{"first_name": {"Michael"}, "last_name": {"Caine & Co"}}
		got := server.Post("/names", "application/x-www-form-urlencoded", strings.NewReader(form.Encode())).Rest()
		if want := "Hello, Michael Caine & Co!\n"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if got := server.Post("/names", "text/plain", strings.NewReader("first_name=Michael")); got.Response.StatusCode != http.StatusUnsupportedMediaType {
			t.Errorf("another content type is answered with %s", got.Response.Status)
		}
	})
}

func TestFilesAreCountedAsTheyCome(t *testing.T) {
	eachProtocol(t, func(t *testing.T, server *baretest.Server) {
		reader, writer := io.Pipe()
		form := multipart.NewWriter(writer)
		go func() {
			_ = form.WriteField("title", "Holidays")
			for name, size := range map[string]int{`C:\pictures\beach.png`: 3 << 20} {
				file, _ := form.CreateFormFile("pictures", name)
				_, _ = io.CopyN(file, zeroes{}, int64(size))
			}
			_ = form.Close()
			_ = writer.Close()
		}()
		got := server.Post("/files", form.FormDataContentType(), reader).Rest()
		if want := "title: \"Holidays\"\npictures: \"beach.png\", 3145728 bytes\n"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestAFormThatBreaksOffIsRefused(t *testing.T) {
	eachProtocol(t, func(t *testing.T, server *baretest.Server) {
		const half = "--b\r\nContent-Disposition: form-data; name=\"pictures\"; filename=\"a\"\r\n\r\nhalf"
		stream := server.Post("/files", "multipart/form-data; boundary=b", strings.NewReader(half))
		if got := stream.Rest(); stream.Response.StatusCode != http.StatusBadRequest || got != "The form is malformed." {
			t.Errorf("got %s and %q", stream.Response.Status, got)
		}
	})
}

// zeroes is a file without an end.
type zeroes struct{}

func (zeroes) Read(buffer []byte) (int, error) {
	clear(buffer)
	return len(buffer), nil
}
