package conn

import (
	"context"
	"net"
	"net/http"
)

type contextKey struct{}

// From returns the connection that a request came on, or nil if it was not
// accepted by a [Listener] of this package.
func From(ctx context.Context) *Conn {
	c, _ := ctx.Value(contextKey{}).(*Conn)
	return c
}

// Context is for [http.Server.ConnContext]: it lets [From] find the connection.
func (l *Listener) Context(ctx context.Context, c net.Conn) context.Context {
	if c := unwrap(c); c != nil {
		return context.WithValue(ctx, contextKey{}, c)
	}
	return ctx
}

// State is for [http.Server.ConnState]: a connection that has been hijacked does
// what its new owner says, and nothing by itself.
func (l *Listener) State(c net.Conn, state http.ConnState) {
	if state != http.StateHijacked {
		return
	}
	if c := unwrap(c); c != nil {
		c.handOver()
	}
}

// unwrap returns the Conn beneath TLS, or nil.
func unwrap(c net.Conn) *Conn {
	for c != nil {
		if c, ok := c.(*Conn); ok {
			return c
		}
		c = inside(c)
	}
	return nil
}
