// Package prometheus measures an application of bare for Prometheus.
//
// This is all that a program needs:
//
//	metrics := prometheus.New(app, prometheus.Config{})
//	app.Mount("/metrics", metrics.Handler())
//
// A stream may last for hours, and says nothing about how fast a service answers. So
// the duration of a request ends at the head of a stream, and what comes after it has
// metrics of its own. A stream is what [bare.Application.OnStream] says; a WebSocket is
// one, too.
//
// # The metrics
//
//   - bare_request_duration_seconds, a histogram by method, route and status: the time
//     from the request to the end of its response, or to the head of a stream.
//   - bare_streams_open, a gauge by route.
//   - bare_streams_ended_total, a counter by route and reason: see [bare.End.Reason].
//   - bare_stream_duration_seconds, a histogram by route: the time from the request to
//     the end of the stream.
//   - bare_stream_first_chunk_seconds, a histogram by route: the time from the request
//     to the first chunk. A stream without any is not in it.
//   - bare_stream_blocked_seconds_total, a counter by route: how long writes have waited
//     for clients. It is counted when a stream ends.
//
// [NewTopicCollector] has those of a topic.
//
// # Labels
//
// No client can make up a label, and so fill the memory of your program or of
// Prometheus. The route is the pattern of the route, such as /orders/{id:int}, and empty
// when there is none; it is never a path. A method that is not one of RFC 9110 or PATCH
// is "_OTHER". The status is what was sent, 0 when nothing was.
//
// What is mounted is not measured: see [bare.Application.Mount].
package prometheus
