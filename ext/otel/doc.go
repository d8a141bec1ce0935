// Package otel has the spans of otelhttp say how the streams of bare go and end.
//
// otelhttp makes the spans, one for each request, and goes around the application:
//
//	app.Wrap(otelhttp.NewMiddleware(""))
//	otel.Annotate(app)
//
// The span of a stream ends with the stream. Spans that a handler or a body starts with
// the request's context are its children:
//
//	ctx, span := tracer.Start(request.Context(), "find the rows")
//
// # What a span has
//
//   - Its name is the method and the pattern of the route, "GET /orders/{id:int}", and
//     never a path. The attribute http.route has the pattern.
//   - The event "first chunk" is at the time of the body's first chunk.
//   - The attribute bare.end is [bare.End.Reason]: "complete", "client gone", "shutdown",
//     "stalled", "cut", "aborted" or "failed".
//   - The attributes bare.stream, bare.chunks and bare.blocked, in seconds, are what
//     [bare.End] has. bare.blocked is there if a client has held the stream up.
//   - The status is an error when the response is not complete, and it was neither the
//     client that has left nor the server that has stopped: stalled, cut, aborted and
//     failed. Its description is [bare.End.Err]. Answers with a status of 500 and more are
//     errors by otelhttp's own rule.
//
// A response that is cut ends by a panic of [net/http.ErrAbortHandler], which is
// net/http's way to cut. The span then has an event "exception", too.
//
// # Durations
//
// otelhttp also measures durations (http.server.request.duration), and takes the whole
// life of a stream for one. A few streams make that useless as a latency. Take
// [github.com/bare-go/bare/ext/prometheus] for metrics, or give otelhttp a MeterProvider
// whose views drop it. If nobody sets a MeterProvider, nothing is measured.
package otel
