package main

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare/baretest"
)

func TestAStreamIsMadeAppendedToAndReadLive(t *testing.T) {
	for _, protocol := range baretest.Protocols() {
		t.Run(protocol.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := baretest.Config{Protocol: protocol}.NewServer(t, newApp(20*time.Second))
				const room = "/v1/stream/room"
				request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, server.URL+room, strings.NewReader(`["hello"]`))
				if err != nil {
					t.Fatal(err)
				}
				request.Header.Set("Content-Type", "application/json")
				if created := server.Do(request); created.Rest() != "" || created.Response.StatusCode != http.StatusCreated {
					t.Errorf("the room is created with %d", created.Response.StatusCode)
				}
				stream := server.Get(room + "?offset=-1&live=sse")
				if got := stream.Event(); got != "event: data\ndata:[\"hello\"]\n\n" {
					t.Errorf("the stream begins with %q", got)
				}
				stream.Event()
				if got := server.Post(room, "application/json", strings.NewReader(`"bye"`)); got.Response.StatusCode != http.StatusNoContent {
					t.Errorf("the append is answered with %d", got.Response.StatusCode)
				}
				if got := stream.Event(); got != "event: data\ndata:[\"bye\"]\n\n" {
					t.Errorf("then comes %q", got)
				}
			})
		})
	}
}

func TestThePageAndItsClientAreServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := baretest.NewServer(t, newApp(time.Second))
		for path, contentType := range map[string]string{"/": "text/html", "/client.js": "text/javascript"} {
			stream := server.Get(path)
			if got := stream.Response.Header.Get("Content-Type"); stream.Response.StatusCode != http.StatusOK || !strings.HasPrefix(got, contentType) {
				t.Errorf("%s is %d, %s", path, stream.Response.StatusCode, got)
			}
			if _, err := io.ReadAll(stream.Response.Body); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestThePageIsWrittenAsTheOthers(t *testing.T) {
	page, err := os.ReadFile(filepath.FromSlash("index.html"))
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range []string{"innerHTML", "var ", "://"} {
		if bytes.Contains(page, []byte(fault)) {
			t.Errorf("the page has %q", fault)
		}
	}
}
