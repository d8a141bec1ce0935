package main

import (
	"bytes"
	"flag"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/bare-go/bare/baretest"
)

var update = flag.Bool("update", false, "rewrite the transcript")

// buffer is a log that the server writes and the test reads.
type buffer struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.text.Write(p)
}

func (b *buffer) lines() []string {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return strings.Split(strings.TrimSpace(b.text.String()), "\n")
}

// newLogger writes what main's logger does, without the time of the day.
func newLogger(log *buffer) *slog.Logger {
	return slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, attr slog.Attr) slog.Attr {
			if attr.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return attr
		},
	}))
}

func request(t *testing.T, method, url string) *http.Request {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	return request
}

func TestEveryKindOfResponseIsTimed(t *testing.T) {
	tests := []struct{ name, method, path, want string }{
		{"a small response", "GET", "/hello", "timing=all path=/hello status=200 bytes=14"},
		{"HEAD, whose body is never run", "HEAD", "/hello", "timing=all path=/hello status=200 bytes=0"},
		{"a path that is not there", "GET", "/nowhere", "timing=all path=/nowhere status=404 bytes=9"},
		{"a method that is not there", "DELETE", "/hello", "timing=all path=/hello status=405 bytes=18"},
		{"the automatic OPTIONS", "OPTIONS", "/hello", "timing=all path=/hello status=204 bytes=0"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := new(buffer)
				server := baretest.NewServer(t, newApp(newLogger(log)))
				server.Do(request(t, test.method, server.URL+test.path)).Rest()
				synctest.Wait()
				if got := log.lines(); len(got) != 1 || !strings.Contains(got[0], test.want+" ") {
					t.Errorf("the log is %q, want one line with %q", got, test.want)
				}
			})
		})
	}
}

func TestAStreamThatIsLeftSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := new(buffer)
		stream := baretest.NewServer(t, newApp(newLogger(log))).Get("/ticks")
		stream.Next()
		stream.Close()
		synctest.Wait()
		const size, cause = " bytes=5 first_yield=1s ", ` error="bare: the client is gone"`
		if got := log.lines(); !strings.Contains(got[0], size) || !strings.HasSuffix(got[0], cause) {
			t.Errorf("the log is %q, want %q, and %q at its end", got, size, cause)
		}
	})
}

// TestTranscript compares the log that the chapter shows with a recorded run.
func TestTranscript(t *testing.T) {
	const path = "../../docs/tutorial/transcripts/timing-middleware.log.txt"
	synctest.Test(t, func(t *testing.T) {
		log := new(buffer)
		server := baretest.NewServer(t, newApp(newLogger(log)))
		for _, path := range []string{"/ticks", "/hello", "/nowhere"} {
			server.Get(path).Rest()
		}
		synctest.Wait()
		got := strings.Join(log.lines(), "\n") + "\n"
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("got\n%s\nwant\n%s\n(-update rewrites it)", got, want)
		}
	})
}
