package bare

import (
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"strings"
	"time"
)

// EarlyHints tells the client, while the handler still works on the response, what it
// will need to show it: each link is a value of the header Link, such as
//
//	</style.css>; rel=preload; as=style
//
// A browser asks for these at once, and keeps them in its cache, where they must be
// allowed. They are sent as an informational response with the status 103 (RFC 8297),
// of which several may come before the response. The response should repeat the links,
// in its own Link header, for clients that do not know of hints, and for caches.
//
// It returns true when the hints were sent. Over HTTP/1.x it does nothing and returns
// false, as some clients there take the hints for the response. It does likewise when
// the handler has returned, or no server made the request; under a ResponseWriter that
// hides the connection's own, such as that of [http.TimeoutHandler] in
// [Application.Wrap]; and for a link that is none, which is logged.
//
// Hints are not taken back, whatever the response will be. They pass by all middlewares,
// and nothing that those have set is sent with them. EarlyHints may wait for the
// connection, and is called by one goroutine at a time.
func (r *HttpRequest) EarlyHints(links ...string) bool {
	if r.exchange == nil || len(links) == 0 {
		return false
	}
	return r.exchange.hint(links)
}

// hint sends hints, unless the response has begun. It may be called while that begins,
// as the handler inside a middleware of net/http runs in a goroutine of its own.
func (x *exchange) hint(links []string) bool {
	if !x.head.tryLock() {
		return false
	}
	defer x.head.unlock()
	if err := checkLinks(links); err != nil {
		x.log.write(slog.LevelError, "the early hints were refused", slog.Any("error", err))
		return false
	}
	return x.sink.hint(links)
}

// beginHead says that there are no hints any more, and waits for those that are being
// sent.
func (x *exchange) beginHead() {
	if !x.begun {
		x.begun = true
		x.head.lock() // for good
	}
}

// hint sends an informational response. It goes past what is around the application,
// as middlewares of net/http tend to take the first status for the only one.
func (s *httpSink) hint(links []string) bool {
	w := ownWriter(s.w)
	if w == nil || s.scope.ProtoMajor != 2 {
		return false
	}
	headers := w.Header()
	kept := maps.Clone(headers)
	clear(headers)
	headers["Link"] = links
	// It is not sent. It has net/http send a copy of the headers, which it may be
	// reading yet when the client has left and WriteHeader has returned.
	headers["Content-Length"] = []string{"0"}
	defer func() {
		clear(headers)
		maps.Copy(headers, kept)
	}()
	w.WriteHeader(http.StatusEarlyHints)
	return true
}

// ownWriter returns the connection's own writer behind those of middlewares, nil if
// it cannot be reached. It is known by its deadlines.
func ownWriter(w http.ResponseWriter) http.ResponseWriter {
	for {
		wrapper, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			break
		}
		w = wrapper.Unwrap()
	}
	if _, ok := w.(interface{ SetWriteDeadline(time.Time) error }); !ok {
		return nil
	}
	return w
}

// checkLinks reports what is no value of the header Link (RFC 8288, section 3).
func checkLinks(links []string) error {
	for _, link := range links {
		if !isFieldValue(link) {
			return fmt.Errorf("bare: the link %q has a control character", link)
		}
		if target, _, ok := strings.Cut(link, ">"); !ok || !strings.HasPrefix(target, "<") {
			return fmt.Errorf("bare: the link %q does not begin with <address>", link)
		}
	}
	return nil
}
