package conn_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare/internal/conn"
)

func TestASlotIsFreedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		inside := newFeed()
		listener := conn.Listen(inside, conn.Options{MaxConnections: 1})
		accepted := make(chan net.Conn)
		go func() {
			for {
				c, err := listener.Accept()
				if errors.Is(err, net.ErrClosed) {
					close(accepted)
					return
				}
				if err == nil {
					accepted <- c
				}
			}
		}()
		more := func() {
			_, inner := net.Pipe()
			inside.conns <- inner
		}
		waits := func(want bool) {
			t.Helper()
			synctest.Wait()
			if got := len(inside.conns) > 0; got != want {
				t.Errorf("a connection waits for a slot: %t", got)
			}
		}
		for range 5 {
			inside.conns <- nil // Accept fails
		}
		more()
		first := <-accepted
		more()
		waits(true)
		if err := first.Close(); err != nil {
			t.Error(err)
		}
		if err := first.Close(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("a second Close returned %v", err)
		}
		second := <-accepted
		more()
		waits(true)
		if err := errors.Join(listener.Close(), listener.Close()); err != nil || inside.closes != 1 {
			t.Errorf("Close returned %v, and closed %d times", err, inside.closes)
		}
		if c, ok := <-accepted; ok {
			t.Errorf("after Close, %v was accepted", c)
		}
		_ = second.Close()
		if open := listener.Open(); open != 0 {
			t.Errorf("%d closed connections are remembered", open)
		}
	})
}

func TestConnectionsWithoutARequestAreClosed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		inside := newFeed()
		listener := conn.Listen(inside, conn.Options{})
		defer listener.Close()
		accept := func() (net.Conn, *conn.Conn) {
			client, inner := net.Pipe()
			inside.conns <- inner
			c, err := listener.Accept()
			if err != nil {
				t.Fatal(err)
			}
			ctx := listener.Context(t.Context(), tls.Server(c, new(tls.Config)))
			return client, conn.From(ctx)
		}
		unused, _ := accept()
		client, used := accept()
		used.BeginRequest()
		listener.CloseUnused()
		if _, err := unused.Write([]byte("x")); err == nil {
			t.Error("the unused one is open")
		}
		go func() { _, _ = used.Read(make([]byte, 1)) }()
		if _, err := client.Write([]byte("x")); err != nil {
			t.Errorf("the used one is closed: %v", err)
		}
		late, inner := net.Pipe()
		inside.conns <- inner
		time.AfterFunc(time.Second, func() { _ = listener.Close() })
		if _, err := listener.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("a late one was accepted: %v", err)
		}
		if _, err := late.Write([]byte("x")); err == nil {
			t.Error("a late one is open")
		}
		_ = used.Close()
	})
}

func TestTheConnectionOfAForeignServerIsNil(t *testing.T) {
	t.Parallel()
	listener := conn.Listen(newFeed(), conn.Options{})
	_, foreign := net.Pipe()
	for name, ctx := range map[string]context.Context{
		"no hook":        t.Context(),
		"a foreign conn": listener.Context(t.Context(), foreign),
		"with TLS":       listener.Context(t.Context(), tls.Server(foreign, new(tls.Config))),
	} {
		c := conn.From(ctx)
		if c != nil {
			t.Errorf("%s: got %v", name, c)
		}
		c.BeginRequest()
		c.EndRequest()
	}
	listener.State(foreign, http.StateHijacked)
}
