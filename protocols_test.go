package bare_test

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

// eachProtocol runs a test over every protocol, in a bubble of fake time.
func eachProtocol(t *testing.T, test func(t *testing.T, protocol baretest.Protocol)) {
	t.Helper()
	for _, protocol := range baretest.Protocols() {
		t.Run(protocol.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { test(t, protocol) })
		})
	}
}

// overHTTP1 runs a test over HTTP/1.1 only, in a bubble of fake time.
func overHTTP1(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, test)
}

// logbook keeps what an application logs. It is safe for concurrent use.
type logbook struct {
	mutex   sync.Mutex
	records []slog.Record
}

func (*logbook) Enabled(context.Context, slog.Level) bool { return true }
func (l *logbook) WithAttrs([]slog.Attr) slog.Handler     { return l }
func (l *logbook) WithGroup(string) slog.Handler          { return l }

func (l *logbook) Handle(_ context.Context, record slog.Record) error {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.records = append(l.records, record.Clone())
	return nil
}

// above lists the messages above the debug level, each with its attributes.
func (l *logbook) above() []string {
	return slices.DeleteFunc(l.all(), func(message string) bool { return strings.HasPrefix(message, "DEBUG") })
}

// all lists the messages, each with its level and attributes.
func (l *logbook) all() []string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	var messages []string
	for i := range l.records {
		record := &l.records[i]
		var b strings.Builder
		b.WriteString(record.Level.String() + " " + record.Message)
		record.Attrs(func(attr slog.Attr) bool {
			b.WriteString(" " + attr.String())
			return true
		})
		messages = append(messages, b.String())
	}
	return messages
}

// newApp is an application with one handler for every method at "/", and what it
// logs.
func newApp(handler bare.HttpHandler) (*bare.Application, *logbook) {
	log := new(logbook)
	app := bare.NewApplication()
	app.Logger = slog.New(log)
	app.OnHttpRequest(bare.Methods{"GET", "POST", "PUT"}, "/", handler)
	return app, log
}

// bodyOf is an application whose every response has the body.
func bodyOf(body func(request *bare.HttpRequest, yield func([]byte) bool)) (*bare.Application, *logbook) {
	return newApp(func(request *bare.HttpRequest) bare.HttpResponse {
		return bare.HttpResponse{Body: func(yield func([]byte) bool) { body(request, yield) }}
	})
}

// serve runs an application as in production: chunks wait for company.
func serve(t *testing.T, protocol baretest.Protocol, app *bare.Application) *baretest.Server {
	t.Helper()
	return baretest.Config{Protocol: protocol, FlushDelay: true}.NewServer(t, app)
}

// wantLogged fails the test unless exactly these beginnings were logged.
func wantLogged(t *testing.T, log *logbook, beginnings ...string) {
	t.Helper()
	got := log.above()
	if !slices.EqualFunc(got, beginnings, strings.HasPrefix) {
		t.Errorf("logged %q, want %q", got, beginnings)
	}
}

// contextWith is the request's context with a value.
func contextWith(request *bare.HttpRequest, key, value any) context.Context {
	return context.WithValue(request.Context(), key, value)
}
