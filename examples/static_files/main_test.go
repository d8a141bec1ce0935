package main

import (
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

func TestTheSiteHasItsPageAndItsStyle(t *testing.T) {
	eachProtocol(t, newApp, func(t *testing.T, server *baretest.Server) {
		for path, want := range map[string][2]string{
			"/":          {"text/html; charset=utf-8", "<!DOCTYPE html>"},
			"/style.css": {"text/css; charset=utf-8", "html {"},
			"/hello.txt": {"text/plain; charset=utf-8", "Hello, World!\n"},
		} {
			stream := server.Get(path)
			if got := stream.Response.Header.Get("Content-Type"); got != want[0] {
				t.Errorf("%s is %q, want %q", path, got, want[0])
			}
			if got := stream.Rest(); !strings.HasPrefix(got, want[1]) {
				t.Errorf("%s is %q", path, got)
			}
		}
	})
}

func TestTheChangesOfTheChapter(t *testing.T) {
	apps := map[string]func() *bare.Application{"disk": newDiskApp, "caches": newCachingApp, "compressed": newCompressedApp, "browser": newBrowserApp}
	for name, app := range apps {
		t.Run(name, func(t *testing.T) {
			eachProtocol(t, app, func(t *testing.T, server *baretest.Server) {
				stream := server.Get("/hello.txt")
				if got := stream.Rest(); got != "Hello, World!\n" {
					t.Errorf("got %q", got)
				}
				control := stream.Response.Header.Get("Cache-Control")
				if want := map[string]string{"caches": "no-cache"}[name]; control != want {
					t.Errorf("Cache-Control is %q, want %q", control, want)
				}
				if status := server.Get("/orders/7").Response.StatusCode; status == 200 != (name == "browser") {
					t.Errorf("the status of a path without a file is %d", status)
				}
			})
		})
	}
}
