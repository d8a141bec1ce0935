package main

import (
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

var update = flag.Bool("update", false, "rewrite the recorded transcripts")

// A session is what the guide shows of a few requests: of the headers those that the
// protocol is about.
type session struct {
	t      *testing.T
	server *baretest.Server
	text   strings.Builder
}

// curl sends a request, as the command that is shown does.
func (s *session) curl(command, method, path, body string, headers ...string) http.Header {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), method, s.server.URL+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header = bare.Headers(headers...)
	request.Host = "localhost:9009"
	stream := s.server.Do(request)
	s.text.WriteString("$ curl -i " + command + "\n" + stream.Response.Proto + " " + stream.Response.Status + "\n")
	header := stream.Response.Header
	names := []string{"Content-Type", "Cache-Control", "Etag", "Location", "Stream-Next-Offset", "Stream-Up-To-Date", "Stream-Closed", "Producer-Epoch", "Producer-Seq"}
	for _, name := range names {
		if value := header.Get(name); value != "" && (name != "Content-Type" || method == http.MethodGet) {
			s.text.WriteString(name + ": " + value + "\n")
		}
	}
	if text := stream.Rest(); text != "" {
		s.text.WriteString("\n" + strings.TrimRight(text, "\n") + "\n")
	}
	return header
}

// TestTranscript records what the guide shows, and compares it with what it has.
func TestTranscript(t *testing.T) {
	var parts []string
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)))
		s := &session{t: t, server: baretest.NewServer(t, newApp(20*time.Second))}
		const room, url = "/v1/stream/greetings", "http://localhost:9009/v1/stream/greetings"
		const typed = "-H 'Content-Type: application/json' "
		part := func() {
			parts = append(parts, s.text.String())
			s.text.Reset()
		}
		s.curl("-X PUT "+typed+url, "PUT", room, "", "Content-Type", "application/json")
		s.curl(typed+`-d '{"hello":"Ada"}' `+url, "POST", room, `{"hello":"Ada"}`, "Content-Type", "application/json")
		part()
		header := s.curl("'"+url+"?offset=-1'", "GET", room+"?offset=-1", "")
		next := header.Get("Stream-Next-Offset")
		part()
		produced := []string{"Content-Type", "application/json", "Producer-Id", "ada", "Producer-Epoch", "0", "Producer-Seq", "0"}
		flags := "-H 'Producer-Id: ada' -H 'Producer-Epoch: 0' -H 'Producer-Seq: 0' \\\n    "
		for range 2 {
			s.curl(typed+flags+`-d '{"hello":"Bob"}' `+url, "POST", room, `{"hello":"Bob"}`, produced...)
		}
		part()
		s.curl("-X POST -H 'Stream-Closed: true' "+url, "POST", room, "", "Stream-Closed", "true")
		s.curl("-N '"+url+"?offset="+next+"&live=sse'", "GET", room+"?live=sse&offset="+next, "")
		part()
	})
	for i, name := range []string{"create", "read", "produce", "close"} {
		compare(t, "durable-"+name+".txt", parts[i])
	}
}

// compare fails unless a transcript is what it was when it was recorded. The ids of
// streams are random.
func compare(t *testing.T, name, got string) {
	t.Helper()
	if before, after, found := strings.Cut(got, `Etag: "`); found {
		_, rest, _ := strings.Cut(after, ":")
		got = before + `Etag: "7XQ2MZ5LKWERTA3VUB6HGNFDYC:` + rest
	}
	path := filepath.Join(filepath.FromSlash("../../docs/user-guide/transcripts"), name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(want, []byte(got)) {
		t.Errorf("%s is stale: run go test ./examples/durable_streams -update\ngot\n%s", path, got)
	}
}
