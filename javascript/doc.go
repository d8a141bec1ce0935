// Package javascript is the browser's side of a stream: it serves streams.js, a
// module that reads event streams and JSON lines with fetch.
//
// The browser's own EventSource can only GET, and sends no headers of yours. The
// module sends any method, headers and body, and no stream of it ends silently: its
// loop is over at the end that the server names, or when you stop it, and throws
// otherwise. It depends on nothing, and needs no build.
//
// Add a route for it, beside the pages that use it:
//
//	app.HttpRouter.Add(bare.Methods{"GET"}, "/streams.js", javascript.Handle)
//
// In a page:
//
//	<script type="module">
//	  import { events } from "./streams.js"
//
//	  for await (const event of events("prices")) {
//	    console.log(event.id, event.type, event.data)
//	  }
//	</script>
//
// # What it exports
//
// events yields the events of an event stream, {id, type, data}. records yields
// lines of JSON that have these three members. lines yields lines of JSON of any
// shape, from one request. All take a URL, and the options of fetch and some more,
// which are documented in the file and completed by editors.
//
// # How a stream ends
//
// A loop of events or records is over after an event "done" or a record "end",
// after status 204, and when the signal in its options is aborted. It throws a
// StreamError after an event or a record "failed", and after a status that another
// try will not change. After all else (a cut, a clean end, a silence of 45 s, a status from 500
// on) the module makes the request again, unless that may do harm: see its option
// reconnect.
//
// # What a server does for it
//
// It sends something every 15 s, such as a comment or an empty line. It gives each event an
// id, and begins after the id in the query's parameter last-event-id:
//
//	after := request.Query().Get("last-event-id")
//
// An EventSource sends the header Last-Event-ID instead. The module does not, as
// that header costs pages of another origin a preflight.
package javascript
