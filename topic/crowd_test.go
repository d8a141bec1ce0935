package topic_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/eventlog"
	"github.com/bare-go/bare/topic"
)

// TestACrowdComesAndGoesAndMissesNothingUnannounced has many clients that read for a
// while, leave in the middle of whatever comes, and come back for more, while events are
// published faster than some of them return.
func TestACrowdComesAndGoesAndMissesNothingUnannounced(t *testing.T) {
	for _, protocol := range baretest.Protocols() {
		clients, events := 10_000, 100_000
		if testing.Short() || raceDetector {
			clients, events = 1_000, 10_000
		}
		if protocol != baretest.HTTP1 {
			clients, events = 200, 2_000
		}
		t.Run(protocol.String(), func(t *testing.T) { crowd(t, protocol, clients, events) })
	}
}

func crowd(t *testing.T, protocol baretest.Protocol, clients, events int) {
	t.Helper()
	const present = 50 // at a time
	options := topic.Options{Memory: eventlog.MemoryOptions{Records: 2_000}, Slow: topic.DropOldest}
	onSite(t, protocol, options, func(t *testing.T, s *site) {
		var gaps, received atomic.Int64
		var readers sync.WaitGroup
		turnstile := make(chan struct{}, present)
		published := make(chan struct{})
		go func() {
			defer close(published)
			for range events / 100 {
				for range 100 {
					s.publish("a message of a usual length, so that chunks end anywhere in an event")
				}
				time.Sleep(time.Millisecond)
			}
		}()
		for n := range clients {
			turnstile <- struct{}{}
			readers.Go(func() {
				defer func() { <-turnstile }()
				random := rand.New(rand.NewPCG(7, uint64(n)))
				c := client{site: s}
				for range 2 {
					c.read(1 + random.IntN(2*events*present/clients/2))
					time.Sleep(time.Duration(random.IntN(40)) * time.Millisecond)
				}
				gaps.Add(int64(c.gaps))
				received.Add(int64(c.received))
			})
		}
		readers.Wait()
		<-published
		t.Logf("%d events reached %d clients %d times, with %d gaps", events, clients, received.Load(), gaps.Load())
		if gaps.Load() == 0 && events > 2*2_000 {
			t.Error("nobody had a gap: the test wants some")
		}
	})
}

// A client follows a topic as an EventSource does, and checks that it misses nothing.
type client struct {
	site           *site
	last           string // the id of the last event
	seq            uint64 // its number
	received, gaps int
}

// read opens a stream, and leaves after some events, or when none came for a while, as
// after the last one.
func (c *client) read(count int) {
	t := c.site.t
	path := "/events"
	if c.last != "" {
		path += "?last-event-id=" + c.last
	}
	stream := c.site.get(path)
	defer stream.Close()
	leaving := time.AfterFunc(100*time.Millisecond, stream.Close)
	defer leaving.Stop()
	kind, id, data := "", "", ""
	for got := 0; got < count; {
		line := stream.Line()
		if !strings.HasSuffix(line, "\n") {
			return
		}
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch name {
		case "event":
			kind = value
		case "id":
			id = value
		case "data":
			data = value
		case "":
			if !c.event(kind, id, data) {
				t.Errorf("after %s came the %s event %s with %q", c.last, kind, id, data)
				return
			}
			c.last = id
			if data != "" {
				got++
			}
			kind, data = "", ""
		}
	}
}

// event takes an event, and reports whether it is the one that has to come.
func (c *client) event(kind, id, data string) bool {
	offset, err := eventlog.ParseOffset(id)
	if err != nil {
		return false
	}
	before, first := c.seq, c.last == ""
	c.seq = offset.Seq
	switch {
	case first:
		return kind == "" && data == "" // the beginning of the stream
	case kind == "gap":
		c.gaps++
		return offset.Seq > before && data == fmt.Sprintf(`{"from":%q,"to":%q}`, c.last, id)
	case data == "":
		return offset.Seq == before // it resumes
	}
	c.received++
	return kind == "" && offset.Seq == before+1
}
