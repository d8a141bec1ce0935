package topic

import (
	"log/slog"
	"math"
)

// Stats are what a topic has done since it was made, and what it has now.
type Stats struct {
	// Subscribers is the number of open streams, of all transports.
	Subscribers int
	// Transports is the same for each: "sse", "ndjson", "websocket".
	Transports map[string]int
	// Joined is how many streams there ever were.
	Joined uint64
	// Published is how many events this topic has published.
	Published uint64
	// Ends is how many streams have ended for each reason.
	Ends map[Reason]uint64
	// MaxLag is how many bytes the slowest subscriber is behind, of those that have
	// caught up once, and are not among the lost.
	MaxLag int64
	// Lost is how many subscribers are so far behind that they must read from the log, or
	// have a gap. They come back to the others, or are cut: see [Options.Slow].
	Lost int
}

// Stats returns the topic's figures. It looks at each subscriber.
func (t *Topic) Stats() Stats {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	stats := Stats{
		Subscribers: len(t.subscribers),
		Transports:  make(map[string]int),
		Joined:      t.joined,
		Published:   t.published.Load(),
		Ends:        make(map[Reason]uint64),
	}
	for _, s := range t.subscribers {
		stats.Transports[s.format.name()]++
		switch lag, known := t.feed.Lag(&s.cursor); {
		case known && lag == math.MaxInt64:
			stats.Lost++
		case known:
			stats.MaxLag = max(stats.MaxLag, lag)
		}
	}
	for reason, count := range t.ends {
		if count > 0 {
			stats.Ends[Reason(reason)] = count
		}
	}
	return stats
}

// describe says how far a subscriber is behind, to those who look at the streams of the
// application: see [bare.Stream.Describe].
func (s *subscriber) describe() []slog.Attr {
	attrs := []slog.Attr{slog.String("transport", s.format.name())}
	if s.lease.Key != "" {
		attrs = append(attrs, slog.String("key", s.lease.Key))
	}
	switch lag, known := s.topic.lagOf(s); {
	case known && lag == math.MaxInt64:
		attrs = append(attrs, slog.String("lag", "lost"))
	case known:
		attrs = append(attrs, slog.Int64("lag", lag))
	}
	return attrs
}

// lagOf asks the feed about a subscriber, if it has not left.
func (t *Topic) lagOf(s *subscriber) (bytes int64, known bool) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if s.place >= len(t.subscribers) || t.subscribers[s.place] != s {
		return 0, false
	}
	return t.feed.Lag(&s.cursor)
}
