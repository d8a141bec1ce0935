package main

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare/baretest"
)

func TestTheMiddlewaresAreAroundEverything(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, path string
		status     int
		text       string // with ID for the identifier
		records    []string
	}{
		{"a response", "/hello", 200, "Hello, request ID!\n", []string{`msg="response ended" method=GET route=/hello`}},
		{"a stream", "/ticks", 200, "tick\n" + "tick\n" + "tick\n", []string{
			`msg="stream began" method=GET route=/ticks`,
			`msg="response ended" method=GET route=/ticks`,
		}},
		{"a path that is not there", "/nowhere", 404, "Not Found", []string{`msg="response ended" method=GET path=/nowhere`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				server := baretest.NewServer(t, newApp(slog.New(slog.NewTextHandler(&log, nil))))
				stream := server.Get(test.path)
				head := stream.Response.Header
				id := head.Get("X-Request-Id")
				if got := stream.Rest(); stream.Response.StatusCode != test.status || got != strings.ReplaceAll(test.text, "ID", id) {
					t.Errorf("got %d and %q, want %d and %q", stream.Response.StatusCode, got, test.status, test.text)
				}
				if id == "" || head.Get("Cache-Control") != "no-store" {
					t.Errorf("the headers are %v, want an identifier, and no-store", head)
				}
				synctest.Wait() // the server, too, has finished
				lines := strings.Split(strings.TrimSpace(log.String()), "\n")
				for i, want := range test.records {
					if len(lines) != len(test.records) || !strings.Contains(lines[i], want) || !strings.Contains(lines[i], "request_id="+id) {
						t.Errorf("logged\n%s\nwant records with the identifier, and\n%s", log.String(), strings.Join(test.records, "\n"))
					}
				}
			})
		})
	}
}

func TestTheStreamIsLive(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := baretest.NewServer(t, newApp(slog.New(slog.DiscardHandler)))
		began := time.Now()
		stream := server.Get("/ticks")
		for n := range 3 {
			stream.Line()
			if came := time.Since(began).Round(time.Millisecond); came != time.Duration(n+1)*time.Second {
				t.Errorf("line %d came after %v", n, came)
			}
		}
	})
}
