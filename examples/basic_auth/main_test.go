package main

import (
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/bare-go/bare/baretest"
)

func TestOnlyWhoIsKnownComesIn(t *testing.T) {
	tests := []struct {
		name, path, user, password string
		status                     int
		text                       string
	}{
		{"the user", "/private/hello", "michael", "caine", 200, "Hello, michael!\n"},
		{"nobody", "/private/hello", "", "", 401, "Unauthorized"},
		{"another password", "/private/hello", "michael", "Caine", 401, "Unauthorized"},
		{"no password", "/private/hello", "michael", "", 401, "Unauthorized"},
		{"another user", "/private/hello", "nigel", "caine", 401, "Unauthorized"},
		{"the beginning of a name", "/private/hello", "mich", "caine", 401, "Unauthorized"},
		{"a path that is not there", "/private/nowhere", "", "", 401, "Unauthorized"},
		{"a path outside", "/nowhere", "", "", 404, "Not Found"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := baretest.NewServer(t, newApp(user{"michael", "caine"}))
				request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+test.path, http.NoBody)
				if err != nil {
					t.Fatal(err)
				}
				if test.user != "" {
					request.SetBasicAuth(test.user, test.password)
				}
				stream := server.Do(request)
				if got := stream.Rest(); got != test.text || stream.Response.StatusCode != test.status {
					t.Errorf("got %s and %q", stream.Response.Status, got)
				}
				asks := stream.Response.Header.Get("WWW-Authenticate") == `Basic realm="private", charset="UTF-8"`
				if asks != (test.status == http.StatusUnauthorized) {
					t.Errorf("a browser asks for a password: %v", asks)
				}
			})
		})
	}
}
