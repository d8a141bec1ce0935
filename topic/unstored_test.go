package topic_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bare-go/bare/eventlog"
	"github.com/bare-go/bare/topic"
)

// TestNoAnswerMayBeStored: a 410 may be, unless it says otherwise (RFC 9110, section 15.1), and
// the page would never see the topic again.
func TestNoAnswerMayBeStored(t *testing.T) {
	logs := eventlog.NewMemoryLogs(eventlog.MemoryOptions{})
	log, err := logs.Create(t.Context(), "prices", eventlog.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := logs.Delete(t.Context(), "prices", 0); err != nil {
		t.Fatal(err)
	}
	overHTTP1(t, topic.Options{Log: log}, func(t *testing.T, s *site) {
		for accept, status := range map[string]int{"text/event-stream": http.StatusGone, "text/html": http.StatusNotAcceptable} {
			head := s.get("/events", "accept", accept).Response
			want(t, accept, fmt.Sprint(head.StatusCode, head.Header["Cache-Control"], head.Header["Vary"]),
				fmt.Sprint(status, []string{"no-store"}, []string{"Accept"}))
		}
	})
}

// TestAClientThatClosesItsSideIsStillAnswered, whenever it does so.
func TestAClientThatClosesItsSideIsStillAnswered(t *testing.T) {
	overHTTP1(t, topic.Options{}, func(t *testing.T, s *site) {
		s.publish("one")
		for path, answer := range map[string]string{
			"/events?live=long-poll":                  "HTTP/1.1 204",
			"/events?live=long-poll&last-event-id=-1": "HTTP/1.1 200",
		} {
			for _, delay := range []time.Duration{0, time.Second} {
				conn := s.server.Dial()
				_, _ = fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path)
				time.Sleep(delay)
				if half, ok := conn.(interface{ CloseWrite() error }); !ok || half.CloseWrite() != nil {
					t.Fatal("the connection cannot be closed on one side")
				}
				buffer := make([]byte, 4096)
				n, err := conn.Read(buffer)
				if !strings.HasPrefix(string(buffer[:n]), answer) {
					t.Errorf("%s, closed after %v: %q %v", path, delay, buffer[:n], err)
				}
				_ = conn.Close()
			}
		}
	})
}

func TestALongPollSaysHowLongItIs(t *testing.T) {
	eachProtocol(t, topic.Options{}, func(t *testing.T, s *site) {
		s.publish(strings.Repeat("x", 10_000))
		stream := s.get("/events?live=long-poll&last-event-id=-1")
		if got, want := stream.Response.ContentLength, int64(len(stream.Rest())); got != want {
			t.Errorf("the length is said to be %d, and is %d", got, want)
		}
	})
}
