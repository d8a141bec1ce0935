package eventlog

import (
	"math"
	"time"
)

// The defaults of [MemoryOptions].
const (
	DefaultBytes       = 16 << 20
	DefaultRecords     = 1 << 16
	DefaultRecordBytes = 1 << 20
	DefaultKeys        = 1 << 16
)

// NoLimit switches a limit of [MemoryOptions] off.
const NoLimit = -1

// MemoryOptions are the limits of a log in memory. The zero value has the default
// ones; [NoLimit], as any negative value, is none.
//
// What is over a limit is lost, the oldest first, and a read from before it says so:
// see [Page.Gap]. The record that has just been appended stays, whatever the limits.
type MemoryOptions struct {
	// Bytes limits what the records have together (see [Record.Size]). Each also takes
	// about 110 bytes that are not counted. The default is 16 MiB.
	Bytes int
	// Records limits their number. The default is 65,536.
	Records int
	// Age limits how long a record is kept. It is looked at when the log is used: one
	// that nobody uses keeps what it has. A [Feed] needs to know it: see
	// [FeedOptions.Age]. The default is no limit.
	Age time.Duration
	// RecordBytes limits a single record. The default is 1 MiB. A record that is
	// larger than Bytes is too large as well.
	RecordBytes int

	// Compact makes an append supersede the record before it that has the same key. A
	// superseded record is gone at once, which is no gap: a reader who has not had it
	// gets the latest one.
	//
	// A record with a key is then kept until it is superseded, whatever its age and
	// the number of records: Records and Age are for those without a key. Keys limits
	// the others; the key that was appended to least recently goes first. Bytes is for
	// either kind on its own, so both together have at most twice as much.
	Compact bool
	// Keys limits the number of keys in a log that is compacted. The default is 65,536.
	Keys int
}

// withDefaults returns the options with every limit set, none being the greatest
// number that there is.
func (o MemoryOptions) withDefaults() MemoryOptions {
	o.Bytes = orDefault(o.Bytes, DefaultBytes)
	o.Records = orDefault(o.Records, DefaultRecords)
	o.RecordBytes = min(orDefault(o.RecordBytes, DefaultRecordBytes), o.Bytes)
	o.Keys = orDefault(o.Keys, DefaultKeys)
	o.Age = max(o.Age, 0)
	return o
}

func orDefault(limit, otherwise int) int {
	switch {
	case limit < 0:
		return math.MaxInt
	case limit == 0:
		return otherwise
	}
	return limit
}
