package topic

// Stats are what a topic has done since it was made, and what it has now.
type Stats struct {
	// Subscribers is the number of open streams, of all transports.
	Subscribers int
	// Transports is the same for each: "sse", "ndjson".
	Transports map[string]int
	// Joined is how many streams there ever were.
	Joined uint64
	// Published is how many events this topic has published.
	Published uint64
	// Ends is how many streams have ended for each reason.
	Ends map[Reason]uint64
	// MaxLag is how many bytes the slowest subscriber is behind, of those that have
	// caught up once.
	MaxLag int64
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
		if lag, known := t.feed.Lag(&s.cursor); known {
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
