package topic_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/topic"
)

// follow runs a stream of a topic with a yield of the test's own, which is called for its
// events only. The channel is closed when the goroutine that runs the body ends.
func follow(t *testing.T, prices *topic.Topic, yield func() bool) (failed *error, over <-chan struct{}) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	request := bare.NewHttpRequest(httptest.NewRequestWithContext(ctx, "GET", "/", nil))
	response := prices.Handle(request)
	ended := make(chan struct{})
	failed = new(error)
	go func() {
		defer close(ended)
		defer request.Finish(bare.End{})
		*failed = bare.RunBody(response.Body, func(chunk []byte) bool {
			return !strings.Contains(string(chunk), "data:") || yield()
		})
	}()
	synctest.Wait()
	return failed, ended
}

// delays has a stream whose client reads, and returns a function that publishes an event
// and tells after how long that client has it.
func delays(t *testing.T, prices *topic.Topic) func() time.Duration {
	t.Helper()
	got := make(chan time.Time, 100)
	follow(t, prices, func() bool { got <- time.Now(); return true })
	return func() time.Duration {
		begin := time.Now()
		if _, err := prices.Publish(t.Context(), topic.Event{Data: []byte("1")}); err != nil {
			t.Fatal(err)
		}
		return (<-got).Sub(begin)
	}
}

func TestClientsThatTakeNothingHoldUpTheOthersForMomentsAndOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		prices := topic.New(topic.Options{})
		release := make(chan struct{})
		defer close(release)
		for range 300 {
			follow(t, prices, func() bool { <-release; return true })
		}
		delay := delays(t, prices)
		if got := delay(); got > 20*time.Millisecond {
			t.Errorf("the client that reads has the first event after %v", got)
		}
		time.Sleep(10 * time.Millisecond)
		if got := delay(); got != 0 {
			t.Errorf("the client that reads has the second event after %v", got)
		}
	})
}

func TestSlowClientsHoldUpTheOthersOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		prices := topic.New(topic.Options{})
		for range 2 * runtime.GOMAXPROCS(0) {
			follow(t, prices, func() bool { time.Sleep(100 * time.Millisecond); return true })
		}
		for i := range 10 {
			// The one that has come last is the last in the queue.
			got := delays(t, prices)()
			if i == 0 && got > 5*time.Millisecond || i > 0 && got != 0 {
				t.Errorf("the client that reads has event %d after %v", i+1, got)
			}
			time.Sleep(time.Second)
		}
	})
}

func TestAPanicOfAYieldIsThatOfItsStreamAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		prices := topic.New(topic.Options{})
		fault := errors.New("the writer's own")
		var failures []*error
		for range 2 * runtime.GOMAXPROCS(0) {
			failed, _ := follow(t, prices, func() bool { panic(fault) })
			failures = append(failures, failed)
		}
		delay := delays(t, prices)
		for range 3 {
			if got := delay(); got != 0 {
				t.Errorf("another client has its event after %v", got)
			}
			synctest.Wait()
		}
		for _, failed := range failures {
			if !errors.Is(*failed, fault) {
				t.Errorf("the body failed with %v, want the panic", *failed)
			}
		}
	})
}

func TestAYieldThatEndsItsGoroutineEndsThatOfItsStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		prices := topic.New(topic.Options{})
		var ends []<-chan struct{}
		for range 2 * runtime.GOMAXPROCS(0) {
			_, ended := follow(t, prices, func() bool { runtime.Goexit(); return true })
			ends = append(ends, ended)
		}
		delay := delays(t, prices)
		for range 3 {
			if got := delay(); got != 0 {
				t.Errorf("another client has its event after %v", got)
			}
		}
		for _, ended := range ends {
			<-ended
		}
		if got := prices.Stats().Subscribers; got != 1 {
			t.Errorf("there are %d subscribers, want the one that is left", got)
		}
	})
}
