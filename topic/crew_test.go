package topic

import (
	"testing"
	"time"
)

// TestARunnerThatCrashesIsCountedDownOnce: a look at the runners may come at any time after
// its last turn.
func TestARunnerThatCrashesIsCountedDownOnce(t *testing.T) {
	r := &runners{limit: 2, timer: time.AfterFunc(time.Hour, func() {})}
	defer r.timer.Stop()
	w := new(runner)
	r.crew, r.working = []*runner{w}, 1
	s := &subscriber{wake: make(chan struct{}, 1)}
	r.settle(w, s, crashed)
	r.look()
	if r.working != 0 || len(r.crew) != 0 {
		t.Errorf("%d runners of %d are working", r.working, len(r.crew))
	}
}
