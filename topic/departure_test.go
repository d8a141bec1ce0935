package topic_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/eventlog"
	"github.com/bare-go/bare/topic"
)

// A peopledLog counts those who watch it, and can have something happen between a read that
// finds nothing and its return.
type peopledLog struct {
	*eventlog.Memory

	watchers  atomic.Int32
	meanwhile atomic.Pointer[func()] // happens once
}

func (l *peopledLog) Watch(changed func()) (stop func()) {
	l.watchers.Add(1)
	inner := l.Memory.Watch(changed)
	return func() {
		l.watchers.Add(-1)
		inner()
	}
}

func (l *peopledLog) Read(ctx context.Context, after eventlog.Offset, limit int) (eventlog.Page, error) {
	page, err := l.Memory.Read(ctx, after, limit)
	if len(page.Records) == 0 {
		if happen := l.meanwhile.Swap(nil); happen != nil {
			(*happen)()
		}
	}
	return page, err
}

func TestATopicWithoutReadersLetsGoOfItsLog(t *testing.T) {
	for _, path := range []string{"/events", "/events?live=long-poll", "a view"} {
		t.Run(path, func(t *testing.T) {
			log := &peopledLog{Memory: eventlog.NewMemory(eventlog.MemoryOptions{})}
			overHTTP1(t, topic.Options{Log: log, PollTime: time.Minute}, func(t *testing.T, s *site) {
				var leave func()
				if path == "a view" {
					leave = topic.NewView(s.topic, 0, sum).Close
				} else {
					polled := make(chan struct{})
					go func() {
						defer close(polled)
						stream := s.get(path)
						time.Sleep(time.Second)
						stream.Close()
					}()
					leave = func() { <-polled }
				}
				synctest.Wait()
				if got := log.watchers.Load(); got != 1 {
					t.Errorf("%d watch the log, want 1", got)
				}
				leave()
				synctest.Wait()
				if got := log.watchers.Load(); got != 0 {
					t.Errorf("%d still watch the log", got)
				}
			})
		})
	}
}

func TestALongPollGivesItsPlaceBack(t *testing.T) {
	eachProtocol(t, topic.Options{StreamsPerKey: 1, PollTime: time.Second}, func(t *testing.T, s *site) {
		for range 3 {
			if got := s.status("GET", "/of/ann?live=long-poll"); got != 204 {
				t.Errorf("a poll is answered with %d, want 204", got)
			}
			synctest.Wait()
		}
	})
}

// TestALongPollLeavesNothingBehind: neither who waited, nor whose it was. Nothing is
// published, which would wake those who were left behind.
func TestALongPollLeavesNothingBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const count = 5000
		prices := topic.New(topic.Options{PollTime: 1, StreamsPerKey: 1})
		heap := func() uint64 {
			var stats runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&stats)
			return stats.HeapAlloc
		}
		poll := func(key string) {
			request := bare.NewHttpRequest(baretest.NewRequest("GET", "/?live=long-poll", nil).Scope)
			if got := prices.Serve(request, topic.Lease{Key: key}).Status; got != 204 {
				t.Errorf("a poll is answered with %d, want 204", got)
			}
			request.Finish(bare.End{})
		}
		// A stream that stays keeps the feed from beginning anew, which would wake them as well.
		staying := bare.NewHttpRequest(baretest.NewRequest("GET", "/", nil).Scope)
		over := make(chan error)
		go func() { over <- bare.RunBody(prices.Handle(staying).Body, func([]byte) bool { return true }) }()
		poll("somebody")
		synctest.Wait()
		before := heap()
		for i := range count {
			poll(fmt.Sprintf("user %0100d", i))
		}
		if after := heap(); after > before+50*count {
			t.Errorf("a poll leaves %d bytes behind", (after-before)/count)
		}
		staying.Cut(nil)
		if err := <-over; !errors.Is(err, bare.ErrCut) {
			t.Errorf("the stream that stayed ended with %v", err)
		}
		staying.Finish(bare.End{})
	})
}

// TestALongPollSeesWhatComesBeforeItWaits: the event comes when the poll has found nothing,
// and has not entered itself among those who wait.
func TestALongPollSeesWhatComesBeforeItWaits(t *testing.T) {
	log := &peopledLog{Memory: eventlog.NewMemory(eventlog.MemoryOptions{})}
	overHTTP1(t, topic.Options{Log: log}, func(t *testing.T, s *site) {
		s.get("/events", "accept", "application/x-ndjson").Line() // so that all is encoded by now
		synctest.Wait()
		happen := func() {
			s.publish("one")
			time.Sleep(time.Millisecond) // the other stream is told
		}
		log.meanwhile.Store(&happen)
		begin := time.Now()
		if answer := poll(s.get("/events?live=long-poll")); !strings.HasPrefix(answer, "200 ") {
			t.Errorf("the poll is answered with %q", answer)
		}
		if took := time.Since(begin); took > time.Second {
			t.Errorf("it waited for %v", took)
		}
	})
}

// TestAnEndThatNobodyHasHeardIsTheClientsLeaving: the topic was finished, but the client has
// left before it could be told.
func TestAnEndThatNobodyHasHeardIsTheClientsLeaving(t *testing.T) {
	for _, refuses := range []bool{false, true} {
		t.Run(fmt.Sprint("refused: ", refuses), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				reason := topic.Failed
				prices := topic.New(topic.Options{OnEnd: func(end topic.End) { reason = end.Reason }})
				request := bare.NewHttpRequest(baretest.NewRequest("GET", "/", nil).Scope)
				response := prices.Handle(request)
				if err := prices.Close(t.Context()); err != nil {
					t.Fatal(err)
				}
				end := bare.End{}
				end.Err = bare.RunBody(response.Body, func(chunk []byte) bool {
					return !refuses || !strings.Contains(string(chunk), "event: done")
				})
				request.Finish(end)
				want := topic.Finished
				if refuses {
					want = topic.ClientGone
				}
				if reason != want {
					t.Errorf("it ended as %v, want %v", reason, want)
				}
			})
		})
	}
}
