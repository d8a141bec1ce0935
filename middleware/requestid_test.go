package middleware_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/middleware"
)

func TestARequestHasTheIdentifierOfItsClientOnlyIfItIsWantedAndValid(t *testing.T) {
	t.Parallel()
	uuid := "67e55044-10b1-426f-9247-bb680e5fe0c8"
	tests := []struct {
		name    string
		accept  bool
		headers []string
		want    string
	}{
		{"none is sent", true, nil, "new"},
		{"it is not wanted", false, []string{"X-Request-Id", uuid}, "new"},
		{"a UUID", true, []string{"X-Request-Id", uuid}, uuid},
		{"all characters that are allowed", true, []string{"x-request-id", "aZ09-_.:+/=~"}, "aZ09-_.:+/=~"},
		{"the longest", true, []string{"X-Request-Id", strings.Repeat("a", 128)}, strings.Repeat("a", 128)},
		{"too long by one", true, []string{"X-Request-Id", strings.Repeat("a", 129)}, "new"},
		{"a huge one", true, []string{"X-Request-Id", strings.Repeat("a", 32<<10)}, "new"},
		{"an empty one", true, []string{"X-Request-Id", ""}, "new"},
		{"with a space", true, []string{"X-Request-Id", "a b"}, "new"},
		{"with a quote, which might forge an attribute", true, []string{"X-Request-Id", `a" user="root`}, "new"},
		{"with a letter that is not ASCII", true, []string{"X-Request-Id", "é"}, "new"},
		{"two of them", true, []string{"X-Request-Id", "a", "X-Request-Id", "b"}, "new"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				ids := middleware.RequestID{Accept: test.accept, New: func() string { return "new" }}
				app := newApp(new(log), ids.Middleware())
				server := baretest.Config{Protocol: protocol}.NewServer(t, app)
				answer := do(t, server, "GET", "/nowhere", test.headers...).Response
				if got := answer.Header.Get("X-Request-Id"); got != test.want {
					t.Errorf("the response has %q, want %q", got, test.want)
				}
			})
		})
	}
}

func TestTheIdentifierIsWhereItIsNeeded(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		log := new(log)
		own := slog.New(middleware.LogHandler(log.handler())).With(slog.Int("a", 1))
		ids := middleware.RequestID{Header: "x-trace", New: func() string { return "id-1" }}
		app := newApp(log, ids.Middleware())
		app.HttpRouter.Add(bare.Methods{"GET"}, "/fails", func(request *bare.HttpRequest) bare.HttpResponse {
			own.InfoContext(request.Context(), "own")
			own.InfoContext(context.WithoutCancel(request.Context()), "derived")
			own.InfoContext(context.Background(), "outside")
			if got := middleware.RequestIDFrom(request.Context()); got != "id-1" {
				t.Errorf("the context has %q", got)
			}
			if got := middleware.RequestIDOf(request); got != "id-1" {
				t.Errorf("the request has %q", got)
			}
			return bare.ErrorResponse(errors.New("broken"))
		})
		answer := baretest.Config{Protocol: protocol}.NewServer(t, app).Get("/fails").Response
		if got := answer.Header.Get("X-Trace"); answer.StatusCode != http.StatusInternalServerError || got != "id-1" {
			t.Errorf("the response is a %d with %q, want a 500 with id-1", answer.StatusCode, got)
		}
		lines := log.lines()
		for i, want := range []string{"msg=own a=1 request_id=id-1", "msg=derived a=1 request_id=id-1", "msg=outside a=1", "error=broken request_id=id-1"} {
			if len(lines) != 4 || !strings.HasSuffix(lines[i], want) {
				t.Errorf("logged %q, want %q as record %d of 4", lines, want, i)
			}
		}
	})
}

func TestNewIdentifiersAreNotTheSame(t *testing.T) {
	t.Parallel()
	handler := bare.Chain(func(request *bare.HttpRequest) bare.HttpResponse {
		return bare.TextResponse(200, middleware.RequestIDOf(request))
	}, middleware.RequestID{}.Middleware())
	seen := make(map[string]bool)
	for range 100 {
		seen[fmt.Sprint(baretest.Chunks(handler(baretest.NewRequest("GET", "/", nil)).Body, -1))] = true
	}
	if len(seen) != 100 || seen["[]"] {
		t.Errorf("a hundred requests have %d identifiers", len(seen))
	}
}

func TestAHeaderThatIsNoNameIsAProgrammersError(t *testing.T) {
	t.Parallel()
	wantPanic(t, `middleware: RequestID: the header "X Request" is no name`, func() {
		middleware.RequestID{Header: "X Request"}.Middleware()
	})
}
