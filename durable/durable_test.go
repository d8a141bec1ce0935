package durable_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/durable"
	"github.com/bare-go/bare/internal/leaktest"
)

// TestMain fails a run that leaves goroutines behind.
func TestMain(m *testing.M) {
	os.Exit(leaktest.Run(m, os.Stderr))
}

// prefix is where the streams of a test are.
const prefix = "/streams"

// A server serves streams, in a bubble of fake time.
type server struct {
	*baretest.Server

	t *testing.T
}

// eachProtocol runs a test over every protocol, in a bubble of fake time.
func eachProtocol(t *testing.T, options durable.Options, test func(t *testing.T, s *server)) {
	t.Helper()
	t.Parallel()
	for _, protocol := range baretest.Protocols() {
		t.Run(protocol.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { test(t, serve(t, protocol, options)) })
		})
	}
}

// overHTTP1 runs a test over HTTP/1.1 only, in a bubble of fake time.
func overHTTP1(t *testing.T, options durable.Options, test func(t *testing.T, s *server)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { test(t, serve(t, baretest.HTTP1, options)) })
}

func serve(t *testing.T, protocol baretest.Protocol, options durable.Options) *server {
	t.Helper()
	app := bare.NewApplication()
	app.Logger = slog.New(slog.NewTextHandler(failing{t}, &slog.HandlerOptions{Level: slog.LevelWarn}))
	durable.New(options).Register(app.Group(prefix))
	return &server{baretest.Config{Protocol: protocol}.NewServer(t, app), t}
}

// failing fails a test that has something logged.
type failing struct{ t *testing.T }

func (f failing) Write(line []byte) (int, error) {
	f.t.Errorf("logged: %s", line)
	return len(line), nil
}

// An answer is a whole response.
type answer struct {
	status int
	header http.Header
	body   string
}

// next is the offset to go on from.
func (a answer) next() string { return a.header.Get("Stream-Next-Offset") }

// do sends a request about a stream, with headers in pairs, and reads its answer.
func (s *server) do(method, name, body string, headers ...string) answer {
	s.t.Helper()
	stream := s.begin(method, name, body, headers...)
	whole, err := io.ReadAll(stream.Response.Body)
	if err != nil {
		s.t.Errorf("%s %s: %v", method, name, err)
	}
	return answer{stream.Response.StatusCode, stream.Response.Header, string(whole)}
}

// begin is do for an answer that is read by and by.
func (s *server) begin(method, name, body string, headers ...string) *baretest.Stream {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), method, s.URL+prefix+"/"+name, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header = bare.Headers(headers...)
	return s.Do(request)
}

// want fails the test unless a request is answered with a status.
func (s *server) want(status int, method, name, body string, headers ...string) answer {
	s.t.Helper()
	got := s.do(method, name, body, headers...)
	if got.status != status {
		s.t.Fatalf("%s %.100s %.100q %.100q is answered with %d %q, want %d", method, name, body, headers, got.status, got.body, status)
	}
	return got
}

// text makes a stream of plain text with appends of its own.
func (s *server) text(name string, appends ...string) (last answer) {
	s.t.Helper()
	last = s.want(201, "PUT", name, "", "Content-Type", "text/plain")
	for _, data := range appends {
		last = s.append(name, data)
	}
	return last
}

// append appends plain text.
func (s *server) append(name, data string, headers ...string) answer {
	s.t.Helper()
	got := s.do("POST", name, data, append([]string{"Content-Type", "text/plain"}, headers...)...)
	if got.status != 200 && got.status != 204 {
		s.t.Fatalf("%q is not appended to %s: %d %q", data, name, got.status, got.body)
	}
	return got
}

// wantBody fails the test unless a stream reads as a text.
func (s *server) wantBody(name, want string) answer {
	s.t.Helper()
	got := s.want(200, "GET", name, "")
	if got.body != want {
		s.t.Errorf("%s is %.200q, want %.200q", name, got.body, want)
	}
	got.wantHeader(s.t, "Content-Length", fmt.Sprint(len(want)))
	return got
}

// wantHeader fails the test unless a header has a value.
func (a answer) wantHeader(t *testing.T, name, want string) {
	t.Helper()
	if got := a.header.Get(name); got != want {
		t.Errorf("%s is %q, want %q", name, got, want)
	}
}

func produced(id string, epoch, seq int) []string {
	return []string{"Producer-Id", id, "Producer-Epoch", fmt.Sprint(epoch), "Producer-Seq", fmt.Sprint(seq)}
}
