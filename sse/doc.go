// Package sse writes and reads event streams: the format that a browser's
// EventSource reads (WHATWG HTML, section 9.2, "Server-sent events").
//
// An [Event] is a value. A handler yields events, and [Response] makes a response of
// them:
//
//	func prices(request *bare.HttpRequest) bare.HttpResponse {
//		return sse.Response(request, func(yield func(sse.Event) bool) {
//			for now := range request.Every(time.Second) {
//				if !yield(sse.Event{Type: "tick", Data: []byte(now.Format(time.TimeOnly))}) {
//					return
//				}
//			}
//		}, sse.Options{})
//	}
//
// The response has the headers that proxies must see. Its first bytes go out at once,
// and a comment after every 15 seconds of silence, so that no proxy takes the
// connection for dead. A text with line breaks stays one event, and an id or a type
// with a line break is refused, so that no text that a user has typed can pose as
// another event.
//
// # Streams that end
//
// A browser reconnects whenever a stream ends, and cannot tell an end from a failure.
// So there are two functions:
//
//   - [Response] is for a stream without an end, such as prices. When its iterator
//     returns, the response ends cleanly, and the browser comes back for more.
//   - [StreamResponse] is for a stream that has an end to reach, or that may fail. Its
//     function returns an error. With nil the stream ends with an event of the type
//     "done". Its id is "done" as well, and the browser that comes back with it gets a
//     204, which ends the reconnecting. With an error the stream ends with an event of
//     the type "failed" and a message that is safe to show, and is then cut.
//
// # Streams that resume
//
// An event that has an ID is a place to resume at. A client that comes back names the
// last one that it had: see [LastEventID].
//
// # Errors that a page can see
//
// An EventSource that gets anything but a 200 gives up for good, and shows its page
// neither the status nor the text. What can be checked before the stream begins is an
// ordinary error response of the handler all the same, for other clients and for logs.
// What fails later is an event: [StreamResponse] sends "failed". Do not call a type
// "error" or "open". Those are events of the EventSource itself, and a listener could not
// tell them apart.
//
// # Reading
//
// [Read] yields the events of a stream, by the specification's parser. It takes
// whatever a server may send, with limits for lines and events. [Client] is to a Go
// program what an EventSource is to a page: it reconnects, and names the last event that
// it had. It can also POST, and it notices a server that has gone silent.
package sse
