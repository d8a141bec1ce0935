package topic_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/topic"
)

// leaving is how many clients there are when a server stops: so many that chance gives none of
// the figures below.
const leaving = 40

// sentAway ends the streams of many clients, and returns which retries they were told, and when
// they had ended, both in ascending order.
func sentAway(t *testing.T, s *site, end func() error) (retries []int, ends []time.Duration) {
	t.Helper()
	var mutex sync.Mutex
	var reading sync.WaitGroup
	streams := make([]*baretest.Stream, leaving)
	for i := range streams {
		streams[i] = s.follow()
	}
	begin := time.Now()
	for _, stream := range streams {
		reading.Go(func() {
			var retry int
			rest := stream.Rest()
			took := time.Since(begin)
			if _, err := fmt.Sscanf(rest, "retry: %d\n\n", &retry); err != nil {
				t.Errorf("the stream ended with %q", rest)
			}
			mutex.Lock()
			defer mutex.Unlock()
			retries, ends = append(retries, retry), append(ends, took)
		})
	}
	if err := end(); err != nil {
		t.Error(err)
	}
	reading.Wait()
	slices.Sort(retries)
	slices.Sort(ends)
	return retries, ends
}

func TestClientsAreToldToComeBackAtDifferentTimes(t *testing.T) {
	tests := []struct {
		name        string
		spread      time.Duration
		least, most int // of the retries, in milliseconds
		apart       int
	}{
		{"by default", 0, 3000, 13000, 500},
		{"over half a second", 500 * time.Millisecond, 3000, 3500, 250},
		{"without a spread", -1, 3000, 3000, 0},
	}
	for _, test := range tests {
		for _, drain := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, drain %v", test.name, drain), func(t *testing.T) {
				overHTTP1(t, topic.Options{Spread: test.spread}, func(t *testing.T, s *site) {
					end := s.server.Stop
					if drain {
						end = func() error { return s.topic.Drain(t.Context(), 0) }
					}
					retries, _ := sentAway(t, s, end)
					first, last := retries[0], retries[leaving-1]
					if first < test.least || last > test.most || last-first < test.apart {
						t.Errorf("the retries are from %d to %d ms, want from %d to %d, and %d apart",
							first, last, test.least, test.most, test.apart)
					}
				})
			})
		}
	}
}

// TestAStopEndsStreamsOneAfterTheOther: within a tenth of a millisecond for each stream, so
// that a server with few clients stops at once.
func TestAStopEndsStreamsOneAfterTheOther(t *testing.T) {
	overHTTP1(t, topic.Options{}, func(t *testing.T, s *site) {
		_, ends := sentAway(t, s, s.server.Stop)
		if apart := ends[leaving-1] - ends[0]; apart < time.Millisecond || apart > 5*time.Millisecond {
			t.Errorf("the streams ended within %v, want 4 ms", apart)
		}
		if ends[0] > time.Second {
			t.Errorf("the first ended after %v", ends[0])
		}
	})
}

func TestAStopWaitsForNoClientThatHasLeft(t *testing.T) {
	eachProtocol(t, topic.Options{}, func(t *testing.T, s *site) {
		const count = 100
		streams := make([]*baretest.Stream, count)
		for i := range streams {
			streams[i] = s.follow()
		}
		start := time.Now()
		if err := s.app.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		for _, stream := range streams {
			stream.Close()
		}
		if got := strings.Count(s.reasons(), "shutdown"); got != count {
			t.Errorf("%d of %d streams have ended", got, count)
		}
		if took := time.Since(start); took > 0 {
			t.Errorf("they took %v", took)
		}
	})
}
