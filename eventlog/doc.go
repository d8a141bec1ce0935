// Package eventlog keeps records in order, so that readers can come back to where
// they were.
//
// A log is a sequence of records. Producers append at its end, and each reader keeps
// its own position, an [Offset]. The log knows no readers: one that is slow, or away
// for an hour, costs nothing, and a thousand of them share the same bytes. That is
// what an event stream needs to be cut and continued without loss.
//
//	log := eventlog.NewMemory(eventlog.MemoryOptions{})
//	offset, err := log.Append(ctx, eventlog.Record{Data: []byte("42")}, eventlog.AppendOptions{})
//
// [Memory] is a log in memory, and [MemoryLogs] are many of them by name. Both are
// behind the interfaces [Log] and [Logs], which others can implement over a database
// or a message broker. The package imports only the standard library.
//
// # Offsets
//
// An [Offset] says: "I have had everything through this record." A read returns what
// comes after it, and the next offset:
//
//	for {
//		page, err := log.Read(ctx, offset, 64<<10)
//		// handle err, then page.Records
//		offset = page.Next
//	}
//
// The zero offset is the start of any log. An offset is written as a text of 33
// characters, which sorts as the offsets do. Send it to a client as the id of an
// event; when the client comes back with it, [ParseOffset] and Read continue exactly
// there.
//
// An offset has an epoch and a sequence number. A log that is created anew counts from
// 0 again, but in a greater epoch. So an offset of the log before it is recognised,
// and not taken for a place in the new one. A log in memory ends with its process:
// after a restart, every old offset is from another epoch.
//
// # Gaps
//
// A log may lose its oldest records. [Page.Gap] tells a reader who has missed some,
// because they are lost, or because its offset is from another epoch. It is set exactly
// if something is missing, so a reader that sees no gap has had everything. The page
// has what is left. The reader tells its user, or loads its state anew.
//
// # Waiting
//
// Read never waits. [Log.Watch] calls a function after each change, in the goroutine
// that made it, so the function does no more than wake the reader. The order matters:
// register first, then read to the end, then wait.
//
// # Many readers
//
// A program with thousands of readers of one log has a [Feed] of it. The feed watches the
// log once, encodes each record once, and hands the same bytes to all. A reader is a
// [Cursor], which asks without waiting, and a [Waiter], which is called when there is more.
// Neither needs a goroutine. Package [github.com/bare-go/bare/topic] is made of that.
//
// # Appending once
//
// When an append has failed with a context's error, nobody knows whether it was made.
// So say from the first try on which tail you expect, with [AppendOptions.Expect], and
// try again with the same. If the record is there already, the second append is
// refused with a [ConflictError]. Read what comes after the tail that you expected: it
// is your record, or another producer was faster. Of several appends that expect one
// tail, one is made.
//
// # Closing
//
// A stream that has an end is closed, with its last record or without one. Readers see
// [Page.Closed] on the page that reaches the end. Its End says how the stream ended,
// in bytes that are the producer's own.
//
// # Compaction
//
// Often only the latest value counts: the price of a share, the place of a cursor. In
// a log that is compacted, an append supersedes the record before it that has the same
// key. A reader who is behind skips what was superseded, and still gets the
// latest record of every key. A skip is no gap. Records that must all arrive have no
// key, and both kinds may be in one log.
//
// # Names and forks
//
// [Logs] are logs by name. Each has attributes, which are bytes of the caller's, and a
// revision, which changes with them, so that updates and deletes can be conditional.
//
// A fork is a log that begins at an offset of another one and counts on from there, in
// the same epoch: see [CreateOptions]. Up to that offset, the records are the
// source's. Whoever forks reads the two logs one after the other.
//
// # What is not here
//
// Records are bytes. Their meaning, as the type of an event or the number that a
// producer gave it, is for the layer above, which keeps it in [Record.Meta]. So is the
// protocol that clients speak.
//
// # A log of your own
//
// Implement [Log], and run the tests of package
// [github.com/bare-go/bare/eventlog/logtest], which hold what the documentation
// promises.
package eventlog
