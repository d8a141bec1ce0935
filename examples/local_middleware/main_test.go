package main

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/bare-go/bare/baretest"
)

func TestTheLoginIsLimited(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := baretest.NewServer(t, newApp())
		for n := range 6 {
			stream := server.Post("/login", "application/x-www-form-urlencoded", strings.NewReader("name=ada"))
			want, text := 200, "Hello, ada!\n"
			if n == 5 {
				want, text = 429, "Too Many Requests"
			}
			if got := stream.Rest(); stream.Response.StatusCode != want || got != text {
				t.Errorf("attempt %d: got %d and %q, want %d and %q", n, stream.Response.StatusCode, got, want, text)
			}
		}
		if got := server.Get("/nowhere").Response.StatusCode; got != 404 {
			t.Errorf("another path is limited, too: got %d, want 404", got)
		}
	})
}

func TestTheGroupNeedsAKey(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, path, key string
		want            int
	}{
		{"without a key", "/admin/events", "", 403},
		{"with another one", "/admin/events", "wrong", 403},
		{"a path of the group that is not there", "/admin/nowhere", "", 403},
		{"the same with the key", "/admin/nowhere", "secret", 404},
		{"outside of the group", "/nowhere", "", 404},
		{"with the key", "/admin/events", "secret", 200},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server := baretest.NewServer(t, newApp())
				stream := send(t, server, http.MethodGet, test.path, test.key, 0)
				if got := stream.Response.StatusCode; got != test.want {
					t.Errorf("got %d, want %d", got, test.want)
				}
				if test.want != http.StatusOK {
					return
				}
				for _, want := range []string{"data: 00:00:00\n\n", "data: 00:00:01\n\n"} {
					if got := stream.Event(); got != want {
						t.Errorf("got %q, want %q", got, want)
					}
				}
			})
		})
	}
}

func TestTheUploadHasALimitOfItsOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := baretest.NewServer(t, newApp())
		stream := send(t, server, http.MethodPut, "/admin/upload", "secret", 2<<20)
		if got := stream.Rest(); stream.Response.StatusCode != http.StatusOK || got != "2097152 bytes\n" {
			t.Errorf("got %d and %q, want 2 MiB to be taken", stream.Response.StatusCode, got)
		}
		login := server.Post("/login", "application/x-www-form-urlencoded", strings.NewReader(strings.Repeat("x", 2<<20)))
		if got := login.Response.StatusCode; got != 413 {
			t.Errorf("a login of 2 MiB: got %d, want 413", got)
		}
	})
}

// send sends so many bytes with a key.
func send(t *testing.T, server *baretest.Server, method, path, key string, length int) *baretest.Stream {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, strings.NewReader(strings.Repeat("x", length)))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Key", key)
	return server.Do(request)
}
