package topic_test

import (
	"bytes"
	"context"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/eventlog"
	"github.com/bare-go/bare/topic"
)

// run runs a stream of a topic from an id, and gives its chunks to see.
func run(t *testing.T, prices *topic.Topic, id string, see func(chunk string)) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	request := bare.NewHttpRequest(httptest.NewRequestWithContext(ctx, "GET", "/?last-event-id="+id, nil))
	response := prices.Handle(request)
	go func() {
		defer request.Finish(bare.End{})
		_ = bare.RunBody(response.Body, func(chunk []byte) bool {
			see(string(chunk))
			return true
		})
	}()
}

// soon fails unless the channel is closed before a drain cuts what has not ended.
func soon(t *testing.T, told <-chan struct{}) {
	t.Helper()
	select {
	case <-told:
	case <-time.After(900 * time.Millisecond):
		t.Error("the client was not told when to come back")
	}
}

// TestAnOrderThatComesDuringAWriteIsObeyedAfterIt, whether the runner has gone on to others
// meanwhile or not.
func TestAnOrderThatComesDuringAWriteIsObeyedAfterIt(t *testing.T) {
	for name, lasts := range map[string]time.Duration{
		"a short write": time.Microsecond,
		"a long write":  100 * time.Millisecond,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				prices := topic.New(topic.Options{})
				told := make(chan struct{})
				run(t, prices, "now", func(chunk string) {
					if strings.Contains(chunk, "data:") {
						go func() { _ = prices.Drain(t.Context(), 0) }()
						time.Sleep(lasts)
					} else if strings.HasPrefix(chunk, "retry:") {
						close(told)
					}
				})
				synctest.Wait()
				_, _ = prices.Publish(t.Context(), topic.Event{Data: []byte("1")})
				soon(t, told)
			})
		})
	}
}

// A farLog answers its first reader beside the topic's own, and none after that.
type farLog struct {
	*eventlog.Memory

	reads atomic.Int32
}

func (l *farLog) Read(ctx context.Context, after eventlog.Offset, limit int) (eventlog.Page, error) {
	if limit < 64<<10 && l.reads.Add(1) > 1 { // the topic's own read is larger
		<-ctx.Done()
		return eventlog.Page{}, ctx.Err()
	}
	return l.Memory.Read(ctx, after, limit)
}

// TestAnOrderThatComesBeforeTheLogIsReadIsObeyed: it comes during the last turn of a runner,
// after which the subscriber's own goroutine waits for the log.
func TestAnOrderThatComesBeforeTheLogIsReadIsObeyed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &farLog{Memory: eventlog.NewMemory(eventlog.MemoryOptions{})}
		prices := topic.New(topic.Options{Log: log, MaxLag: 1, KeepAlive: time.Second})
		for range 20 {
			_, _ = prices.Publish(t.Context(), topic.Event{Data: bytes.Repeat([]byte("x"), 60<<10)})
		}
		silence, release, told := make(chan struct{}), make(chan struct{}), make(chan struct{})
		run(t, prices, "-1", func(chunk string) {
			switch {
			case strings.Contains(chunk, "data:"):
				time.Sleep(1500 * time.Millisecond) // until a keep-alive is due
			case chunk == ":\n\n":
				close(silence)
				<-release
			case strings.HasPrefix(chunk, "retry:"):
				close(told)
			}
		})
		<-silence
		go func() { _ = prices.Drain(t.Context(), 0) }()
		synctest.Wait() // the order has come
		close(release)
		soon(t, told)
	})
}
