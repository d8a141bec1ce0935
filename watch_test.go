package bare_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

func TestNothingIsWatchedThatHasEnded(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := bodyOf(func(_ *bare.HttpRequest, yield func([]byte) bool) {
			yield([]byte("x"))
			time.Sleep(time.Millisecond) // just as the clock finds it due
		})
		server := serve(t, protocol, app)
		var clients sync.WaitGroup
		for range 20 {
			clients.Go(func() {
				for range 100 {
					server.Get("/").Rest()
				}
			})
		}
		clients.Wait()
		synctest.Wait()
		if got := bare.Watched(app); got != 0 {
			t.Errorf("%d of 2000 exchanges are watched for ever", got)
		}
	})
}

func TestTheWatchEndsAnOperationOrComesTooLate(t *testing.T) {
	t.Parallel()
	var w bare.Wait
	first := w.Begin()
	if _, stuck := w.Stuck(0, time.Second); stuck {
		t.Error("an operation is stuck at first sight")
	}
	if operation, stuck := w.Stuck(time.Second, time.Second); !stuck || operation != first {
		t.Error("an operation that lasts is not stuck")
	}
	if !w.End() {
		t.Error("an operation that nobody ended was ended")
	}
	second := w.Begin()
	if w.Expire(first) || w.Stalled() {
		t.Error("the next operation was ended in the place of the first")
	}
	if _, stuck := w.Stuck(2*time.Second, time.Second); stuck {
		t.Error("an operation is stuck as the one before it was")
	}
	if !w.Expire(second) || !w.Stalled() {
		t.Error("an operation under way was not ended")
	}
	if w.End() {
		t.Error("an operation that the watch has ended was in time")
	}
	if w.Expire(second) {
		t.Error("an operation was ended twice")
	}
	if _, stuck := w.Stuck(9*time.Second, time.Second); stuck {
		t.Error("nothing is under way, and is stuck")
	}
}
