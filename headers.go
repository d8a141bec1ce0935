package bare

import (
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
)

// canonicalHeaders returns a copy of headers that is never nil, whose names are
// canonical. A name given in several spellings has the values of all.
func canonicalHeaders(headers http.Header) http.Header {
	canonical := make(http.Header, len(headers)+1)
	for name, values := range headers {
		addValues(canonical, canonicalName(name), append([]string(nil), values...))
	}
	return canonical
}

// canonicalName is [textproto.CanonicalMIMEHeaderKey].
func canonicalName(name string) string {
	if canonical, ok := commonName(name); ok {
		return canonical
	}
	return textproto.CanonicalMIMEHeaderKey(name)
}

// commonName returns the canonical form of a name that most responses have, for a
// fifth of what a look at each of its bytes costs.
func commonName(name string) (canonical string, ok bool) {
	switch name {
	case "Content-Type", "content-type":
		return "Content-Type", true
	case "Content-Length", "content-length":
		return "Content-Length", true
	case "Cache-Control", "cache-control":
		return "Cache-Control", true
	}
	return "", false
}

// addValues adds values under a canonical name. It keeps the slice
// when it is the only one, clipped, so that a later Add cannot write into it.
func addValues(headers http.Header, name string, values []string) {
	if before, ok := headers[name]; ok {
		values = append(slices.Clip(before), values...)
	}
	headers[name] = slices.Clip(values)
}

// checkHeader reports what is wrong with a header: what would let it end the
// head, or start a header of its own.
func checkHeader(name string, values []string) error {
	if _, ok := commonName(name); !ok && !isToken(name) {
		return fmt.Errorf("bare: the header name %q is no token", name)
	}
	for _, value := range values {
		if !isFieldValue(value) {
			return fmt.Errorf("bare: the value %q of header %s has a control character", value, name)
		}
	}
	return nil
}

// isToken reports whether name is a token (RFC 9110, section 5.6.2).
func isToken(name string) bool {
	if name == "" {
		return false
	}
	for i := range len(name) {
		if !isTokenByte(name[i]) {
			return false
		}
	}
	return true
}

func isTokenByte(b byte) bool {
	switch {
	case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9', b == '-':
		return true
	}
	switch b {
	case '!', '#', '$', '%', '&', '\'', '*', '+', '.', '^', '_', '`', '|', '~':
		return true
	}
	return false
}

// isFieldValue reports whether value may stand in a header: no control
// character but the tab (RFC 9110, section 5.5). HTTP/2 drops a header that has
// one silently, so it is refused everywhere.
func isFieldValue(value string) bool {
	for i := range len(value) {
		if b := value[i]; b < ' ' && b != '\t' || b == 0x7f {
			return false
		}
	}
	return true
}

// declaredLength returns the Content-Length that headers declare, -1 for none.
func declaredLength(headers http.Header) (int64, error) {
	values := headers["Content-Length"]
	if len(values) == 0 {
		return -1, nil
	}
	length, err := strconv.ParseInt(values[0], 10, 64)
	if err != nil || length < 0 || len(values) > 1 || values[0][0] == '+' {
		return 0, errors.New("bare: a response needs one Content-Length in decimal digits, or none")
	}
	return length, nil
}

// hasNoBody reports whether a response with the status never has a body (RFC 9110,
// sections 15.3.5 and 15.4.5).
func hasNoBody(status int) bool {
	return status == http.StatusNoContent || status == http.StatusNotModified || status == http.StatusSwitchingProtocols
}

// isFraming reports whether a header, by its canonical name, is the server's own
// business. Over HTTP/2 a message with one that is for a single connection is
// malformed (RFC 9113, section 8.2.2).
func isFraming(name string, http2 bool) bool {
	switch name {
	case "Transfer-Encoding":
		return true
	case "Connection", "Keep-Alive", "Proxy-Connection", "Upgrade":
		return http2
	}
	return false
}

// eventStream is the content type of server-sent events.
const eventStream = "text/event-stream"

// contentType returns the media type of the content, in lower case and without
// its parameters; "" if there is none.
func contentType(head http.Header) string {
	values := head["Content-Type"]
	if len(values) == 0 {
		return ""
	}
	kind, _, _ := strings.Cut(values[0], ";")
	return strings.ToLower(strings.TrimSpace(kind))
}

// isStream reports whether the content is a stream by nature: one that is read as
// it comes, record by record.
func isStream(head http.Header) bool {
	switch contentType(head) {
	case eventStream, "application/x-ndjson", "application/ndjson", "application/jsonl", "application/json-seq":
		return true
	}
	return false
}

// addStreamHeaders tells what is between the server and the client not to hold a
// stream back: nginx by its own header, others by the standard one (RFC 10036). An
// event stream is not for caches either. A name that is in the head already is left
// alone, whatever it says.
func addStreamHeaders(head http.Header) {
	addMissing(head, "X-Accel-Buffering", "no")
	addMissing(head, "Incremental", "?1")
	if contentType(head) == eventStream {
		addMissing(head, "Cache-Control", "no-cache")
	}
}

func addMissing(head http.Header, name, value string) {
	if _, ok := head[name]; !ok {
		head[name] = []string{value}
	}
}

// addVary says that a response would be another one if the request's header were,
// unless that is said already (RFC 9110, section 12.5.5). The names in headers are
// canonical.
func addVary(headers http.Header, name string) {
	for _, value := range headers["Vary"] {
		for member := range strings.SplitSeq(value, ",") {
			if member = strings.TrimSpace(member); member == "*" || strings.EqualFold(member, name) {
				return
			}
		}
	}
	headers.Add("Vary", name)
}
