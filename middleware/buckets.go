package middleware

import (
	"hash/maphash"
	"sync"
	"time"
)

// buckets are token buckets, one a key, in bounded memory. They are safe for concurrent
// use.
//
// A bucket is kept as the time at which it will be full again (the generic cell rate
// algorithm): one number, which needs no timer. A bucket that is full is the same as one
// that is not there.
//
// There are two generations of them. What is used moves to the young one; when that has
// half of the keys, or is as old as a bucket takes to fill, the old one is dropped and
// the young one becomes old. So what was used least recently goes first, or is full.
type buckets struct {
	interval time.Duration // in which one token comes back
	window   time.Duration // in which all do
	half     int           // how many keys a generation has at most
	seed     maphash.Seed  // so that nobody outside can choose keys that collide
	start    time.Time

	mutex      sync.Mutex
	young, old map[uint64]time.Duration // when the bucket is full, from the start
	since      time.Duration            // when the young generation began
}

// A taking is what came of an attempt to take a token.
type taking struct {
	ok    bool
	left  int           // tokens after it
	reset time.Duration // until all are back
	retry time.Duration // until the next one, if there was none
}

func newBuckets(tokens int, per time.Duration, keys int) *buckets {
	interval := per / time.Duration(tokens)
	return &buckets{
		interval: interval,
		window:   interval * time.Duration(tokens),
		half:     max(1, keys/2),
		seed:     maphash.MakeSeed(),
		start:    time.Now(),
		young:    make(map[uint64]time.Duration),
	}
}

// take takes a token from the bucket of a key.
func (b *buckets) take(key string) taking {
	hash := maphash.String(b.seed, key)
	b.mutex.Lock()
	defer b.mutex.Unlock()
	now := time.Since(b.start)
	full := max(now, b.find(hash, now))
	if free := now + b.window - b.interval; full > free {
		return taking{reset: full - now, retry: full - free}
	}
	full += b.interval
	b.young[hash] = full
	return taking{ok: true, left: int((b.window - (full - now)) / b.interval), reset: full - now}
}

// find returns when a bucket will be full, and has it in the young generation unless it
// was in neither.
func (b *buckets) find(hash uint64, now time.Duration) time.Duration {
	full, young := b.young[hash]
	known := young
	if !young {
		full, known = b.old[hash] // before it may be dropped
	}
	if now-b.since >= b.window || !young && len(b.young) >= b.half {
		b.old, b.young, b.since = b.young, make(map[uint64]time.Duration), now
	}
	if known {
		b.young[hash] = full
	}
	return full
}
