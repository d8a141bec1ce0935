package bare_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

// net/http allows some 4 KiB more than the limit.
func TestARequestsHeadIsBounded(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name                  string
		limit, length, status int
	}{
		{"by the default, for 0", 0, 80 << 10, http.StatusRequestHeaderFieldsTooLarge},
		{"by the default, for what is negative", -1, 80 << 10, http.StatusRequestHeaderFieldsTooLarge},
		{"by a limit of its own", 8 << 10, 16 << 10, http.StatusRequestHeaderFieldsTooLarge},
		{"and not below the limit", 0, 32 << 10, http.StatusNotFound},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				config := baretest.Config{Server: bare.Server{MaxHeaderBytes: test.limit}}
				conn := config.NewServer(t, bare.NewApplication()).Dial()
				go func() {
					// The server may hang up before it has read it all.
					_, _ = fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Long: %s\r\n\r\n",
						strings.Repeat("x", test.length))
				}()
				response, err := http.ReadResponse(bufio.NewReader(conn), nil)
				if err != nil {
					t.Fatal(err)
				}
				if response.StatusCode != test.status {
					t.Errorf("status %d, want %d", response.StatusCode, test.status)
				}
				if _, err := io.Copy(io.Discard, response.Body); err != nil {
					t.Error(err)
				}
				if err := conn.Close(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}
