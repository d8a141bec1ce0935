package topic_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare/topic"
)

// TestACutOfAClientThatHasClosedItsSideIsACut: its context has ended before.
func TestACutOfAClientThatHasClosedItsSideIsACut(t *testing.T) {
	overHTTP1(t, topic.Options{}, func(t *testing.T, s *site) {
		for range 60 {
			s.publish(strings.Repeat("x", large))
		}
		conn := s.server.Dial()
		defer func() { _ = conn.Close() }()
		_, _ = fmt.Fprint(conn, "GET /events?last-event-id=-1 HTTP/1.1\r\nHost: x\r\n\r\n")
		synctest.Wait()
		half, ok := conn.(interface{ CloseWrite() error })
		if !ok || half.CloseWrite() != nil { // it may still read
			t.Fatal("the connection cannot be closed on one side")
		}
		time.Sleep(time.Second)
		for stream := range s.app.Streams() {
			s.app.CutStream(stream.ID, errors.New("by hand"))
		}
		time.Sleep(time.Second)
		want(t, "the ends", s.reasons(), "cut")
	})
}
