package longpoll

import (
	"math/rand/v2"
	"strconv"
	"time"
)

// The intervals that cursors count (section 10.1).
const (
	interval = 20 * time.Second
	jitter   = time.Hour // by which a cursor that is not behind is moved on
)

// maxCursor is the greatest cursor that a client may hand in: what JavaScript holds
// exactly. Nothing is lost with one that is greater; its cache key ends there.
const maxCursor = 1<<53 - 1

// epoch is when the first interval began.
func epoch() time.Time { return time.Date(2024, time.October, 9, 0, 0, 0, 0, time.UTC) }

// NextCursor returns the cursor for an answer to a client that has handed in the
// given one, "" for none. It is the number of the current interval, so that clients
// which ask for the same have the same address and caches answer them together. It
// is always greater than the given one: otherwise a cache could answer a client with
// the same response for ever. What is no cursor counts as none.
func NextCursor(given string, now time.Time) string {
	current := max(0, int64(now.Sub(epoch())/interval))
	if last, err := strconv.ParseInt(given, 10, 64); err == nil && last >= current && last <= maxCursor {
		current = last + 1 + rand.Int64N(int64(jitter/interval)) //nolint:gosec // it spreads clients, and keeps no secret
	}
	return strconv.FormatInt(current, 10)
}
