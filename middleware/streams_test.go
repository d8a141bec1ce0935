package middleware_test

import (
	"log/slog"
	"strconv"
	"testing"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/middleware"
)

// each is one of every middleware, as a service has them.
func each(log *log) map[string]bare.HttpMiddleware {
	return map[string]bare.HttpMiddleware{
		"proxies":     middleware.Proxies{}.Middleware(),
		"request id":  middleware.RequestID{Accept: true}.Middleware(),
		"access log":  middleware.AccessLog{Logger: slog.New(log.handler())}.Middleware(),
		"rate limit":  middleware.RateLimit{Requests: 10, Headers: true}.Middleware(),
		"csrf":        middleware.CSRF{}.Middleware(),
		"body limits": middleware.BodyLimits{Body: 1, Read: 1}.Middleware(),
		"timeout":     middleware.Timeout{After: time.Second}.Middleware(),
	}
}

// A line must come in the very second in which it is yielded, for longer than any of the
// middlewares' times.
func TestAStreamStaysLiveAndIsNotEndedEarly(t *testing.T) {
	t.Parallel()
	names := []string{"proxies", "request id", "access log", "rate limit", "csrf", "body limits", "timeout", "all"}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				log := new(log)
				middlewares := each(log)
				around := []bare.HttpMiddleware{middlewares[name]}
				if name == "all" {
					around = nil
					for _, name := range names[:7] {
						around = append(around, middlewares[name])
					}
				}
				server := baretest.Config{Protocol: protocol}.NewServer(t, from(newApp(log, around...)))
				began := time.Now()
				stream := do(t, server, "GET", "/ticks/120", "X-Peer", "127.0.0.1:1", "X-Forwarded-For", "192.0.2.7")
				for n := range 120 {
					line := stream.Line()
					came := time.Since(began).Round(time.Millisecond)
					if line != strconv.Itoa(n)+"\n" || came != time.Duration(n+1)*time.Second {
						t.Fatalf("%q came after %v, want %d after as many seconds and one", line, came, n)
					}
				}
				if rest := stream.Rest(); rest != "" || stream.Err() != nil {
					t.Errorf("it ended with %q (%v), want a clean end", rest, stream.Err())
				}
			})
		})
	}
}

// The producer must be told, through all of them.
func TestAStreamInsideAllOfThemEndsWhenItsClientLeaves(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		log := new(log)
		var around []bare.HttpMiddleware
		for _, middleware := range each(log) {
			around = append(around, middleware)
		}
		app := newApp(log, around...)
		ended := make(chan error, 1)
		app.HttpRouter.Add(bare.Methods{"GET"}, "/watched", func(request *bare.HttpRequest) bare.HttpResponse {
			request.OnEnd(func(end bare.End) { ended <- end.Err })
			return bare.HttpResponse{Body: func(yield func([]byte) bool) {
				yield([]byte("first\n"))
				<-request.Context().Done()
			}}
		})
		stream := baretest.Config{Protocol: protocol}.NewServer(t, app).Get("/watched")
		stream.Line()
		stream.Close()
		if err := <-ended; err != bare.ErrClientGone { //nolint:errorlint // it is the sentinel itself
			t.Errorf("it ended with %v, want ErrClientGone", err)
		}
	})
}
