package bare

import (
	"net"
	"syscall"
	"time"
)

// tcpUserTimeout is TCP_USER_TIMEOUT of linux/tcp.h (RFC 5482), the same on every
// architecture.
const tcpUserTimeout = 0x12

// limitUnacknowledged has the kernel give up a connection whose peer has
// acknowledged nothing for the stall time: to a peer that has vanished, writes
// would succeed for many minutes.
func limitUnacknowledged(inner net.Conn, stall time.Duration) {
	tcp, ok := rawConn(inner).(syscall.Conn)
	if !ok || stall <= 0 {
		return
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return // closed already
	}
	_ = raw.Control(func(fd uintptr) {
		// No more than a help: another kind of socket may refuse it.
		_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpUserTimeout, int(stall.Milliseconds()))
	})
}
