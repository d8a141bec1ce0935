package topic

import (
	"cmp"
	"log/slog"
	"time"

	"github.com/bare-go/bare/eventlog"
	"github.com/bare-go/bare/sse"
)

// The defaults of [Options].
const (
	DefaultBytes    = 4 << 20
	DefaultMaxLag   = DefaultBytes / 2
	DefaultRetry    = 3 * time.Second
	DefaultSpread   = 10 * time.Second
	DefaultPollTime = 25 * time.Second
)

// A SlowPolicy says what happens to a subscriber that is too far behind.
type SlowPolicy int

const (
	// Disconnect cuts the response of a subscriber whose lag is over [Options.MaxLag] and
	// does not shrink, within seconds. It comes back, and resumes without a gap. A
	// subscriber that has begun with such a lag has some more time to catch up.
	Disconnect SlowPolicy = iota
	// DropOldest leaves the subscriber connected. What the log has lost in the meantime
	// is announced with a gap event.
	DropOldest
)

// Options are what a topic can choose. Each has a default, so that the zero value is
// useful.
type Options struct {
	// Log keeps the events. The default is a log in memory, with the limits of Memory: it
	// ends with the process. A topic does not delete its log, and others may append to it.
	Log eventlog.Log
	// Memory has the limits of the default log: [DefaultBytes] of events, unless its Bytes
	// says otherwise, a Record of at most 1 MiB, and so on. Compact is what Conflate says.
	Memory eventlog.MemoryOptions

	// Conflate has an event supersede the one before it that has the same key. A
	// subscriber that is behind is sent the latest event of each key, and what it has
	// skipped is no gap. With a Log of your own it says that this log is compacted.
	Conflate bool

	// Replay has a client that names no position begin with all that the log has, rather
	// than with what is published from now on: in a topic that conflates, with the latest
	// event of each key.
	Replay bool

	// Slow says what happens to a subscriber that is too far behind.
	Slow SlowPolicy
	// MaxLag is how many bytes a subscriber may be behind, as they go over the wire. It
	// is at most half of the bytes that the log in memory keeps, so that a subscriber that is
	// disconnected can come back without a gap, unless [eventlog.MemoryOptions.Age] comes first. Half of the log's Records
	// is the same limit by number. That is the default, too; with a Log of
	// your own it is [DefaultMaxLag]. In a topic that conflates there is no such limit, as
	// a subscriber that is behind has less to catch up with: there only a gap is too slow.
	MaxLag int

	// KeepAlive is the longest silence of a stream. Then it is sent a comment, in NDJSON
	// an empty line, and over a WebSocket the message {}, as pages see no pings. 0 means [sse.DefaultKeepAlive], 15 s; a negative one that
	// nothing is sent.
	KeepAlive time.Duration
	// Retry is how long an EventSource waits before it reconnects. It is told at the
	// beginning of a stream, and of a WebSocket, whose page must do so itself. 0 means [DefaultRetry], a negative one that it is not told.
	Retry time.Duration
	// Spread is the longest time over which the subscribers come back that a drain or a stop
	// of the server has ended: each is told a Retry of its own, longer by up to a second,
	// and by a millisecond more for each subscriber, but at most by Spread. 0 means
	// [DefaultSpread], a negative one none.
	Spread time.Duration
	// EndCleanly has a drain and a stop of the server end streams cleanly, rather than
	// with a cut. Some clients that use fetch take a clean end for the end of the
	// stream, and never come back. WebSockets are closed with 1012 in any case.
	EndCleanly bool

	// PollTime is how long a long poll waits. 0 means [DefaultPollTime].
	PollTime time.Duration

	// StreamsPerKey limits how many streams and long polls there may be for one
	// [Lease.Key]. The next one is answered with 429, at which an EventSource gives up: the
	// page may make a new one later. A page with a WebSocket is told 1006 only. 0 means no limit.
	StreamsPerKey int

	// OnEnd is told of each stream that has ended, in the goroutine that served it. It
	// may be called by several goroutines at once.
	OnEnd func(End)
	// Logger is told of the same ends, at the level of debugging. nil means that nothing is
	// logged.
	Logger *slog.Logger
}

// setDefaults fills in what was not chosen.
func (o *Options) setDefaults() {
	o.Memory.Bytes = cmp.Or(o.Memory.Bytes, DefaultBytes)
	o.Memory.Compact = o.Conflate
	half := DefaultMaxLag
	if o.Log == nil && o.Memory.Bytes > 0 {
		half = o.Memory.Bytes / 2
	}
	if o.MaxLag <= 0 || o.Log == nil && o.Memory.Bytes > 0 && o.MaxLag > half {
		o.MaxLag = half
	}
	if o.Log != nil {
		o.Memory.Records = -1 // nobody knows how many it keeps
	} else {
		o.Memory.Records = cmp.Or(o.Memory.Records, eventlog.DefaultRecords)
		o.Log = eventlog.NewMemory(o.Memory)
	}
	o.KeepAlive = cmp.Or(o.KeepAlive, sse.DefaultKeepAlive)
	o.Retry = max(cmp.Or(o.Retry, DefaultRetry), 0)
	o.Spread = max(cmp.Or(o.Spread, DefaultSpread), 0)
	if o.PollTime <= 0 {
		o.PollTime = DefaultPollTime
	}
}
