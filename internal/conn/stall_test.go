package conn_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare/internal/conn"
)

const stall = 8 * time.Second

var stalling = conn.Options{Stall: stall}

func TestAPeerThatAcknowledgesNothingIsCutOffInTime(t *testing.T) {
	t.Parallel()
	for _, last := range []time.Duration{0, 300 * time.Millisecond, 1999 * time.Millisecond, 12345 * time.Millisecond} {
		t.Run(last.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				k := newKernel()
				c, listener := wrap(t, k, stalling)
				ended := make(chan error)
				go func() {
					_, err := c.Read(make([]byte, 1))
					ended <- err
				}()
				k.set(0, true)
				if _, err := c.Write([]byte("x")); err != nil {
					t.Fatal(err)
				}
				for at := time.Duration(0); at+time.Second < last; at += time.Second {
					time.Sleep(time.Second)
					k.set(uint64(at), true)
				}
				time.Sleep(last % time.Second)
				k.set(1<<60, true)
				start := time.Now()
				err := <-ended
				if took := time.Since(start); took < stall || took > stall+stall/8 {
					t.Errorf("the connection was cut off after %v, want %v", took, stall)
				}
				if !c.Stalled() || !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("stalled: %t, and the read ended with %v", c.Stalled(), err)
				}
				// Nothing revives it.
				_ = c.SetDeadline(time.Now().Add(time.Minute))
				listener.State(c, http.StateHijacked)
				_ = c.SetDeadline(time.Time{})
				if _, err := c.Write([]byte("x")); !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("a write afterwards ended with %v", err)
				}
				if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("a read afterwards ended with %v", err)
				}
				if k.lingers() != 0 {
					t.Error("the kernel keeps what is unsent after the close")
				}
				if !c.Waited().IsZero() {
					t.Error("a write is said to have waited")
				}
				asked := k.asks()
				time.Sleep(time.Minute)
				if k.asks() > asked {
					t.Error("it is still watched")
				}
			})
		})
	}
}

func TestAPeerThatAcknowledgesAByteInEachStallTimeIsServed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := newKernel()
		c, _ := wrap(t, k, stalling)
		k.set(0, true)
		_, _ = c.Write([]byte("x"))
		for i := range uint64(500) {
			time.Sleep(stall - time.Millisecond)
			k.set(i+1, true)
			_, _ = c.Write([]byte("x"))
		}
		if k.asks() > 500*8 {
			t.Errorf("the kernel was asked %d times", k.asks())
		}
		if c.Stalled() {
			t.Error("it was cut off")
		}
	})
}

func TestSilenceIsNoStallAndCostsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := newKernel()
		c, listener := wrap(t, k, stalling)
		for range 3 {
			k.set(0, true)
			_, _ = c.Write([]byte("x"))
			time.Sleep(stall / 2)
			k.set(1, false)
			time.Sleep(time.Hour)
		}
		if _, err := c.Write([]byte("x")); err != nil || c.Stalled() {
			t.Errorf("after an hour of silence a write ended with %v", err)
		}
		if k.asks() > 20 {
			t.Errorf("in three hours of silence the kernel was asked %d times", k.asks())
		}
		if time.Sleep(stall); listener.Sweeping() {
			t.Error("the sweeper does not rest")
		}
		_ = c.Close()
	})
}

func TestWhatASlowWriteLeavesBehindIsWatched(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := newKernel()
		k.writing = stall
		c, _ := wrap(t, k, stalling)
		_, _ = c.Write([]byte("x"))
		time.Sleep(stall + stall/4)
		if !c.Stalled() {
			t.Error("its bytes wait for ever")
		}
	})
}

func TestWithoutALimitNothingIsWatched(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := newKernel()
		k.set(0, true)
		c, _ := wrap(t, k, conn.Options{})
		_, _ = c.Write([]byte("x"))
		time.Sleep(time.Hour)
		if c.Stalled() || k.asks() > 0 {
			t.Errorf("stalled: %t, asked %d times", c.Stalled(), k.asks())
		}
	})
}

func TestOneStalledPeerDoesNotHideAnother(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		inside := newFeed()
		listener := conn.Listen(inside, stalling)
		var conns []*conn.Conn
		for i := range 5 {
			k := newKernel()
			k.set(0, i != 2)
			inside.conns <- k
			c, err := listener.Accept()
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = c.Close() })
			if c, ok := c.(*conn.Conn); ok {
				conns = append(conns, c)
			}
			time.Sleep(700 * time.Millisecond)
			_, _ = c.Write([]byte("x"))
		}
		time.Sleep(stall + stall/8 + time.Millisecond)
		for i, c := range conns {
			if got, want := c.Stalled(), i != 2; got != want {
				t.Errorf("stalled[%d] = %t", i, got)
			}
		}
	})
}

func TestWhereThePeerCannotBeAskedEachPieceIsProgress(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, c, _, _ := pipe(t, stalling)
		written := make(chan error)
		go func() {
			n, err := c.Write(make([]byte, 256<<10))
			if n < 5*32<<10 || n >= 6*32<<10 {
				err = errors.Join(err, errors.New("the count of bytes is wrong"))
			}
			written <- err
		}()
		buffer := make([]byte, 32<<10)
		for range 5 {
			time.Sleep(stall - time.Second)
			if _, err := client.Read(buffer); err != nil {
				t.Fatal(err)
			}
		}
		start := time.Now()
		err := <-written
		if took := time.Since(start); !errors.Is(err, os.ErrDeadlineExceeded) || took < stall || took > stall+stall/8 {
			t.Errorf("%v after the last piece the write ended with %v", took, err)
		}
		if !c.Stalled() {
			t.Error("it is not said to have stalled")
		}
	})
}

func TestAWriteThatWaitsIsSeen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, c, _, _ := pipe(t, stalling)
		go func() { _, _ = client.Read(make([]byte, 1)) }()
		_, _ = c.Write([]byte("x"))
		time.Sleep(stall)
		if waited := c.Waited(); !waited.IsZero() {
			t.Errorf("a quick write has waited at %v", waited)
		}
		start := time.Now()
		go func() { _, _ = c.Write([]byte("xy")) }()
		if time.Sleep(time.Millisecond); !c.Waited().IsZero() {
			t.Error("after a millisecond it is taken for one that waits")
		}
		time.Sleep(stall/2 - time.Millisecond)
		if got := c.Waited(); !got.Equal(time.Now()) {
			t.Errorf("while a write waits, Waited is %v ago", time.Since(got))
		}
		_, _ = client.Read(make([]byte, 2))
		time.Sleep(time.Hour)
		if got := c.Waited().Sub(start); got < stall/4 || got > stall/2 {
			t.Errorf("the write was last seen to wait after %v, and waited for %v", got, stall/2)
		}
	})
}

func TestAConnectionThatWasHijackedIsLeftAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := newKernel()
		c, listener := wrap(t, k, stalling)
		k.set(0, true)
		_, _ = c.Write([]byte("x"))
		time.Sleep(time.Second)
		listener.State(c, http.StateHijacked)
		_, _ = c.Write([]byte("x"))
		asked := k.asks()
		time.Sleep(time.Hour)
		if c.Stalled() || k.asks() > asked+1 {
			t.Errorf("stalled: %t, and the kernel was asked %d times", c.Stalled(), k.asks())
		}
	})
}

func TestAHijackedConnectionThatStaysWatchedIsCutOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := newKernel()
		c, listener := wrap(t, k, stalling)
		k.set(0, true)
		c.StayWatched()
		listener.State(c, http.StateHijacked)
		start := time.Now()
		_, _ = c.Write([]byte("x"))
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) || !c.Stalled() {
			t.Errorf("stalled: %t, and a read ended with %v", c.Stalled(), err)
		}
		if took := time.Since(start); took < stall || took > stall+stall/4 {
			t.Errorf("it was cut off after %v", took)
		}
	})
}

func TestAStallTimeThatDoesNotDivideIsKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const odd = stall + 7
		k := newKernel()
		c, _ := wrap(t, k, conn.Options{Stall: odd})
		k.set(0, true)
		start := time.Now()
		_, _ = c.Write([]byte("x"))
		_, _ = c.Read(make([]byte, 1))
		if took := time.Since(start); took < odd || took > odd+odd/8+10 {
			t.Errorf("it was cut off after %v", took)
		}
	})
}

func TestAWriteSeenOnceMayBeChance(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := newKernel()
		c, _ := wrap(t, k, stalling)
		k.set(0, true)
		_, _ = c.Write([]byte("x"))
		time.Sleep(stall/8 - 5*time.Millisecond)
		k.writing = 10 * time.Millisecond // across a sweep
		_, _ = c.Write([]byte("x"))
		time.Sleep(stall / 2)
		if !c.Waited().IsZero() {
			t.Error("it is said to have waited")
		}
	})
}

func TestAWriteDuringASweepIsWatched(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		inside := newFeed()
		listener := conn.Listen(inside, stalling)
		var conns []net.Conn
		first, second := newKernel(), newKernel()
		for _, k := range []*kernel{first, second} {
			inside.conns <- k
			c, err := listener.Accept()
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = c.Close() })
			conns = append(conns, c)
		}
		second.set(0, true)
		first.look = func() {
			first.look = nil
			_, _ = conns[1].Write([]byte("x"))
		}
		_, _ = conns[0].Write([]byte("x"))
		time.Sleep(2 * stall)
		if c, ok := conns[1].(*conn.Conn); !ok || !c.Stalled() {
			t.Error("it was forgotten")
		}
	})
}

// leaving is a connection that knows no more than that its peer has left.
type leaving struct{ net.Conn }

func (leaving) Departed() bool { return true }

func TestAConnectionMayKnowOnlyThatItsPeerHasLeft(t *testing.T) {
	t.Parallel()
	_, inner := net.Pipe()
	if c, _ := wrap(t, leaving{inner}, stalling); !c.Departed() {
		t.Error("it is not said to have departed")
	}
	if c, _ := wrap(t, inner, stalling); c.Departed() {
		t.Error("one that cannot tell is said to have departed")
	}
}

// reader records what ReadFrom is given.
type reader struct {
	*kernel

	source io.Reader
}

func (r *reader) ReadFrom(source io.Reader) (int64, error) {
	r.source = source
	time.Sleep(10 * stall)
	r.set(1, true)
	return 1, nil
}

func TestASlowSourceIsNoStallAndTheKernelGetsItAsItIs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &reader{kernel: newKernel()}
		c, _ := wrap(t, r, stalling)
		file, err := os.Open(os.DevNull)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		if _, err := c.ReadFrom(file); err != nil || c.Stalled() || r.source != file {
			t.Errorf("stalled: %t, %v, and the kernel was given a %T", c.Stalled(), err, r.source)
		}
		if !c.Waited().IsZero() {
			t.Error("the wait for a source is said to be one for the peer")
		}
		if _, writes := r.counts(); writes > 0 {
			t.Error("there was a write deadline")
		}
		time.Sleep(stall + stall/8 + time.Millisecond)
		if !c.Stalled() {
			t.Error("what ReadFrom leaves behind is not watched")
		}
	})
}

func TestAHijackInTheMomentOfACutPreventsIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := newKernel()
		c, listener := wrap(t, k, stalling)
		k.set(0, true)
		start := time.Now()
		k.look = func() {
			if time.Since(start) > stall {
				listener.State(c, http.StateHijacked)
			}
		}
		_, _ = c.Write([]byte("x"))
		time.Sleep(time.Minute)
		if _, err := c.Write([]byte("x")); err != nil || c.Stalled() {
			t.Errorf("stalled: %t, and a write ended with %v", c.Stalled(), err)
		}
	})
}
