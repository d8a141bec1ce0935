//go:build !linux

package bare

import (
	"net"
	"time"
)

// limitUnacknowledged needs a kernel that knows the option of RFC 5482. Elsewhere
// a vanished peer is found by HTTP/2's pings and by the kernel's own patience.
func limitUnacknowledged(net.Conn, time.Duration) {}
