package otel

import (
	"net/http"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/bare-go/bare"
)

// Annotate has the span of each request say how its response has gone and ended: see the
// package's comment. The span is the one in the context of [bare.HttpRequest.Scope], such
// as otelhttp puts there. A request without one, or whose span is not sampled, costs next
// to nothing. Annotate is called once, before the application serves, and panics when that
// serves already.
func Annotate(app *bare.Application) {
	app.OnEnd(func(request *bare.HttpRequest, end bare.End) {
		span := trace.SpanFromContext(request.Scope.Context())
		if !span.IsRecording() {
			return
		}
		name(span, request)
		describe(span, end)
		judge(span, end)
	})
}

// name names the span as otelhttp does. otelhttp looks for the pattern when the handler
// has returned: too late for the attribute, and not at all if the response is cut, as it
// is left by a panic then.
func name(span trace.Span, request *bare.HttpRequest) {
	route := request.Matches.Route()
	if route == "" {
		return
	}
	span.SetName(methodOf(request.Scope) + " " + route)
	span.SetAttributes(attribute.String("http.route", route))
}

// methodOf is the method, or one word for those that a client has made up.
func methodOf(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodConnect, http.MethodOptions, http.MethodTrace:
		return r.Method
	}
	return "HTTP"
}

// describe says how the response has gone.
func describe(span trace.Span, end bare.End) {
	span.SetAttributes(
		attribute.String("bare.end", end.Reason()),
		attribute.Bool("bare.stream", end.Stream),
		attribute.Int64("bare.chunks", end.Chunks))
	if end.Blocked > 0 {
		span.SetAttributes(attribute.Float64("bare.blocked", end.Blocked.Seconds()))
	}
	if end.Status > 0 { // otelhttp does not say it of a response that is cut
		span.SetAttributes(attribute.Int("http.response.status_code", end.Status))
	}
	if end.Chunks > 0 {
		started := time.Now().Add(-end.Duration)
		span.AddEvent("first chunk", trace.WithTimestamp(started.Add(end.FirstByte)))
	}
}

// judge says what has gone wrong. A client may leave whenever it likes, and so may the
// server.
func judge(span trace.Span, end bare.End) {
	switch reason := end.Reason(); reason {
	case "stalled", "cut", "aborted", "failed":
		span.SetAttributes(attribute.String("error.type", reason))
		span.SetStatus(codes.Error, end.Err.Error())
	}
}
