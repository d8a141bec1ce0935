package interop

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/cors"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

func TestCorsAnswersAPreflightItself(t *testing.T) {
	each(t, func(t *testing.T, protocol baretest.Protocol, put func(*bare.Application, func(http.Handler) http.Handler)) {
		app := newApp(t)
		put(app, cors.New(cors.Options{AllowedOrigins: []string{"https://app.example"}, AllowedMethods: []string{"PUT"}}).Handler)
		stream := ask(t, baretest.Config{Protocol: protocol}.NewServer(t, app), "OPTIONS", "/events/x",
			"origin", "https://app.example", "access-control-request-method", "PUT")
		got := stream.Response
		if stream.Rest(); got.StatusCode != http.StatusNoContent || got.Header.Get("Access-Control-Allow-Methods") != "PUT" || got.Header.Get("Allow") != "" {
			t.Errorf("got %s %v", got.Status, got.Header)
		}
	})
}

func TestCorsIsAroundAnswersThatAreErrors(t *testing.T) {
	each(t, func(t *testing.T, protocol baretest.Protocol, put func(*bare.Application, func(http.Handler) http.Handler)) {
		app := newApp(t)
		app.OnHttpRequest(bare.Methods{"GET"}, "/broken", func(*bare.HttpRequest) bare.HttpResponse { return bare.ErrorResponse(io.EOF) })
		put(app, cors.Default().Handler)
		server := baretest.Config{Protocol: protocol}.NewServer(t, app)
		for path, status := range map[string]int{"/nowhere": 404, "/broken": 500} {
			got := ask(t, server, "GET", path, "origin", "https://app.example").Response
			if got.StatusCode != status || got.Header.Get("Access-Control-Allow-Origin") != "*" {
				t.Errorf("%s: got %s %v", path, got.Status, got.Header)
			}
		}
	})
}

func TestScsSetsItsCookieBeforeTheStreamAndKnowsItsVisitor(t *testing.T) {
	each(t, func(t *testing.T, protocol baretest.Protocol, put func(*bare.Application, func(http.Handler) http.Handler)) {
		app, sessions := newApp(t), newSessions()
		app.OnHttpRequest(bare.Methods{"GET"}, "/visits", func(request *bare.HttpRequest) bare.HttpResponse {
			ctx := request.Context()
			visits := sessions.GetInt(ctx, "visits") + 1
			sessions.Put(ctx, "visits", visits)
			return bare.HttpResponse{
				Headers: bare.Headers("set-cookie", "own=1"),
				Body: func(yield func([]byte) bool) {
					_ = yield([]byte(strings.Repeat("I", visits))) && request.Sleep(time.Second)
				},
			}
		})
		put(app, sessions.LoadAndSave)
		server := baretest.Config{Protocol: protocol}.NewServer(t, app)
		cookie := ""
		for _, want := range []string{"I", "II"} {
			stream := ask(t, server, "GET", "/visits", "cookie", cookie)
			names := map[string]string{}
			for _, set := range stream.Response.Cookies() {
				names[set.Name] = set.String()
			}
			if got := stream.Next(); got != want || names["session"] == "" || names["own"] != "own=1" {
				t.Errorf("got %q, want %q, and the cookies %v", got, want, names)
			}
			stream.Rest()
			cookie, _, _ = strings.Cut(names["session"], ";")
		}
	})
}

func TestOtelhttpEndsItsSpanWhenTheStreamHasEnded(t *testing.T) {
	each(t, func(t *testing.T, protocol baretest.Protocol, put func(*bare.Application, func(http.Handler) http.Handler)) {
		spans := tracetest.NewSpanRecorder()
		app := newApp(t)
		put(app, otelhttp.NewMiddleware("test", otelhttp.WithTracerProvider(trace.NewTracerProvider(trace.WithSpanProcessor(spans)))))
		server := baretest.Config{Protocol: protocol}.NewServer(t, app)
		stream := ask(t, server, "GET", "/events/x")
		for range 3 {
			stream.Next()
		}
		synctest.Wait()
		if len(spans.Started()) != 1 || len(spans.Ended()) != 0 {
			t.Errorf("%d spans have begun, and %d have ended", len(spans.Started()), len(spans.Ended()))
		}
		if err := server.Stop(); err != nil { // the stream ends with it
			t.Error(err)
		}
		ended := spans.Ended()
		if len(ended) != 1 {
			t.Fatalf("%d spans have ended", len(ended))
		}
		if span := ended[0]; span.EndTime().Sub(span.StartTime()) < 2*time.Second || span.Name() != "GET /events/{name}" {
			t.Errorf("the span %q took %v", span.Name(), span.EndTime().Sub(span.StartTime()))
		}
	})
}

func TestSmallResponsesAreNotCompressedAndKeepTheirLength(t *testing.T) {
	each(t, func(t *testing.T, protocol baretest.Protocol, put func(*bare.Application, func(http.Handler) http.Handler)) {
		app := newApp(t)
		app.OnHttpRequest(bare.Methods{"GET"}, "/small", func(*bare.HttpRequest) bare.HttpResponse { return bare.TextResponse(200, "small") })
		app.OnHttpRequest(bare.Methods{"GET"}, "/large", func(*bare.HttpRequest) bare.HttpResponse {
			return bare.TextResponse(200, strings.Repeat("large ", 1000))
		})
		put(app, newGzip(t))
		server := baretest.Config{Protocol: protocol}.NewServer(t, app)
		small := ask(t, server, "GET", "/small", "accept-encoding", "gzip")
		if got := small.Rest(); got != "small" || small.Response.ContentLength != 5 {
			t.Errorf("got %q of %d bytes", got, small.Response.ContentLength)
		}
		large := &plainText{stream: ask(t, server, "GET", "/large", "accept-encoding", "gzip")}
		if got, err := large.next(6000); got != strings.Repeat("large ", 1000) || err != nil || large.gunzip == nil {
			t.Errorf("got %d bytes (%v)", len(got), err)
		}
	})
}
