package middleware

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"

	"github.com/bare-go/bare"
)

// Proxies makes a request look as it did to the first of your proxies: the address, the
// scheme and the host are those that the client used. The zero value is for one proxy on
// the same machine that sets X-Forwarded-For and X-Forwarded-Proto.
//
// The request inside has another Scope, in which RemoteAddr is the client's, with port 0
// if that is not known, and Host and the scheme of URL are what was asked for. So
// [bare.HttpRequest.URL], [ClientAddr], [CSRF] and [RateLimit] are right. It sees no
// TLS that the proxy has ended. The headers stay as they are.
//
// Anybody can send these headers. They are believed only if they come from a proxy that
// is trusted, and no further than that: the addresses that a request has come through are
// read from the right, and the first one that is not trusted is the client. What is left
// of it, the client may have made up. An entry that is "unknown" or malformed, or a line of
// Forwarded that is malformed, ends the search: the client then has the address of the
// last proxy that is known.
//
// Mounts (see [bare.Application.Mount]) are inside no middleware; for them there is
// [Proxies.Wrap].
type Proxies struct {
	// Trusted are the addresses of your proxies; nil means those of this machine,
	// 127.0.0.0/8 and ::1/128. What comes through a Unix-domain socket is trusted in any
	// case.
	Trusted []netip.Prefix

	// Headers name what the proxies set, and so what is believed: X-Forwarded-For,
	// X-Forwarded-Proto and X-Forwarded-Host, or Forwarded (RFC 7239) alone. nil means
	// the first two. Name a header only if all of the proxies set it, or add to it: what
	// they pass on as it came is the client's own. nginx passes Forwarded and
	// X-Forwarded-Host on, unless it is told to set them.
	Headers []string
}

// Middleware returns a middleware that replaces the Scope. It is the first of all, as
// what is outside of it sees the proxy. It panics when a prefix is not valid, or the
// headers are not among those that are known.
func (c Proxies) Middleware() bare.HttpMiddleware {
	t := c.trust()
	return func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
		scope := t.origin(request.Scope).seen(request.Scope)
		if scope == request.Scope {
			return handler(request)
		}
		inner := *request
		inner.Scope = scope
		return handler(&inner)
	}
}

// Wrap does the same for a handler of net/http. It is given to [bare.Application.Wrap]
// when middlewares of net/http or mounts need the client's address, too. It panics as
// Middleware does.
func (c Proxies) Wrap(handler http.Handler) http.Handler {
	t := c.trust()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler.ServeHTTP(w, t.origin(r).seen(r))
	})
}

// ClientAddr returns the address of the client: that of Scope.RemoteAddr, which [Proxies]
// has set if it is around. An IPv4 address is never one that is mapped to IPv6, and a
// link-local one has no zone. It is the zero [netip.Addr] if there is none, as with a
// Unix-domain socket.
func ClientAddr(request *bare.HttpRequest) netip.Addr {
	return remoteAddr(request.Scope)
}

func remoteAddr(r *http.Request) netip.Addr {
	if r == nil {
		return netip.Addr{}
	}
	// The server's own address of a peer may have a zone, which headers may not.
	if peer, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		return peer.Addr().Unmap().WithZone("")
	}
	if node, ok := parseNode(r.RemoteAddr); ok {
		return node.Addr()
	}
	return netip.Addr{}
}

// trust is what is believed, and whom.
type trust struct {
	networks                        []netip.Prefix
	standard, address, scheme, host bool // Forwarded; the three X-Forwarded headers
}

func (c Proxies) trust() *trust {
	t := &trust{networks: slices.Clone(c.Trusted)}
	if c.Trusted == nil {
		t.networks = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	}
	var mistakes []error
	for i, network := range t.networks {
		if !network.IsValid() {
			mistakes = append(mistakes, fmt.Errorf("Trusted[%d] is not valid", i)) //nolint:staticcheck // the name of the field
		}
	}
	t.address, t.scheme = c.Headers == nil, c.Headers == nil
	for _, name := range c.Headers {
		mistakes = append(mistakes, t.believe(name))
	}
	if t.standard && (t.address || t.scheme || t.host) {
		mistakes = append(mistakes, errors.New("the header Forwarded excludes the others"))
	}
	check("Proxies", mistakes...)
	return t
}

// believe has a header believed.
func (t *trust) believe(name string) error {
	switch http.CanonicalHeaderKey(name) {
	case "Forwarded":
		t.standard = true
	case "X-Forwarded-For":
		t.address = true
	case "X-Forwarded-Proto":
		t.scheme = true
	case "X-Forwarded-Host":
		t.host = true
	default:
		return fmt.Errorf("the header %q is not known", name)
	}
	return nil
}

// trusts reports whether an address is that of a proxy.
func (t *trust) trusts(addr netip.Addr) bool {
	return slices.ContainsFunc(t.networks, func(network netip.Prefix) bool { return network.Contains(addr) })
}

// origin returns what the proxies say about a request: nothing if they are none.
func (t *trust) origin(r *http.Request) origin {
	switch {
	case !t.trusts(remoteAddr(r)) && !isLocalSocket(r):
		return origin{}
	case t.standard:
		return t.fromForwarded(r.Header["Forwarded"])
	default:
		return t.fromXForwarded(r.Header)
	}
}

// isLocalSocket reports whether a request came through a Unix-domain socket, whose file
// says who may connect. Its peers have no address.
func isLocalSocket(r *http.Request) bool {
	addr, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	return ok && addr.Network() == "unix"
}

// An origin is how a client has sent a request to the first proxy. What is not known is
// empty.
type origin struct {
	client netip.AddrPort
	scheme string // http or https
	host   string
}

// seen returns the request as the first proxy has seen it.
func (o origin) seen(r *http.Request) *http.Request {
	if o == (origin{}) {
		return r
	}
	seen := new(http.Request)
	*seen = *r
	if o.client.IsValid() {
		seen.RemoteAddr = o.client.String()
	}
	whole := *r.URL
	if o.host != "" {
		seen.Host = o.host
		if whole.Host != "" { // the address was sent whole
			whole.Host = o.host
		}
	}
	if o.scheme != "" {
		whole.Scheme = o.scheme
	}
	seen.URL = &whole
	return seen
}
