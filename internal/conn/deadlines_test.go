package conn_test

import (
	"bufio"
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

// never stands for no deadline.
const never = time.Duration(1 << 62)

// a setting is a deadline and when it is set.
type setting struct{ at, deadline time.Duration }

func (s setting) time(start time.Time) time.Time {
	if s.deadline == never {
		return time.Time{}
	}
	return start.Add(s.deadline)
}

func TestReadsObeyTheDeadlineThatWasAskedForLast(t *testing.T) {
	t.Parallel()
	const second = time.Second
	tests := []struct {
		name     string
		settings []setting
		begin    time.Duration // of the read
		want     time.Duration // its end
	}{
		{"one", []setting{{0, 3 * second}}, 1 * second, 3 * second},
		{"one that passed before the read", []setting{{0, 1 * second}}, 2 * second, 2 * second},
		{"a past one before the read", []setting{{0, -second}}, 1 * second, 1 * second},
		{"a past one lifted before the read", []setting{{0, -second}, {0, never}}, 1 * second, never},
		{"a past one replaced before the read", []setting{{0, -second}, {0, 5 * second}}, 1 * second, 5 * second},
		{"a past one while it waits", []setting{{2 * second, -second}}, 1 * second, 2 * second},
		{"a past one while it waits under a deadline", []setting{{0, 9 * second}, {2 * second, -second}}, 1 * second, 2 * second},
		{"one while it waits", []setting{{2 * second, 3 * second}}, 1 * second, 3 * second},
		{"an earlier one while it waits", []setting{{0, 9 * second}, {2 * second, 3 * second}}, 1 * second, 3 * second},
		{"a later one while it waits", []setting{{0, 3 * second}, {2 * second, 9 * second}}, 1 * second, 9 * second},
		{"none while it waits", []setting{{0, 3 * second}, {2 * second, never}}, 1 * second, never},
		{"later and earlier again", []setting{{0, 3 * second}, {1 * second, 9 * second}, {4 * second, 5 * second}}, 0, 5 * second},
		{"later, expired early, later again", []setting{{0, 3 * second}, {1 * second, 5 * second}, {4 * second, 7 * second}}, 0, 7 * second},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client, c, _, _ := pipe(t, conn.Options{})
				start := time.Now()
				go func() {
					time.Sleep(time.Minute)
					_, _ = client.Write([]byte("x"))
				}()
				for _, s := range test.settings {
					time.AfterFunc(s.at, func() { _ = c.SetReadDeadline(s.time(start)) })
					synctest.Wait()
				}
				time.Sleep(test.begin + time.Nanosecond)
				n, err := c.Read(make([]byte, 8))
				took := time.Since(start).Truncate(time.Microsecond)
				if test.want == never {
					if n != 1 || err != nil || took != time.Minute {
						t.Errorf("after %v it had read %d bytes: %v", took, n, err)
					}
					return
				}
				if n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) || took != test.want {
					t.Errorf("after %v the read ended with %d and %v, want %v", took, n, err, test.want)
				}
				_ = c.SetReadDeadline(time.Time{})
				if n, err := c.Read(make([]byte, 8)); n != 1 || err != nil {
					t.Errorf("the next read ended with %d and %v", n, err)
				}
			})
		})
	}
}

func TestAKeepAliveRequestSetsTwoReadDeadlines(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, inner := net.Pipe()
		counts := &counter{Conn: inner}
		inside := newFeed()
		inside.conns <- counts
		listener := conn.Listen(inside, conn.Options{Stall: time.Minute})
		server := &http.Server{
			Handler:           http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }),
			ReadHeaderTimeout: 10 * time.Second,
			IdleTimeout:       time.Minute,
			WriteTimeout:      24 * time.Hour,
		}
		ended := make(chan error)
		go func() { ended <- server.Serve(listener) }()
		const requests = 20
		responses := bufio.NewReader(client)
		for range requests {
			_, _ = io.WriteString(client, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
			response, err := http.ReadResponse(responses, nil)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, response.Body)
			response.Body.Close()
			time.Sleep(time.Second)
		}
		if reads, writes := counts.counts(); reads > 2*requests+1 || writes > 0 {
			t.Errorf("%d requests set %d read and %d write deadlines", requests, reads, writes)
		}
		// One for the next request, one for the client's leaving.
		if waits := counts.waits.Load(); waits > 2*requests+1 {
			t.Errorf("%d requests made %d reads", requests, waits)
		}
		// The deadline of the idle connection is real.
		time.Sleep(time.Minute)
		if _, err := responses.ReadByte(); err != io.EOF {
			t.Errorf("after a minute of silence: %v", err)
		}
		_ = server.Close()
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
}

// odd is a connection whose reads end with what it is told to return.
type odd struct {
	counter

	n   int
	err error
}

func (o *odd) Read([]byte) (int, error) {
	time.Sleep(time.Second)
	return o.n, o.err
}

func TestAConnectionsOwnDeadlineIsNoReasonToGoOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, inner := net.Pipe()
		c, _ := wrap(t, &odd{counter{Conn: inner}, 0, os.ErrDeadlineExceeded}, conn.Options{})
		_ = c.SetReadDeadline(time.Now().Add(time.Millisecond))
		_, _ = c.Read(nil)
		_ = c.SetReadDeadline(time.Time{})
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("the read ended with %v", err)
		}
	})
}

func TestBytesThatComeWithAnEarlyExpiryAreKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, inner := net.Pipe()
		o := &odd{counter{Conn: inner}, 3, os.ErrDeadlineExceeded}
		c, _ := wrap(t, o, conn.Options{})
		_ = c.SetReadDeadline(time.Now().Add(500 * time.Millisecond))
		time.AfterFunc(100*time.Millisecond, func() { _ = c.SetReadDeadline(time.Time{}) })
		if n, err := c.Read(make([]byte, 3)); n != 3 || err != nil {
			t.Errorf("read %d bytes: %v", n, err)
		}
		_ = c.SetReadDeadline(time.Now().Add(500 * time.Millisecond))
		if n, err := c.Read(make([]byte, 3)); n != 3 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("with the deadline asked for, read %d bytes: %v", n, err)
		}
	})
}

func TestAReadOfAClosedConnectionEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, c, _, _ := pipe(t, conn.Options{})
		_ = c.SetReadDeadline(time.Now().Add(time.Second))
		_ = c.SetReadDeadline(time.Time{})
		time.AfterFunc(time.Minute, func() { _ = c.Close() })
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("the read ended with %v", err)
		}
	})
}

func TestWriteDeadlinesOfOthersAreObeyed(t *testing.T) {
	t.Parallel()
	const second = time.Second
	tests := []struct {
		name     string
		settings []setting
		want     time.Duration
	}{
		{"a second lasts a second", []setting{{0, second}}, second},
		{"one is lifted", []setting{{0, second}, {second / 2, never}}, never},
		{"one is lifted by one far ahead", []setting{{0, second}, {second / 2, 24 * time.Hour}}, never},
		{"one is replaced", []setting{{0, second}, {second / 2, 3 * second}}, 3 * second},
		{"one within the hour counts", []setting{{0, 40 * time.Second}}, 40 * time.Second},
		{"a past one ends a write", []setting{{second, -second}}, second},
		{"a past one stays", []setting{{0, -second}, {0, never}, {0, 5 * second}, {0, 24 * time.Hour}}, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client, c, _, _ := pipe(t, conn.Options{Stall: time.Hour})
				start := time.Now()
				go func() {
					time.Sleep(time.Minute)
					_, _ = client.Read(make([]byte, 1))
				}()
				for _, s := range test.settings {
					time.AfterFunc(s.at, func() { _ = c.SetWriteDeadline(s.time(start)) })
					synctest.Wait()
				}
				n, err := c.Write([]byte("x"))
				took := time.Since(start)
				if test.want == never {
					if n != 1 || err != nil || took != time.Minute {
						t.Errorf("after %v the write ended with %d and %v", took, n, err)
					}
				} else if n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) || took != test.want {
					t.Errorf("after %v the write ended with %v, want %v", took, err, test.want)
				}
				time.Sleep(time.Minute)
			})
		})
	}
}

func TestAHijackMakesTheConnectionAnOrdinaryOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, c, listener, counts := pipe(t, conn.Options{Stall: time.Minute})
		for _, state := range []http.ConnState{http.StateNew, http.StateActive, http.StateIdle} {
			listener.State(c, state)
		}
		_ = c.SetDeadline(time.Now().Add(-time.Second))
		_ = c.SetDeadline(time.Time{}) // as net/http does
		if _, err := c.Write([]byte("x")); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("before the hijack a write ended with %v", err)
		}
		listener.State(c, http.StateHijacked)
		go func() { _, _ = client.Read(make([]byte, 1)) }()
		if _, err := c.Write([]byte("x")); err != nil {
			t.Errorf("after the hijack a write ended with %v", err)
		}
		reads, writes := counts.counts()
		for _, deadline := range []time.Duration{-time.Second, 24 * time.Hour, time.Second} {
			_ = c.SetDeadline(time.Now().Add(deadline))
		}
		if r, w := counts.counts(); r != reads+3 || w != writes+3 {
			t.Errorf("three deadlines set %d and %d", r-reads, w-writes)
		}
		start := time.Now()
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("after %v the read ended with %v", time.Since(start), err)
		}
		_ = c.SetDeadline(time.Time{})
		start = time.Now()
		time.AfterFunc(2*time.Hour, func() { _, _ = io.WriteString(client, "x") })
		if n, err := c.Read(make([]byte, 1)); n != 1 || err != nil || time.Since(start) != 2*time.Hour {
			t.Errorf("after %v the read ended with %v", time.Since(start), err)
		}
	})
}

func TestAReadThatWaitsAcrossAHijackGetsItsDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, c, listener, _ := pipe(t, conn.Options{})
		start := time.Now()
		_ = c.SetReadDeadline(start.Add(time.Second))
		time.AfterFunc(time.Millisecond, func() {
			_ = c.SetReadDeadline(start.Add(3 * time.Second))
			listener.State(c, http.StateHijacked)
		})
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != 3*time.Second {
			t.Errorf("after %v the read ended with %v", time.Since(start), err)
		}
	})
}

func TestTwoReadsOutliveAnEarlyExpiry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, c, _, _ := pipe(t, conn.Options{})
		_ = c.SetReadDeadline(time.Now().Add(time.Second))
		ended := make(chan error)
		for range 2 {
			go func() {
				_, err := c.Read(make([]byte, 1))
				ended <- err
			}()
		}
		synctest.Wait()
		_ = c.SetReadDeadline(time.Time{})
		time.Sleep(time.Minute)
		go func() { _, _ = io.WriteString(client, "xy") }()
		for range 2 {
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
	})
}

func TestALaterDeadlineOfAReadThatWaitsIsNotSetAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, c, _, counts := pipe(t, conn.Options{})
		_ = c.SetReadDeadline(time.Now().Add(time.Minute))
		ended := make(chan error)
		go func() {
			_, err := c.Read(make([]byte, 1))
			ended <- err
		}()
		for i := range 10 {
			synctest.Wait()
			_ = c.SetReadDeadline(time.Now().Add(time.Minute + time.Duration(i)*time.Second))
		}
		_, _ = io.WriteString(client, "x")
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if reads, _ := counts.counts(); reads != 1 {
			t.Errorf("%d deadlines were set", reads)
		}
	})
}

func TestAHijackTakesTheDeadlinesAlong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, c, listener, _ := pipe(t, conn.Options{Stall: time.Minute})
		start := time.Now()
		_ = c.SetReadDeadline(start.Add(-time.Second))
		_, _ = c.Read(make([]byte, 1))
		_ = c.SetReadDeadline(time.Time{})
		_ = c.SetWriteDeadline(start.Add(time.Second))
		listener.State(c, http.StateHijacked)
		if _, err := c.Write([]byte("x")); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("after %v the write ended with %v", time.Since(start), err)
		}
		// The new owner may go on without the wrapper.
		go func() { _, _ = io.WriteString(client, "x") }()
		if n, err := c.NetConn().Read(make([]byte, 1)); n != 1 {
			t.Errorf("the connection inside ended with %v", err)
		}
	})
}
