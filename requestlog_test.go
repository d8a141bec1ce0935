package bare_test

import (
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

func TestWhatTheApplicationLogsHasTheAttributesThatWereAdded(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, log := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			request.LogWith(slog.String("user", request.Query().Get("user")))
			return bare.ErrorResponse(errors.New("broken"))
		})
		app.Middlewares = append(app.Middlewares, func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
			request.LogWith(slog.Int("id", 7))
			return handler(request.WithContext(request.Context())) // a copy is the same request
		})
		server := serve(t, protocol, app)
		server.Get("/?user=ada").Rest()
		server.Get("/?user=bob").Rest()
		got := log.above()
		for i, user := range []string{"ada", "bob"} {
			if len(got) != 2 || !strings.HasSuffix(got[i], "id=7 user="+user) {
				t.Errorf("logged %q, want two records, with id=7 and user=ada or bob at their ends", got)
			}
		}
	})
}

func TestLogWithKeepsNoSliceOfItsCaller(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, log := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			attrs := []slog.Attr{slog.Int("id", 7)}
			request.LogWith(attrs...)
			attrs[0] = slog.Int("id", 8)
			return bare.ErrorResponse(errors.New("broken"))
		})
		baretest.NewServer(t, app).Get("/").Rest()
		if got := log.above(); !slices.ContainsFunc(got, func(line string) bool { return strings.HasSuffix(line, "id=7") }) {
			t.Errorf("logged %q, want id=7", got)
		}
	})
}
