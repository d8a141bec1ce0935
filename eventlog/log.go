package eventlog

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// The errors of a [Log] and of [Logs].
var (
	// ErrClosed is returned by an append to a log that has been closed.
	ErrClosed = errors.New("eventlog: the log is closed")
	// ErrTooLarge is returned by an append of a record that the log can never hold.
	ErrTooLarge = errors.New("eventlog: the record is too large")
	// ErrDeleted is returned by each method of a log that has been deleted, also if
	// there is another log under its name by now.
	ErrDeleted = errors.New("eventlog: the log has been deleted")
	// ErrNotFound is returned by [Logs] when there is no log under the name.
	ErrNotFound = errors.New("eventlog: there is no such log")
	// ErrExists is returned by [Logs.Create] when the name is taken.
	ErrExists = errors.New("eventlog: there is such a log already")
	// ErrRevision is returned by [Logs] when the attributes have another revision
	// than the one that was expected.
	ErrRevision = errors.New("eventlog: the attributes have been changed by somebody else")
)

// A ConflictError is returned by an append that expected another tail. Nothing has
// been appended.
type ConflictError struct {
	Tail Offset // the log's tail
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("eventlog: the tail is %s, and not the expected one", e.Tail)
}

// A Record is what one append has added: atomic and immutable.
type Record struct {
	// Seq is the record's place. It ascends, and need not be consecutive: a
	// compacted log leaves numbers out. The log sets it.
	Seq uint64
	// Time is when the record was appended. The log sets it.
	Time time.Time
	// Key is what the record tells the latest of: in a log that is compacted, it
	// supersedes the record before it with the same key. Empty means none.
	Key string
	// Meta is what the layer above the log keeps beside the data: an event's type, a
	// producer's id, epoch and number, or how a run ended.
	Meta []byte
	Data []byte
}

// Size is the number of bytes for which a record counts towards limits: those of
// its key, Meta and Data.
func (r *Record) Size() int { return len(r.Key) + len(r.Meta) + len(r.Data) }

// Closing says whether an append closes the log.
type Closing int

const (
	// StayOpen appends the record, and the log stays as it is.
	StayOpen Closing = iota
	// CloseAfter appends the record as the last one, in one step.
	CloseAfter
	// CloseOnly closes the log and appends nothing: the tail stays as it was. Only
	// the record's Meta is used. A log that is closed already says [ErrClosed].
	CloseOnly
)

// AppendOptions are the conditions of an append. The zero value is an append
// without any.
type AppendOptions struct {
	// Expect is the tail at which the append is to be made; at any other it fails
	// with a *[ConflictError]. The zero offset expects nothing.
	Expect Offset
	// Close says whether the append closes the log. Its record's Meta stays as
	// [Page.End] and [State.End].
	Close Closing
}

// A Page is what a read has found. Its records are shared: they must not be changed.
type Page struct {
	Records []Record
	// Next is the offset to read on from: the log's tail if there is nothing more to
	// read now, else that of the last record. Both are the same unless the last
	// appends are superseded or lost.
	Next Offset
	// Gap says that records after the offset that was read from are lost: the
	// retention took them, or the offset is none of this log's. The records are then
	// those that are left after the offset, or, if it is none of this log's, all that
	// are left. What was superseded when it went is no gap.
	Gap bool
	// First is what [State.First] is at the moment of the read, if Gap is set. In a log
	// that is compacted there may be records before it, so that several pages in a row
	// have a gap: they tell of one loss as long as First is the same.
	First Offset
	// Closed says that nothing will ever follow Next.
	Closed bool
	// End is the Meta of the append that closed the log, if Closed is set.
	End []byte
}

// A State is what a log is at a moment. Its bytes are shared: they must not be changed.
type State struct {
	// First is the earliest offset from which a read has no gap. In a log that is
	// compacted, there may be records before it.
	First Offset
	// Tail is the offset of the last append, in an empty log the one at which it
	// began. It is never zero.
	Tail Offset
	// Closed says that nothing is appended any more; End is the Meta of the append
	// that closed the log.
	Closed bool
	End    []byte
	// Attributes and Revision are those of [Logs.Update].
	Attributes []byte
	Revision   uint64
}

// A Log is an append-only sequence of records, safe for concurrent use. It stores,
// and does not fan out: see [Feed].
//
// Package logtest judges an implementation.
type Log interface {
	// Append adds a record, and returns the tail, which is the record's offset. The
	// record's bytes are the caller's again when Append has returned.
	//
	// It fails with [ErrDeleted], a *[ConflictError], [ErrClosed] or [ErrTooLarge],
	// and then nothing has been appended. They are looked for in this order, so that
	// whoever lost a race against a close learns where the tail is. After a
	// context's error, and after any other, the outcome is unknown: an append that
	// must not be made twice is tried again with an expected tail.
	Append(ctx context.Context, record Record, options AppendOptions) (Offset, error)

	// Read returns the records after an offset: as many as have limit bytes
	// together (see [Record.Size]), and at least one if there is any. If these are more
	// than a thousand, it may return the first thousand. [Page.Next] says where to go on.
	// It never waits for an append. An offset that is not in the log is a gap: see
	// [Page.Gap]. It fails with [ErrDeleted].
	Read(ctx context.Context, after Offset, limit int) (Page, error)

	// State returns the log's first and last offset, and whether it is closed. It fails
	// with [ErrDeleted].
	State(ctx context.Context) (State, error)

	// Watch calls changed after each append, after the close and after the deletion,
	// or once for several of them: a read in a call finds all that it reports. Calls
	// may come from any goroutine, and from several at once. No lock is held then, and
	// changed may call the log; it must not wait. What happened before Watch has
	// returned may go unreported, and a log that has been deleted has nothing to
	// report any more. After stop has returned no further call begins; one that is
	// under way in another goroutine may still run. Stop may be called more than once,
	// also by changed.
	Watch(changed func()) (stop func())
}

// CreateOptions are what a log begins with. The zero value is an empty, open log.
type CreateOptions struct {
	// Attributes are the first ones; see [Logs.Update].
	Attributes []byte
	// Start is the offset at which the log begins, for a fork, which counts on in the
	// epoch of its source. The zero offset begins at 0 in an epoch of the log's own,
	// greater than that of any log that had the name before.
	Start Offset
	// Records are appended in the same step, so that nobody sees the log without them.
	Records []Record
	// Closed creates the log closed, with End as what [State.End] says.
	Closed bool
	End    []byte
}

// Logs are logs by name, safe for concurrent use. Each method is one atomic step. Any
// printable text of up to 200 bytes can be a name, and names that differ in a byte are
// different.
//
// Package logtest judges an implementation.
type Logs interface {
	// Create makes a log. It fails with [ErrExists] or [ErrTooLarge], and then there
	// is no new one.
	Create(ctx context.Context, name string, options CreateOptions) (Log, error)
	// Open returns the log under a name. It fails with [ErrNotFound].
	Open(ctx context.Context, name string) (Log, error)
	// Update replaces the attributes of a log, which are the caller's own affair, if
	// they have the revision that is expected; 0 expects nothing. It returns the new
	// revision, and fails with [ErrNotFound] or [ErrRevision]. Each revision is greater
	// than those before it, also than those of a log that had the name before: what
	// was expected of that one is not met by another.
	Update(ctx context.Context, name string, revision uint64, attributes []byte) (uint64, error)
	// Delete removes a log, if its attributes have the revision that is expected; 0
	// expects nothing. Those who still have the log are told [ErrDeleted]. It fails
	// with [ErrNotFound] or [ErrRevision].
	Delete(ctx context.Context, name string, revision uint64) error
}
