package main

import (
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare/baretest"
)

func TestEachChunkIsSeenWhenItComes(t *testing.T) {
	for _, protocol := range baretest.Protocols() {
		t.Run(protocol.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var seen []int
				server := baretest.Config{Protocol: protocol}.NewServer(t, newApp(func(bytes int) { seen = append(seen, bytes) }))
				reader, writer := io.Pipe()
				go func() {
					_, _ = io.WriteString(writer, "one")
					time.Sleep(time.Second)
					synctest.Wait()
					if len(seen) != 1 || seen[0] != 3 {
						t.Errorf("before the second chunk came %v", seen)
					}
					_, _ = io.WriteString(writer, "three")
					_ = writer.Close()
				}()
				if got, want := server.Post("/consume", "text/plain", reader).Rest(), "You sent 8 bytes.\n"; got != want {
					t.Errorf("got %q, want %q", got, want)
				}
			})
		})
	}
}

func TestALargeBodyIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := baretest.NewServer(t, newApp(func(int) {}))
		got := server.Post("/consume", "text/plain", strings.NewReader(strings.Repeat("x", 5<<20))).Rest()
		if want := "You sent 5242880 bytes.\n"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}
