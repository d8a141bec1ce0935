package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

// eachProtocol runs a test against the example, over every protocol.
func eachProtocol(t *testing.T, app func() *bare.Application, test func(t *testing.T, server *baretest.Server)) {
	t.Helper()
	for _, protocol := range baretest.Protocols() {
		t.Run(protocol.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				test(t, baretest.Config{Protocol: protocol}.NewServer(t, app()))
			})
		})
	}
}

// get asks for a path, and accepts gzip.
func get(t *testing.T, server *baretest.Server, path string) *baretest.Stream {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept-Encoding", "gzip")
	return server.Do(request)
}

func TestTheTextIsSentCompressedAndPlain(t *testing.T) {
	eachProtocol(t, newApp, func(t *testing.T, server *baretest.Server) {
		plain := server.Get("/").Rest()
		encoded := get(t, server, "/").Rest()
		reader, err := gzip.NewReader(strings.NewReader(encoded))
		if err != nil {
			t.Fatal(err)
		}
		decoded, err := io.ReadAll(reader)
		if err != nil || string(decoded) != plain || len(plain) != 45_000 || len(encoded) > 1000 {
			t.Errorf("%d bytes decode to %d, want %d (%v)", len(encoded), len(decoded), len(plain), err)
		}
	})
}

func TestACompressedRequestIsCounted(t *testing.T) {
	eachProtocol(t, newApp, func(t *testing.T, server *baretest.Server) {
		var body bytes.Buffer
		encoder := gzip.NewWriter(&body)
		_, _ = io.WriteString(encoder, "Hello, World!")
		_ = encoder.Close()
		for encoding, want := range map[string]string{"gzip": "13 bytes\n", "compress": "The request body must have one of these content encodings: gzip, identity."} {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/count", bytes.NewReader(body.Bytes()))
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Content-Encoding", encoding)
			if got := server.Do(request).Rest(); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
	})
}

func TestTheChangeOfTheChapter(t *testing.T) {
	newSecretApp := func() *bare.Application {
		app := bare.NewApplication()
		app.Compression = &bare.Compression{}
		app.HttpRouter.Add(bare.Methods{"GET"}, "/", secretIndex)
		app.HttpRouter.Add(bare.Methods{"GET"}, "/events", events)
		return app
	}
	eachProtocol(t, newSecretApp, func(t *testing.T, server *baretest.Server) {
		for path, want := range map[string]string{"/": "", "/events": "gzip"} {
			stream := get(t, server, path)
			if got := stream.Response.Header.Get("Content-Encoding"); got != want {
				t.Errorf("the encoding of %s is %q, want %q", path, got, want)
			}
			stream.Close()
		}
	})
}
