package bare

import (
	"cmp"
	"fmt"
	"iter"
	"log/slog"
	"net/http"
)

// setHead checks the status and the headers of a response and gives them to the
// sink, or reports why they are refused.
func (s *stream) setHead(response *HttpResponse) error {
	if response.invalid != nil {
		return response.invalid
	}
	status := cmp.Or(response.Status, http.StatusOK)
	if (status < 200 || status > 999) && !response.upgrades() {
		return fmt.Errorf("bare: a response's status is from 200 to 999, not %d", status)
	}
	if s.tried {
		s.sink.takeBack() // this response is in the place of another one
	}
	s.tried = true
	head, err := s.sink.setHead(response.Headers)
	if err != nil {
		return err
	}
	if status == http.StatusNoContent || response.upgrades() {
		delete(head, "Content-Length") // RFC 9110, section 8.6
	}
	declared, err := declaredLength(head)
	if err != nil {
		return err
	}
	s.status, s.declared, s.eager = status, declared, isStream(head)
	if s.eager {
		addStreamHeaders(head)
	}
	return nil
}

// bodyless reports whether the body is not to be run. Head says that the client has
// asked for no more than the head.
func (s *stream) bodyless(head bool, body iter.Seq[[]byte]) bool {
	switch {
	case head:
		return true
	case hasNoBody(s.status):
		if body != nil {
			s.log.write(slog.LevelError, "a response that can have no body has one", slog.Int("status", s.status))
		}
		return true
	default:
		return body == nil && s.declared <= 0
	}
}
