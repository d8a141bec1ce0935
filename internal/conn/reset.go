package conn

import (
	"errors"
	"net"
)

// Reset closes a connection, of this package or any other, with a TCP reset: an
// HTTP/1.0 client takes any other end for that of a complete response. A
// connection that knows no resets is closed as usual.
func Reset(c net.Conn) error { return errors.Join(abandon(c), c.Close()) }

// abandon has the close of the connection throw away what is unsent, and tell the
// peer by a reset.
func abandon(c net.Conn) error {
	for c != nil {
		if lingerer, ok := c.(interface{ SetLinger(seconds int) error }); ok {
			return lingerer.SetLinger(0)
		}
		c = inside(c)
	}
	return nil
}

// inside returns the connection that another one wraps, or nil.
func inside(c net.Conn) net.Conn {
	if wrapper, ok := c.(interface{ NetConn() net.Conn }); ok {
		return wrapper.NetConn()
	}
	return nil
}
