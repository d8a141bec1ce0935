package conn_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare/internal/conn"
)

func TestABreakEndsWhatWaitsAndThrowsAwayWhatIsUnsent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, c, listener, _ := pipe(t, conn.Options{Stall: time.Hour, MaxConnections: 1})
		ended := make(chan error, 2)
		go func() { _, err := c.Write([]byte("x")); ended <- err }()
		go func() { _, err := c.Read(make([]byte, 1)); ended <- err }()
		time.Sleep(time.Second)
		start := time.Now()
		c.Break()
		for range 2 {
			if err := <-ended; err == nil || time.Since(start) > 0 {
				t.Errorf("after %v a wait ended with %v", time.Since(start), err)
			}
		}
		if listener.Open() != 0 {
			t.Error("the connection still counts")
		}
		if c.Stalled() {
			t.Error("the connection counts as stalled")
		}
		c.Break() // once more does no harm

		k := newKernel()
		reset, _ := wrap(t, k, stalling)
		reset.Break()
		if k.lingers() != 0 {
			t.Errorf("the connection lingers for %d s", k.lingers())
		}
	})
}

func TestABreakEndsAHijackedConnectionThatStaysWatched(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, c, listener, _ := pipe(t, conn.Options{})
		c.StayWatched()
		listener.State(c, http.StateHijacked)
		c.Break()
		if _, err := c.Write([]byte("x")); err == nil {
			t.Error("a write succeeded")
		}
	})
}

func TestABreakLeavesAHijackedConnectionAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, c, listener, _ := pipe(t, conn.Options{})
		listener.State(c, http.StateHijacked)
		c.Break()
		go func() { _, _ = client.Read(make([]byte, 1)) }()
		if _, err := c.Write([]byte("x")); err != nil {
			t.Errorf("a write ended with %v", err)
		}
	})
}
