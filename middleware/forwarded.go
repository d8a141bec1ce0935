package middleware

import (
	"slices"
	"strings"

	"github.com/bare-go/bare/internal/quoted"
)

// fromForwarded reads the standard header (RFC 7239). Each proxy adds an element at the
// right: how it was called. A line that is malformed ends the search, and none of it
// counts: an open quote may hide where the proxies' own elements begin.
func (t *trust) fromForwarded(lines []string) (o origin) {
	for _, line := range slices.Backward(lines) {
		elements, ok := parseForwarded(line)
		if !ok {
			return o
		}
		for _, e := range slices.Backward(elements) {
			if e.scheme != "" {
				o.scheme = e.scheme
			}
			if e.host != "" {
				o.host = e.host
			}
			client, ok := parseNode(e.node)
			if !ok {
				return o
			}
			if o.client = client; !t.trusts(client.Addr()) {
				return o
			}
		}
	}
	return o
}

// An element is what one proxy says (RFC 7239, section 4).
type element struct{ node, scheme, host string }

// parseForwarded reads one line of the header.
func parseForwarded(line string) (elements []element, ok bool) {
	members, ok := split(line, ',')
	if !ok {
		return nil, false
	}
	for _, member := range members {
		e, ok := parseElement(member)
		if !ok {
			return nil, false
		}
		elements = append(elements, e)
	}
	return elements, true
}

// parseElement reads the parameters of one element. A name must not be there twice.
func parseElement(text string) (e element, ok bool) {
	pairs, ok := split(text, ';')
	if !ok {
		return element{}, false
	}
	seen := make(map[string]bool)
	for _, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=") // without it, there is no value
		name = strings.ToLower(name)
		value, ok := parseValue(value)
		if !ok || !isToken(name) || seen[name] {
			return element{}, false
		}
		seen[name] = true
		switch name {
		case "for":
			e.node = value
		case "proto":
			e.scheme = parseScheme(value)
		case "host":
			e.host = parseHost(value)
		}
	}
	return e, true
}

// split splits a text at the separators that are in no quoted string, trims the parts,
// and leaves out those that are empty (RFC 9110, section 5.6.1; RFC 7239, section 4). It
// fails if a quoted string does not end.
func split(text string, separator byte) (parts []string, ok bool) {
	for text != "" {
		var part string
		if part, text, ok = quoted.Cut(text, separator); !ok {
			return nil, false
		}
		if part = strings.Trim(part, " \t"); part != "" {
			parts = append(parts, part)
		}
	}
	return parts, true
}

// parseValue returns what a token, or a quoted string, stands for.
func parseValue(text string) (value string, ok bool) {
	if isToken(text) {
		return text, true
	}
	return quoted.Unquote(text)
}
