package middleware

import (
	"iter"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// maxHost is how long a host with a port may be: 253 bytes of a name (RFC 1035, section
// 2.3.4), a colon and five digits.
const maxHost = 259

// fromXForwarded reads the headers that are in use, and in no standard. Each proxy adds
// an entry at the right of X-Forwarded-For, the address that it was called from.
func (t *trust) fromXForwarded(head http.Header) (o origin) {
	entries := 0 // that trusted proxies have written
	if t.address {
		for member := range backward(head["X-Forwarded-For"]) {
			entries++
			client, ok := parseNode(member)
			if !ok {
				break
			}
			if o.client = client; !t.trusts(client.Addr()) {
				break
			}
		}
	}
	if t.scheme {
		o.scheme = parseScheme(nth(head["X-Forwarded-Proto"], entries))
	}
	if t.host {
		o.host = parseHost(nth(head["X-Forwarded-Host"], entries))
	}
	return o
}

// nth returns the n-th member of a list from the right, or the left-most one if there
// are fewer. Proxies add to these lists, or replace them by one member: as each that is
// trusted does so, none of the last n is the client's own.
func nth(values []string, n int) (found string) {
	for member := range backward(values) {
		found = member
		if n--; n <= 0 {
			break
		}
	}
	return found
}

// backward yields the members of a header's list, the last one first. Empty ones are left
// out (RFC 9110, section 5.6.1).
func backward(values []string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, value := range slices.Backward(values) {
			for rest := true; rest; {
				comma := strings.LastIndexByte(value, ',')
				member := strings.Trim(value[comma+1:], " \t")
				if rest = comma >= 0; rest {
					value = value[:comma]
				}
				if member != "" && !yield(member) {
					return
				}
			}
		}
	}
}

// parseNode reads an address that may have a port. An IPv6 address is in brackets if it
// has one. A zone means nothing on another machine. Port 0 stands for none, and for one
// that is not a number (RFC 7239, section 6.2).
func parseNode(text string) (netip.AddrPort, bool) {
	host, port := text, ""
	if inside, bracketed := strings.CutPrefix(text, "["); bracketed {
		var closed bool
		host, port, closed = strings.Cut(inside, "]")
		if !closed || port != "" && port[0] != ':' || !strings.Contains(host, ":") {
			return netip.AddrPort{}, false
		}
		port = strings.TrimPrefix(port, ":")
	} else if strings.Count(text, ":") == 1 {
		host, port, _ = strings.Cut(text, ":")
	}
	addr, err := netip.ParseAddr(host)
	if err != nil || addr.Zone() != "" {
		return netip.AddrPort{}, false
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		number = 0
	}
	return netip.AddrPortFrom(addr.Unmap(), uint16(number)), true
}

// parseScheme returns the scheme in lower case, "" if it is not one that serves HTTP.
func parseScheme(text string) string {
	if scheme := strings.ToLower(text); scheme == "http" || scheme == "https" {
		return scheme
	}
	return ""
}

// parseHost returns a host with an optional port, "" if it is none: it may get into
// addresses, and from there into pages and headers.
func parseHost(text string) string {
	host := text
	if i := strings.LastIndexByte(text, ':'); i >= 0 && !strings.HasSuffix(text, "]") {
		host = text[:i]
		if _, err := strconv.ParseUint(text[i+1:], 10, 16); err != nil {
			return ""
		}
	}
	if inside, ok := strings.CutPrefix(host, "["); ok {
		addr, err := netip.ParseAddr(strings.TrimSuffix(inside, "]"))
		if err != nil || !addr.Is6() || addr.Zone() != "" || !strings.HasSuffix(host, "]") {
			return ""
		}
		return text
	}
	for i := range len(host) {
		if b := host[i]; !isAlphanumeric(b) && b != '-' && b != '.' && b != '_' {
			return ""
		}
	}
	if host == "" || len(text) > maxHost {
		return ""
	}
	return text
}
