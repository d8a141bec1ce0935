package bare

import (
	"crypto/sha1" //nolint:gosec // RFC 6455, section 4.2.2, which does not rely on it
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"
)

// webSocketGUID is what RFC 6455, section 1.3, has a server add to the client's key.
const webSocketGUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

var (
	errNoConnection = errors.New("bare: a WebSocket needs a request that a server made")
	errNoHijacker   = errors.New("bare: the ResponseWriter cannot be hijacked: a wrapper around it has no Unwrap")
)

// checkHandshake reports whether the request is a client's opening handshake (RFC 6455,
// section 4.2.1) that a page of one of the origins may send. If not it returns the
// answer.
func (r *HttpRequest) checkHandshake(origins []string) (refusal HttpResponse, ok bool) {
	scope := r.Scope
	switch {
	case !wantsWebSocket(scope), scope.ProtoMajor != 1 || scope.ProtoMinor < 1:
		return upgradeRequired("This address is for WebSockets."), false
	case scope.Method != http.MethodGet:
		return ErrorResponse(&HttpError{Status: http.StatusMethodNotAllowed}).WithHeader("Allow", http.MethodGet), false
	case scope.Header.Get("Sec-WebSocket-Version") != "13":
		return upgradeRequired("The version of the WebSocket protocol must be 13."), false
	case !isWebSocketKey(scope.Header["Sec-Websocket-Key"]):
		return badHandshake("The Sec-WebSocket-Key must be 16 bytes in base64."), false
	case r.exchange.body != nil:
		return badHandshake("A WebSocket's handshake has no body."), false
	case !hijackable(r.exchange.sink.w):
		return ErrorResponse(errNoHijacker), false
	}
	if err := checkOrigin(r, origins); err != nil {
		return ErrorResponse(&HttpError{
			Status:  http.StatusForbidden,
			Message: "Pages of this origin may not open the WebSocket.",
			Err:     err,
		}), false
	}
	return HttpResponse{}, true
}

// upgradeRequired says what to upgrade to (RFC 9110, section 15.5.22), and in which
// version (RFC 6455, section 4.4).
func upgradeRequired(message string) HttpResponse {
	response := ErrorResponse(&HttpError{Status: http.StatusUpgradeRequired, Message: message})
	response.Headers = canonicalHeaders(response.Headers)
	response.Headers.Set("Upgrade", "websocket")
	response.Headers.Set("Connection", "Upgrade")
	response.Headers.Set("Sec-WebSocket-Version", "13")
	return response
}

func badHandshake(message string) HttpResponse {
	return ErrorResponse(&HttpError{Status: http.StatusBadRequest, Message: message})
}

// isWebSocketKey reports whether there is one key, of 16 bytes.
func isWebSocketKey(keys []string) bool {
	if len(keys) != 1 {
		return false
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(keys[0]))
	return err == nil && len(key) == 16
}

// checkOrigin reports why a browser's page may not open the WebSocket (RFC 6455,
// section 10.2): it is not of this host, and no pattern allows it.
func checkOrigin(r *HttpRequest, origins []string) error {
	values := r.Scope.Header["Origin"]
	if len(values) == 0 {
		return nil
	}
	origin, err := url.Parse(values[0])
	if err != nil || len(values) > 1 {
		return fmt.Errorf("bare: the origin %q cannot be understood", values)
	}
	if origin.Host != "" && strings.EqualFold(origin.Host, r.URL().Host) {
		return nil
	}
	for _, pattern := range origins {
		name := origin.Host
		if strings.Contains(pattern, "://") {
			name = origin.Scheme + "://" + origin.Host
		}
		if ok, err := path.Match(strings.ToLower(pattern), strings.ToLower(name)); ok && err == nil {
			return nil
		}
	}
	return fmt.Errorf("bare: the origin %q is foreign to the host %q", values[0], r.URL().Host)
}

// webSocketAccept proves that the server has understood the handshake (RFC 6455,
// section 4.2.2, step 5.4).
func webSocketAccept(key string) string {
	sum := sha1.Sum([]byte(strings.TrimSpace(key) + webSocketGUID)) //nolint:gosec // as above
	return base64.StdEncoding.EncodeToString(sum[:])
}

// hijackable reports whether the connection beneath a writer, and what wraps it, can be
// taken over. It must be known before the 101 is sent.
func hijackable(w http.ResponseWriter) bool {
	for {
		switch wrapper := w.(type) {
		case http.Hijacker:
			return true
		case interface{ Unwrap() http.ResponseWriter }:
			w = wrapper.Unwrap()
		default:
			return false
		}
	}
}

// hasToken reports whether a header that is a list has the token, in any case (RFC
// 9110, section 5.6.1).
func hasToken(values []string, token string) bool {
	for item := range listItems(values) {
		if strings.EqualFold(item, token) {
			return true
		}
	}
	return false
}

// listItems yields the items of a header that is a list, those that are empty left out.
func listItems(values []string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for _, value := range values {
			for item := range strings.SplitSeq(value, ",") {
				if item = strings.TrimSpace(item); item != "" && !yield(item) {
					return
				}
			}
		}
	}
}
