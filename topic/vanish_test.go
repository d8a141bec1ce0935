package topic_test

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/topic"
)

// A silent connection takes all that is written, as a kernel does, and its peer
// acknowledges none of it.
type silent struct{ net.Conn }

func (silent) Unacknowledged() (acknowledged uint64, waiting bool) { return 0, true }

// oneListener accepts one connection.
type oneListener struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (l *oneListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *oneListener) Close() error {
	close(l.closed)
	return nil
}

func (*oneListener) Addr() net.Addr { return new(net.TCPAddr) }

// TestAClientWhoseMachineIsGoneHasVanished: nothing waits to be written, but what was
// written is never acknowledged.
func TestAClientWhoseMachineIsGoneHasVanished(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ends := make(chan topic.End, 1)
		prices := topic.New(topic.Options{OnEnd: func(end topic.End) { ends <- end }})
		app := bare.NewApplication()
		app.HttpRouter.Add(bare.Methods{"GET"}, "/", prices.Handle)
		client, server := net.Pipe()
		listener := &oneListener{conns: make(chan net.Conn, 1), closed: make(chan struct{})}
		listener.conns <- silent{server}
		ctx, cancel := context.WithCancel(t.Context())
		stopped := make(chan error, 1)
		go func() { stopped <- (&bare.Server{Listener: listener}).Run(ctx, app) }()
		go func() {
			_, _ = client.Write([]byte("GET / HTTP/1.1\r\nHost: test\r\n\r\n"))
			buffer := make([]byte, 1<<10)
			for {
				if _, err := client.Read(buffer); err != nil {
					return
				}
			}
		}()
		begin := time.Now()
		end := <-ends
		if took := time.Since(begin); end.Reason != topic.Vanished || took > 2*time.Minute {
			t.Errorf("it ended as %v after %v", end.Reason, took)
		}
		_ = client.Close()
		cancel()
		if err := <-stopped; err != nil {
			t.Error(err)
		}
	})
}
