package conn_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/bare-go/bare/internal/conn"
)

// loopback returns both ends of a TCP connection.
func loopback(tb testing.TB, options conn.Options) (client *net.TCPConn, server *conn.Conn) {
	tb.Helper()
	inner, err := new(net.ListenConfig).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	listener := conn.Listen(inner, options)
	defer listener.Close()
	dialed, err := new(net.Dialer).DialContext(tb.Context(), "tcp", listener.Addr().String())
	if err != nil {
		tb.Fatal(err)
	}
	accepted, err := listener.Accept()
	if err != nil {
		tb.Fatal(err)
	}
	client, ok := dialed.(*net.TCPConn)
	server, ok2 := accepted.(*conn.Conn)
	if !ok || !ok2 {
		tb.Fatalf("got a %T and a %T", dialed, accepted)
	}
	tb.Cleanup(func() {
		_ = client.Close()
		_ = server.Close()
	})
	return client, server
}

func TestASlowReaderIsServedWhileTheKernelsBufferIsFull(t *testing.T) {
	t.Parallel()
	client, server := loopback(t, conn.Options{Stall: time.Second})
	written := make(chan error, 1)
	go func() {
		_, err := server.Write(make([]byte, 16<<20))
		written <- err
	}()
	// 400 KB/s: a blocked write is woken after a megabyte or so.
	buffer := make([]byte, 20<<10)
	for start := time.Now(); time.Since(start) < 2500*time.Millisecond; time.Sleep(50 * time.Millisecond) {
		if _, err := io.ReadFull(client, buffer); err != nil {
			t.Fatalf("after %v: %v", time.Since(start), err)
		}
	}
	if server.Stalled() {
		t.Error("it was cut off")
	}
	if time.Since(server.Waited()) > time.Millisecond {
		t.Error("the write does not wait: this test tests nothing")
	}
	_ = client.Close()
	if err := <-written; err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("when the client had left, the write ended with %v", err)
	}
}

func TestAPeerThatTakesNothingIsCutOff(t *testing.T) {
	t.Parallel()
	for name, size := range map[string]int{
		"in a write":                32 << 20,
		"what the kernel has taken": 300 << 10,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, server := loopback(t, conn.Options{Stall: 800 * time.Millisecond})
			if err := client.SetReadBuffer(4 << 10); err != nil {
				t.Fatal(err)
			}
			read := make(chan error, 1)
			go func() {
				_, err := server.Read(make([]byte, 1))
				read <- err
			}()
			start := time.Now()
			if _, err := server.Write(make([]byte, size)); (err != nil) != (size > 1<<20) || err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("the write ended with %v", err)
			}
			err := <-read
			// Far more than the time that is promised: how busy this machine is
			// decides nothing.
			if took := time.Since(start); took < 800*time.Millisecond || took > 8*time.Second {
				t.Errorf("it was cut off after %v", took)
			}
			if !server.Stalled() || !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("stalled: %t, and the read ended with %v", server.Stalled(), err)
			}
			_ = server.Close()
			if _, err := io.Copy(io.Discard, client); !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("the client got %v, want a reset", err)
			}
		})
	}
}

func TestADepartureIsSeenBehindUnreadBytes(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(*net.TCPConn) error{
		"FIN":             (*net.TCPConn).CloseWrite,
		"FIN of a close":  (*net.TCPConn).Close,
		"RST":             func(c *net.TCPConn) error { return conn.Reset(c) },
		"RST through TLS": func(c *net.TCPConn) error { return conn.Reset(tls.Client(c, new(tls.Config))) },
	} {
		for _, unread := range []int{0, 1, 20_000} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				client, server := loopback(t, conn.Options{})
				if _, err := client.Write(make([]byte, unread)); err != nil {
					t.Fatal(err)
				}
				if server.Departed() {
					t.Error("it is said to have departed")
				}
				if err := leave(client); err != nil {
					t.Fatal(err)
				}
				for deadline := time.Now().Add(5 * time.Second); !server.Departed(); time.Sleep(time.Millisecond) {
					if time.Now().After(deadline) {
						t.Fatal("its departure is not seen")
					}
				}
			})
		}
	}
}

func TestADepartureIsNoneOfAClosedConnection(t *testing.T) {
	t.Parallel()
	_, server := loopback(t, conn.Options{})
	_ = server.Close()
	if server.Departed() {
		t.Error("the peer is said to have departed")
	}
}

func TestASlowSourceIsNoStall(t *testing.T) {
	t.Parallel()
	client, server := loopback(t, conn.Options{Stall: 200 * time.Millisecond})
	source, sink := io.Pipe()
	go func() {
		for range 4 {
			_, _ = sink.Write([]byte("slow"))
			time.Sleep(300 * time.Millisecond)
		}
		_ = sink.Close()
	}()
	go func() {
		if n, err := server.ReadFrom(source); n != 16 || err != nil {
			t.Errorf("ReadFrom returned %d, %v", n, err)
		}
		_ = server.CloseWrite()
	}()
	if got, err := io.ReadAll(client); string(got) != strings.Repeat("slow", 4) || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestDeadlinesThatChangeLoseNothing(t *testing.T) {
	t.Parallel()
	client, server := loopback(t, conn.Options{Stall: time.Minute})
	sent := make([]byte, 64<<10)
	for i := range sent {
		sent[i] = byte(i * 7)
	}
	stop := make(chan struct{})
	var group sync.WaitGroup
	for range 2 {
		group.Go(func() {
			for {
				select {
				case <-stop:
					return
				case <-time.After(time.Duration(rand.IntN(500)) * time.Microsecond):
				}
				// Most expire early, as the next one comes before.
				_ = server.SetReadDeadline(time.Now().Add(time.Duration(rand.IntN(3000)) * time.Microsecond))
				_ = server.SetReadDeadline(time.Time{})
			}
		})
	}
	go func() {
		for rest := sent; len(rest) > 0; {
			n := min(len(rest), 1+rand.IntN(500))
			if _, err := client.Write(rest[:n]); err != nil {
				return
			}
			rest = rest[n:]
			time.Sleep(time.Duration(rand.IntN(2000)) * time.Microsecond)
		}
		_ = client.CloseWrite()
	}()
	var got []byte
	buffer := make([]byte, 300)
	for {
		n, err := server.Read(buffer)
		got = append(got, buffer[:n]...)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal(err)
		}
	}
	close(stop)
	group.Wait()
	if !bytes.Equal(got, sent) {
		t.Errorf("got %d bytes, want %d, or they differ", len(got), len(sent))
	}
}

func TestAResetReachesTheSocketThroughItsWrappers(t *testing.T) {
	t.Parallel()
	client, server := loopback(t, conn.Options{})
	if err := conn.Reset(tls.Server(server, new(tls.Config))); err != nil {
		t.Error(err)
	}
	if _, err := client.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the client got %v, want a reset", err)
	}
}
