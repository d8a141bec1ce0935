package inspect

import (
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/bare-go/bare"
)

// Local reports whether a request comes from the machine that it is for. It is one if
//
//   - its peer has a loopback address,
//   - its Host is localhost, a name below it, or a loopback address: a page of another
//     site whose name was made to lead here (DNS rebinding) has its own name there,
//   - no header says that a proxy has forwarded it: a proxy on this machine has a loopback
//     address, whoever its client is,
//   - and it is not HTTP/1.0, which no browser speaks, but nginx does behind a proxy_pass
//     that nobody has set up further; that also sends no such header, and a Host of its own.
//
// Local is not safe behind a proxy on the same machine that adds no such header, whether it
// forwards requests (HAProxy does so by default) or connections. The peer is then the proxy,
// and the Host is whatever the client says: anybody who sends "Host: localhost" is local, and
// ends streams. Nothing in such a request shows it. Do not forward the page's path there, or
// use an Allow that asks for a secret or a login, and does not ask Local.
//
// What comes through a Unix-domain socket is not local.
func Local(request *bare.HttpRequest) bool {
	scope := request.Scope
	if scope == nil {
		return false
	}
	peer, err := netip.ParseAddrPort(scope.RemoteAddr)
	return err == nil && peer.Addr().Unmap().IsLoopback() && isLocalHost(scope.Host) &&
		!isForwarded(scope.Header) && scope.ProtoAtLeast(1, 1)
}

// isLocalHost reports whether a Host header names this machine (RFC 6761, section 6.3).
func isLocalHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	address, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && address.Unmap().IsLoopback()
}

// isForwarded reports whether a proxy has left its mark.
func isForwarded(header http.Header) bool {
	for name := range header {
		switch name {
		case "Forwarded", "Via", "X-Real-Ip", "X-Client-Ip", "X-Cluster-Client-Ip", "True-Client-Ip",
			"Cf-Connecting-Ip", "Fly-Client-Ip", "Fastly-Client-Ip", "X-Original-Host", "X-Envoy-External-Address":
			return true
		}
		if strings.HasPrefix(name, "X-Forwarded") {
			return true
		}
	}
	return false
}
