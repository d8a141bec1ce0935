// Package topic publishes events to any number of subscribers. Each event is published
// once, encoded once for each transport, and reaches every subscriber in order. A
// client that was cut off comes back to where it was, and misses nothing.
//
// This is a whole program. It tells every page that is open a price, once a second:
//
//	package main
//
//	import (
//		"context"
//		"time"
//
//		"github.com/bare-go/bare"
//		"github.com/bare-go/bare/topic"
//	)
//
//	func main() {
//		prices := topic.New(topic.Options{})
//		app := bare.NewApplication()
//		app.HttpRouter.Add(bare.Methods{"GET"}, "/prices", prices.Handle)
//		app.Go(func(ctx context.Context) error {
//			for price := 42; ctx.Err() == nil; price++ {
//				event, err := topic.JSON("price", "ACME", price)
//				if err != nil {
//					return err
//				}
//				if _, err := prices.Publish(ctx, event); err != nil {
//					return err
//				}
//				select {
//				case <-time.After(time.Second):
//				case <-ctx.Done():
//				}
//			}
//			return nil
//		})
//		bare.Main(app, "localhost:9009")
//	}
//
// A page needs no more than an EventSource, which also does the coming back:
//
//	const events = new EventSource("/prices")
//	events.addEventListener("price", (event) => show(JSON.parse(event.data)))
//
// # Publishing
//
// [Topic.Publish] appends an event to the topic's log, and returns its id, which the
// log has minted. It never waits for a subscriber. Without subscribers it costs the
// stored record, and nothing else. [Topic.Close] and [Topic.Fail] say that nothing
// further will come.
//
// # Transports
//
// [Topic.Handle] answers in the form that the client asks for:
//
//	request                          response
//	Accept: text/event-stream, */*,  an event stream: id, event and data
//	  or no Accept
//	Accept: application/x-ndjson     lines {"id":..., "type":..., "data":...}; an empty line keeps
//	                                 the connection alive, and the last one has the type "end" or "failed"
//	?live=long-poll&offset=...       an array of the same records, or a 204 when nothing came in time;
//	                                 the header Stream-Next-Offset says where to go on
//	Upgrade: websocket               a WebSocket: each message is one of the same records. {"id":..., "retry":...}
//	                                 comes first, {} keeps the connection alive, and {"retry":...} says when to
//	                                 come back. Only messages with "data" are records
//
// Long polling is chosen by the query alone. Headers and offsets are those of the
// Durable Streams protocol. Nothing of this may be stored by a cache.
//
// # Coming back
//
// An id is a position in the log, and an event's id is the position behind it. A client
// that names the last id that it had gets exactly what comes after it. An event stream
// begins with the id of the position at which it joins, so this holds from the first
// moment on.
//
// The log keeps a limited number of bytes, and the default one ends with the process. A
// client whose position is no longer there, or is from before a restart, is told: it gets
// an event of the type "gap" before anything else. Its data is {"from":..., "to":...},
// and its id is the position at which the stream goes on, so that a client that is
// cut right after it comes back to the right place. What to do about a gap is the
// page's decision. Most load their state anew.
//
// # A page with state
//
// A page that shows state, and then follows its changes, must not miss a change in
// between. Take the topic's [Topic.Cursor] first, read the state after that, and have the page
// begin at the cursor:
//
//	const events = new EventSource("/prices?last-event-id=" + cursor)
//
// Whoever changes the state does so before the Publish. A change may then be seen twice,
// in the state and as an event, so events must be absolute ("the price is 42") or
// have versions. If each event must count exactly once, fold the log into the state with a
// [View]: its Read returns state and position together.
//
// # Subscribers that are slow
//
// Nobody waits for a subscriber, and one that does not read keeps at most one segment of
// 64 KiB in memory. One that falls behind more and more is disconnected when it lacks half of
// the bytes or records that the log in memory keeps, so that it can come back without a gap. It is
// looked at every two seconds, and cut at the second look that finds it no nearer: what
// is published in between must not be all that the log keeps. Nor does this know of
// the log's other limits: the records' age, and the bytes of long keys.
// Where one of them comes first, a slow subscriber comes back to a gap. [DropOldest] keeps it
// connected, and has a gap announced. In a topic that conflates, it is sent
// only the latest event of each key: see [Options.Conflate].
//
// # Ends
//
// Each stream ends for a [Reason], which the hook [Options.OnEnd], the log and
// [Topic.Stats] know. A [Lease] limits how long a stream lasts and how many one user may
// have. [Topic.Kick] ends the streams of a user. [Topic.Drain] ends all, one after the
// other, and tells the clients to come back at different times. A server that stops does
// the same.
//
// A stream that was disconnected, kicked, drained, or has failed is cut, so that it never
// looks complete. A clean end means that the topic was closed, and says so first. A
// WebSocket is closed with a code: 1000 is that clean end, 1008 says that it was slow, kicked, or
// has expired, 1011 that the producer has failed, and 1012 that the client is to come back
// after the time in the last message. One that does not take its close frame within a second is cut.
//
// What a client says over a WebSocket is given to [Lease.OnMessage]. Without it a message
// of more than 4 KiB closes the WebSocket, and the others are thrown away, a hundred a second.
//
// # Costs
//
// A subscriber is the goroutine of its request, a channel for one wake-up, and a position. There is no
// queue, and a burst of a thousand events is one write. A topic without subscribers has no
// goroutine and no timer.
//
// An event wakes as many goroutines as there are processors, which write for all
// subscribers of HTTP/1.1, one after the other. A client that keeps such a goroutine waiting
// for more than a millisecond is left to it, and another takes its place. So the body of
// a stream yields from several goroutines, one at a time, as any body may: a middleware
// that wraps it must not depend on being called by the goroutine of the request.
package topic
