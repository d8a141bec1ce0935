package static_test

import (
	"context"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/static"
)

// changed is when the files of the tests were last changed: before the time at which
// a bubble begins.
var changed = time.Date(1999, 6, 1, 12, 0, 0, 0, time.UTC)

const changedHTTP = "Tue, 01 Jun 1999 12:00:00 GMT"

// newFolder is a folder on disk with the files, by their names. A name that ends in a
// slash is a folder, and a content that begins with "-> " is a symbolic link.
func newFolder(t *testing.T, files map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	for name, text := range files {
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		target, link := strings.CutPrefix(text, "-> ")
		switch {
		case strings.HasSuffix(name, "/"):
			err = os.MkdirAll(path, 0o755)
		case link:
			err = os.Symlink(target, path)
		default:
			err = os.WriteFile(path, []byte(text), 0o644)
		}
		if err == nil && !link {
			err = os.Chtimes(path, changed, changed)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// eachProtocol runs a test over every protocol, in a bubble of fake time.
func eachProtocol(t *testing.T, test func(t *testing.T, protocol baretest.Protocol)) {
	t.Helper()
	for _, protocol := range baretest.Protocols() {
		t.Run(protocol.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test(t, protocol) })
		})
	}
}

// newApp is an application with the files at a prefix.
func newApp(files static.Files, prefix string) *bare.Application {
	app := bare.NewApplication()
	app.Logger = slog.New(slog.DiscardHandler)
	files.Serve(app, prefix)
	return app
}

// newLoggedApp is an application with the files at /, and what it logs.
func newLoggedApp(files static.Files) (*bare.Application, *logbook) {
	app, log := newApp(files, "/"), new(logbook)
	app.Logger = slog.New(log)
	return app, log
}

// serveFiles serves files at / over HTTP/1.1.
func serveFiles(t *testing.T, files static.Files) *baretest.Server {
	t.Helper()
	return baretest.NewServer(t, newApp(files, "/"))
}

// ask makes a request that follows no redirect, with headers in pairs.
func ask(t *testing.T, server *baretest.Server, method, target string, headers ...string) *baretest.Stream {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, server.URL+target, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Header = bare.Headers(headers...)
	server.Client().CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return server.Do(request)
}

// want fails the test unless a response has the status and the text.
func want(t *testing.T, stream *baretest.Stream, status int, text string) {
	t.Helper()
	if got := stream.Response.StatusCode; got != status {
		t.Errorf("the status is %d, want %d", got, status)
	}
	if got := stream.Rest(); got != text || stream.Err() != nil {
		t.Errorf("the text is %q (%v), want %q", got, stream.Err(), text)
	}
}

// wantHeader fails the test unless a response has the header, "" for none.
func wantHeader(t *testing.T, stream *baretest.Stream, name, value string) {
	t.Helper()
	if got := strings.Join(stream.Response.Header.Values(name), ", "); got != value {
		t.Errorf("%s is %q, want %q", name, got, value)
	}
}

// logbook keeps the messages that are logged above the debug level.
type logbook struct {
	mutex    sync.Mutex
	messages []string
}

func (*logbook) Enabled(_ context.Context, level slog.Level) bool { return level > slog.LevelDebug }
func (l *logbook) WithAttrs([]slog.Attr) slog.Handler             { return l }
func (l *logbook) WithGroup(string) slog.Handler                  { return l }

func (l *logbook) Handle(_ context.Context, record slog.Record) error {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.messages = append(l.messages, record.Message)
	return nil
}

func (l *logbook) text() string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return strings.Join(l.messages, "\n")
}
