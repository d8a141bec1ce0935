package bare_test

import (
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/bare-go/bare"
)

func TestTheKernelGivesUpAPeerThatAcknowledgesNothing(t *testing.T) {
	t.Parallel()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	bare.LimitUnacknowledged(conn, 7*time.Second)
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		t.Fatalf("the connection is a %T", conn)
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	const tcpUserTimeout = 18 // linux/tcp.h
	got := 0
	if err := raw.Control(func(fd uintptr) {
		got, err = syscall.GetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpUserTimeout)
	}); err != nil {
		t.Fatal(err)
	}
	if err != nil || got != 7000 {
		t.Errorf("TCP_USER_TIMEOUT is %d ms (%v), want 7000", got, err)
	}
}
