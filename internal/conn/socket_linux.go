package conn

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// A socket is the kernel's side of a TCP connection.
type socket struct{ raw syscall.RawConn }

// socketOf returns the socket of a TCP connection, which others may wrap, or nil.
func socketOf(c net.Conn) acknowledger {
	if _, ok := c.LocalAddr().(*net.TCPAddr); !ok {
		return nil
	}
	for c != nil {
		if holder, ok := c.(syscall.Conn); ok {
			raw, err := holder.SyscallConn()
			if err != nil {
				return nil
			}
			return socket{raw}
		}
		c = inside(c)
	}
	return nil
}

// Unacknowledged counts the bytes that the peer's kernel has acknowledged, and
// tells whether others are unsent or on their way.
func (s socket) Unacknowledged() (acknowledged uint64, waiting bool) {
	info := s.info()
	if info == nil {
		return 0, false
	}
	return info.Bytes_acked, info.Unacked > 0 || info.Notsent_bytes > 0
}

// The states of a connection whose peer has sent a FIN or a RST, of the kernel's
// net/tcp_states.h.
const (
	tcpTimeWait  = 6
	tcpClose     = 7
	tcpCloseWait = 8
	tcpLastAck   = 9
	tcpClosing   = 11
)

// Departed reports whether a FIN or a RST of the peer has arrived.
func (s socket) Departed() bool {
	info := s.info()
	if info == nil {
		return false
	}
	switch info.State {
	case tcpTimeWait, tcpClose, tcpCloseWait, tcpLastAck, tcpClosing:
		return true
	default:
		return false
	}
}

// info returns nil when the socket has been closed on this side.
func (s socket) info() *unix.TCPInfo {
	var info *unix.TCPInfo
	err := s.raw.Control(func(fd uintptr) {
		// The error is told by info being nil.
		info, _ = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
	})
	if err != nil {
		return nil
	}
	return info
}
