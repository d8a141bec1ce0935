package main

import (
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/bare-go/bare/baretest"
)

func TestABrowserAsksWhetherAFileHasChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := baretest.NewServer(t, newApp())
		tag := server.Get("/hello.txt").Response.Header.Get("Etag")

		request, err := http.NewRequest(http.MethodGet, server.URL+"/hello.txt", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("If-None-Match", tag)
		if status := server.Do(request).Response.StatusCode; status != http.StatusNotModified {
			t.Errorf("the status is %d, want 304", status)
		}
	})
}
