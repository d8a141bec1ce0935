// Package durable serves streams that clients make, append to, and read, live or
// later: the Durable Streams protocol, version 1.0
// (https://github.com/durable-streams/durable-streams, PROTOCOL.md).
//
// A stream is an address. PUT makes it, POST appends to it, GET reads it from any
// offset, and goes on live if it is asked to, DELETE removes it. A client that was cut
// goes on where it was, and a producer that was cut appends again what it cannot know
// to have arrived: nothing is lost, and nothing is there twice. There are clients for
// many languages.
//
// This is a whole server:
//
//	package main
//
//	import (
//		"github.com/bare-go/bare"
//		"github.com/bare-go/bare/durable"
//	)
//
//	func main() {
//		app := bare.NewApplication()
//		durable.New(durable.Options{}).Register(app.Group("/v1/stream"))
//		bare.Main(app, "localhost:9009")
//	}
//
// And this is a client:
//
//	curl -X PUT -H 'Content-Type: text/plain' http://localhost:9009/v1/stream/greetings
//	curl -H 'Content-Type: text/plain' -d 'hello' http://localhost:9009/v1/stream/greetings
//	curl 'http://localhost:9009/v1/stream/greetings'
//	curl -N 'http://localhost:9009/v1/stream/greetings?offset=-1&live=sse'
//
// # Where streams live
//
// Each stream is a log of [Options.Logs]. Without it they are in memory, and end with
// the process: after a restart a client's offset is answered with 410, and its stream
// with 404 until somebody makes it again. The logs decide how much of a stream they
// keep. By default that is 16 MiB and 65,536 appends; what comes before has been
// dropped, and whoever asks for it is answered with 410. A read from the beginning
// has what is left.
//
// The handler itself remembers only what it can make anew from the logs, except when
// a stream was last used: the time of a Stream-TTL begins again with the process. With
// logs that outlive the process, a stream that nobody asks for is only removed when
// somebody does.
//
// The program itself may use [Handler.Create], [Handler.Append] and [Handler.Close]:
// to write what a model generates, say, while any number of clients read.
//
// # Reading live
//
// A long poll waits in its handler, and an event stream in its body. The bytes that
// all readers at the end of a stream are sent are encoded once. Nobody who appends
// waits for a reader. When the server stops, polls are answered and event streams end
// cleanly; their clients go on from the last offset that they had, on the next server.
// An event stream also ends after [Options.MaxSSE].
//
// A stream that is deleted ends its live reads, and so does its expiry. Live reads
// keep a stream with a Stream-TTL from expiring.
//
// # Writing once
//
// A producer with Producer-Id, Producer-Epoch and Producer-Seq may send an append
// again. It is compared with what the log has of the producer, and added on the
// condition that nothing has come since, so it is there once, whatever crashes. A
// stream remembers the [Options.MaxProducers] that have appended last. Stream-Seq is
// one order for all writers of a stream.
//
// # Forks
//
// A fork has its source's records up to an offset, without a copy, and goes on with
// its own. A part of an append (Stream-Fork-Sub-Offset) is copied. A source that is
// deleted is answered with 410, and stays for its forks. What the logs drop of it, the
// forks lose as well. At most 64 sources can be behind each other.
//
// # Access
//
// Everybody may do everything, unless [Options.Authorize] decides: set it. A stream's
// name is chosen by whoever makes it, and whoever may read a stream may fork it.
// Pages of any origin have access, without cookies; with cookies, only those of
// [Options.Origins].
//
// A program that trusts its clients less limits them with [Options.MaxStreams],
// [Options.MaxAppend], the limits of the logs, and [bare.Server.MaxConnections].
//
// # What clients are told
//
// The status and the headers are the protocol's. The text of an error is rendered as
// all errors of the application are: see [bare.Application.OnError]. Where the
// protocol leaves something open, or a client misbehaves:
//
//   - An offset of another stream under the same name, beyond the end or no longer
//     kept: 410. It says where to begin. What is no offset at all: 400.
//   - A query that cannot be parsed, a header that is there twice, a Producer-Id or
//     Stream-Seq that is empty or over 256 bytes, a name that is empty, over 200 bytes or
//     not printable: 400.
//   - An append that is too large: 413. Too many streams: 429.
//   - Text that is not UTF-8 is kept as it came. In an event stream clients cannot read
//     it, nor a letter that two appends have divided: such data is better called binary.
//   - A content type that differs only in its parameters is the same.
//   - A Stream-TTL beyond a hundred years counts as that.
//   - An answer at the end of an open stream that holds nothing has Cache-Control:
//     no-cache, so that no cache hides what comes.
//   - What was interrupted before the logs have answered: 503. It may have taken
//     effect: a producer sends it again.
//
// The reserved subscription APIs (sections 6 and 7 of the protocol) are not there.
package durable
