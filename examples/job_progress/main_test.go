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
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

var update = flag.Bool("update", false, "rewrite the transcripts")

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

func (b *buffer) String() string {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.text.String()
}

// newLogger writes what main's logger does, in UTC.
func newLogger(log *buffer) *slog.Logger {
	return slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, attr slog.Attr) slog.Attr {
			if attr.Key == slog.TimeKey {
				attr.Value = slog.TimeValue(attr.Value.Time().UTC())
			}
			return attr
		},
	}))
}

// start starts a job over a server's connection.
func start(t *testing.T, server *baretest.Server, query string) *baretest.Stream {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/jobs"+query, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	return server.Do(request)
}

func TestEveryEndIsSeenByTheClientAndByOnEnd(t *testing.T) {
	const first, second = `{"step":1,"of":4}` + "\n", `{"step":2,"of":4}` + "\n"
	tests := []struct {
		name, query string
		body        string
		cut         bool
		log         string
	}{
		{
			"a job that succeeds is complete", "",
			first + second + `{"step":3,"of":4}` + "\n" + `{"step":4,"of":4,"done":true}` + "\n",
			false, "bytes=84 after=4s error=<nil>",
		},
		{
			"a foreseen error is a last record and a clean end", "?fail=record",
			first + `{"step":2,"of":4,"error":"The disk is full."}` + "\n",
			false, "bytes=64 after=2s error=<nil>",
		},
		{
			"an error that nobody foresaw cuts the response", "?fail=cut",
			first,
			true, `bytes=18 after=2.1s error="the disk is broken"`,
		},
	}
	for _, protocol := range baretest.Protocols() {
		for _, test := range tests {
			t.Run(protocol.String()+"/"+test.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					log := new(buffer)
					server := baretest.Config{Protocol: protocol}.NewServer(t, newApp(newLogger(log)))
					stream := start(t, server, test.query)
					if got := stream.Rest(); got != test.body {
						t.Errorf("body %q, want %q", got, test.body)
					}
					if err := stream.Err(); (err != nil) != test.cut {
						t.Errorf("the body ended with %v, want it cut: %v", err, test.cut)
					}
					synctest.Wait()
					if got := log.String(); !strings.Contains(got, test.log) {
						t.Errorf("the log %q does not have %q", got, test.log)
					}
				})
			})
		}
	}
}

func TestAJobStopsWhenItsClientLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := new(buffer)
		stream := start(t, baretest.NewServer(t, newApp(newLogger(log))), "")
		stream.Next()
		time.Sleep(time.Second / 2)
		stream.Close()
		synctest.Wait()
		if got, want := log.String(), `bytes=18 after=1.5s error="bare: the client is gone"`; !strings.Contains(got, want) {
			t.Errorf("the log %q does not have %q", got, want)
		}
	})
}

func TestAStopOfTheServerCutsAJob(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := new(buffer)
		server := baretest.NewServer(t, newApp(newLogger(log)))
		stream := start(t, server, "")
		stream.Next()
		if err := server.Stop(); err != nil {
			t.Errorf("the stop failed: %v", err)
		}
		if stream.Rest(); stream.Err() == nil {
			t.Error("the response looks complete, although the job is not")
		}
		if got, want := log.String(), bare.ErrShutdown.Error(); !strings.Contains(got, want) {
			t.Errorf("the log %q does not have %q", got, want)
		}
	})
}

func TestAnUnknownFailureIsRefused(t *testing.T) {
	response := startJob(slog.New(slog.DiscardHandler))(baretest.NewRequest("POST", "/jobs?fail=other", nil))
	if got, want := response.Status, http.StatusBadRequest; got != want {
		t.Errorf("status %d, want %d", got, want)
	}
}

// TestTranscripts compares what the chapter shows with a recorded run.
func TestTranscripts(t *testing.T) {
	for _, test := range []struct{ name, target string }{
		{"job-progress", "http://localhost:9009/jobs"},
		{"job-progress-record", "'http://localhost:9009/jobs?fail=record'"},
		{"job-progress-cut", "'http://localhost:9009/jobs?fail=cut'"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(time.Until(time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)))
				log := new(buffer)
				_, query, _ := strings.Cut(strings.Trim(test.target, "'"), "?")
				stream := start(t, baretest.NewServer(t, newApp(newLogger(log))), "?"+query)
				screen := "$ curl -N -X POST " + test.target + "\n" + stream.Rest()
				if stream.Err() != nil {
					screen += "curl: (18) transfer closed with outstanding read data remaining\n"
				}
				synctest.Wait()
				compare(t, test.name+".txt", screen)
				compare(t, test.name+".log.txt", log.String())
			})
		})
	}
}

// compare checks a transcript, or rewrites it when the tests run with -update.
func compare(t *testing.T, name, got string) {
	t.Helper()
	path := "../../docs/tutorial/transcripts/" + name
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
		t.Errorf("%s: got\n%s\nwant\n%s\n(-update rewrites it)", name, got, want)
	}
}
