package topic_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare/eventlog"
	"github.com/bare-go/bare/topic"
)

// halfClosed asks for the whole topic, closes the client's side of the connection, and
// reads what comes.
func (s *site) halfClosed(accept string) (text string, err error) {
	s.t.Helper()
	conn := s.server.Dial()
	defer func() { _ = conn.Close() }()
	_, _ = fmt.Fprintf(conn, "GET /events?last-event-id=-1 HTTP/1.1\r\nHost: x\r\nAccept: %s\r\n\r\n", accept)
	if half, ok := conn.(interface{ CloseWrite() error }); !ok || half.CloseWrite() != nil {
		s.t.Fatal("the connection cannot be closed on one side")
	}
	synctest.Wait()
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	whole, err := io.ReadAll(response.Body)
	return string(whole), err
}

// TestAClientThatClosesItsSideHasAllOfATopicThatIsClosed, also what the log has to be
// read for, and what does not fit into the buffers on the way.
func TestAClientThatClosesItsSideHasAllOfATopicThatIsClosed(t *testing.T) {
	const events = 60
	overHTTP1(t, topic.Options{}, func(t *testing.T, s *site) {
		for range events {
			s.publish(strings.Repeat("x", large))
		}
		if err := s.topic.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		for accept, last := range map[string]string{"text/event-stream": "event: done\n", "application/x-ndjson": `"type":"end"`} {
			text, err := s.halfClosed(accept)
			if got := strings.Count(text, strings.Repeat("x", large)); got != events || !strings.Contains(text, last) || err != nil {
				t.Errorf("as %s, %d events came, and at the end %.100q, %v", accept, got, text[max(0, len(text)-100):], err)
			}
		}
		want(t, "the ends", s.reasons(), "finished, finished")
	})
}

// TestAClientThatClosesItsSideIsToldOfTheEnd also when it has had all events before the
// topic itself knows that there are no more.
func TestAClientThatClosesItsSideIsToldOfTheEnd(t *testing.T) {
	log := slowState{eventlog.NewMemory(eventlog.MemoryOptions{})}
	overHTTP1(t, topic.Options{Log: log}, func(t *testing.T, s *site) {
		s.publish("one")
		if err := s.topic.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		text, err := s.halfClosed("*/*")
		if !strings.Contains(text, "data: one\n") || !strings.Contains(text, "event: done\n") || err != nil {
			t.Errorf("%q came, and then %v", text, err)
		}
	})
}

// A slowState log takes its time to say where its tail is.
type slowState struct{ *eventlog.Memory }

func (l slowState) State(ctx context.Context) (eventlog.State, error) {
	time.Sleep(time.Second / 2)
	return l.Memory.State(ctx)
}

// TestAClientThatClosesItsSideOfAnOpenTopicHasWhatThereIs, and is then cut, as there would
// be more.
func TestAClientThatClosesItsSideOfAnOpenTopicHasWhatThereIs(t *testing.T) {
	overHTTP1(t, topic.Options{}, func(t *testing.T, s *site) {
		s.publish("one", "two")
		begin := time.Now()
		text, err := s.halfClosed("*/*")
		if took := time.Since(begin); !strings.Contains(text, "data: two\n") || err == nil || took > time.Second/2 {
			t.Errorf("%q came in %v, and then %v", text, took, err)
		}
		want(t, "the ends", s.reasons(), "client gone")
	})
}

// TestAClientThatClosesItsSideDoesNotWaitForALogForLong, whether the log is silent or broken.
func TestAClientThatClosesItsSideDoesNotWaitForALogForLong(t *testing.T) {
	for name, log := range map[string]eventlog.Log{
		"silent": silentLog{eventlog.NewMemory(eventlog.MemoryOptions{})},
		"broken": brokenLog{eventlog.NewMemory(eventlog.MemoryOptions{})},
	} {
		t.Run(name, func(t *testing.T) {
			overHTTP1(t, topic.Options{Log: log}, func(t *testing.T, s *site) {
				s.publish("one")
				begin := time.Now()
				text, err := s.halfClosed("*/*")
				if took := time.Since(begin); strings.Contains(text, "one") || err == nil || took > 2*time.Second {
					t.Errorf("%q came in %v, and then %v", text, took, err)
				}
			})
		})
	}
}

var errLog = errors.New("the log is broken")

// A brokenLog cannot be read once the client has had time to leave.
type brokenLog struct{ *eventlog.Memory }

func (brokenLog) Read(ctx context.Context, _ eventlog.Offset, _ int) (eventlog.Page, error) {
	select {
	case <-ctx.Done():
		return eventlog.Page{}, ctx.Err()
	case <-time.After(time.Second / 4):
		return eventlog.Page{}, errLog
	}
}
