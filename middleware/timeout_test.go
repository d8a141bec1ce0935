package middleware_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/middleware"
)

// slow answers after the time in its path, or earlier if its context ends.
func slow(request *bare.HttpRequest) bare.HttpResponse {
	d, _ := time.ParseDuration(request.Query().Get("for"))
	if !request.Sleep(d) {
		return bare.ErrorResponse(context.Cause(request.Context()))
	}
	return bare.TextResponse(200, "done\n")
}

func TestAHandlerThatTakesTooLongIsTold(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, path string
		status     int
		after      time.Duration
	}{
		{"in time", "/slow?for=4999ms", 200, 4999 * time.Millisecond},
		{"too long", "/slow?for=1h", 503, 5 * time.Second},
		{"too long for one that does not listen", "/deaf", 503, 8 * time.Second},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				app := newApp(new(log), middleware.Timeout{After: 5 * time.Second}.Middleware())
				app.HttpRouter.Add(bare.Methods{"GET"}, "/slow", slow)
				app.HttpRouter.Add(bare.Methods{"GET"}, "/deaf", func(*bare.HttpRequest) bare.HttpResponse {
					time.Sleep(8 * time.Second)
					return bare.TextResponse(200, "done\n")
				})
				server := baretest.Config{Protocol: protocol}.NewServer(t, app)
				began := time.Now()
				answer := server.Get(test.path).Response
				if got := time.Since(began).Round(time.Millisecond); answer.StatusCode != test.status || got != test.after {
					t.Errorf("got %d after %v, want %d after %v", answer.StatusCode, got, test.status, test.after)
				}
			})
		})
	}
}

// Inside, the context must say why it ended; and it is still the request's.
func TestATimeoutIsTheCauseOfTheContextAndOfTheError(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app := newApp(new(log), middleware.Timeout{}.Middleware())
		app.HttpRouter.Add(bare.Methods{"GET"}, "/slow", func(request *bare.HttpRequest) bare.HttpResponse {
			<-request.Context().Done()
			if cause := context.Cause(request.Context()); !errors.Is(cause, middleware.ErrTimeout) {
				t.Errorf("the cause is %v, want ErrTimeout", cause)
			}
			return bare.HttpResponse{}
		})
		app.OnError = func(_ *bare.HttpRequest, err error) bare.HttpResponse {
			if errors.Is(err, middleware.ErrTimeout) {
				return bare.TextResponse(504, "try later\n")
			}
			return bare.ErrorResponse(err)
		}
		began := time.Now()
		stream := baretest.Config{Protocol: protocol}.NewServer(t, app).Get("/slow")
		if took := time.Since(began).Round(time.Second); stream.Response.StatusCode != http.StatusGatewayTimeout || took != middleware.DefaultTimeout {
			t.Errorf("got %d after %v, want OnError's 504 after %v", stream.Response.StatusCode, took, middleware.DefaultTimeout)
		}
	})
}

// A response that was made too late is built on a context that has ended: its stream
// would look complete at once.
func TestAStreamThatIsReturnedTooLateIsNotBegun(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app := newApp(new(log), middleware.Timeout{After: time.Second}.Middleware())
		app.HttpRouter.Add(bare.Methods{"GET"}, "/late", func(*bare.HttpRequest) bare.HttpResponse {
			time.Sleep(2 * time.Second)
			return bare.HttpResponse{Body: func(func([]byte) bool) { t.Error("the body was run") }}
		})
		stream := baretest.Config{Protocol: protocol}.NewServer(t, app).Get("/late")
		if got := stream.Rest(); stream.Response.StatusCode != http.StatusServiceUnavailable || got != "Service Unavailable" {
			t.Errorf("got %d and %q, want a 503", stream.Response.StatusCode, got)
		}
	})
}

func TestATimeoutOfALongUploadLeavesTheConnectionUsable(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app := newApp(new(log), middleware.Timeout{After: time.Second}.Middleware())
		app.HttpRouter.Add(bare.Methods{"POST"}, "/slow", slow)
		server := baretest.Config{Protocol: protocol}.NewServer(t, app)
		for range 2 {
			stream := server.Post("/slow?for=1m", "text/plain", strings.NewReader(strings.Repeat("x", 100_000)))
			if stream.Rest(); stream.Response.StatusCode != http.StatusServiceUnavailable || stream.Err() != nil {
				t.Errorf("got %d (%v), want a 503", stream.Response.StatusCode, stream.Err())
			}
		}
	})
}

func TestANegativeTimeIsAProgrammersError(t *testing.T) {
	t.Parallel()
	wantPanic(t, "middleware: Timeout: After is negative: -1s", func() { middleware.Timeout{After: -time.Second}.Middleware() })
}
