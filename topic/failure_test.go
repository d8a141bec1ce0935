package topic_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/eventlog"
	"github.com/bare-go/bare/topic"
)

// failedEvent is what an event stream of a producer that has failed ends with.
func failedEvent(last eventlog.Offset, message string) string {
	return fmt.Sprintf("event: failed\nid: %s.failed\ndata: %s\n\n", last, message)
}

func TestAFailureIsToldAndThenCut(t *testing.T) {
	eachProtocol(t, topic.Options{}, func(t *testing.T, s *site) {
		events, lines := s.follow(), s.get("/events", "accept", "application/x-ndjson")
		lines.Line()
		last := s.publish("one")
		want(t, "the event", events.Event(), record(last, "one"))
		lines.Line()
		secret := &bare.HttpError{Status: 502, Message: "The exchange is closed.", Err: errors.New("password")}
		if err := s.topic.Fail(t.Context(), secret); err != nil {
			t.Fatal(err)
		}
		want(t, "the event stream", events.Rest(), failedEvent(last, "The exchange is closed."))
		want(t, "the lines", lines.Rest(), `{"type":"failed","data":"The exchange is closed."}`+"\n")
		if events.Err() == nil || lines.Err() == nil {
			t.Errorf("a stream that failed looks complete: %v, %v", events.Err(), lines.Err())
		}
		want(t, "the ends", s.reasons(), "failed, failed")
	})
}

// TestAFailureIsToldToWhoeverWasBetweenTwoRequests: a client that polls nearly always is, and an
// EventSource may be between two connections. Each has had all events.
func TestAFailureIsToldToWhoeverWasBetweenTwoRequests(t *testing.T) {
	const message = "The exchange is closed."
	const line = `{"type":"failed","data":"` + message + `"}`
	eachProtocol(t, topic.Options{}, func(t *testing.T, s *site) {
		last := s.publish("one")
		if err := s.topic.Fail(t.Context(), &bare.HttpError{Status: 502, Message: message}); err != nil {
			t.Fatal(err)
		}
		for range 2 { // nobody is told only once
			polled := s.get("/events?live=long-poll&offset=" + last.String())
			want(t, "the poll", poll(polled), "200 "+last.String()+" closed ["+line+"]")
			lines := s.get("/events?last-event-id="+last.String(), "accept", "application/x-ndjson")
			want(t, "the lines", lines.Rest(), "\n"+line+"\n")
			events := s.get("/events", "last-event-id", last.String())
			want(t, "the event stream", events.Rest(), begins(last)+failedEvent(last, message))
			if lines.Err() == nil || events.Err() == nil {
				t.Errorf("a stream that failed looks complete: %v, %v", lines.Err(), events.Err())
			}
		}
		told := s.get("/events", "last-event-id", last.String()+".failed")
		want(t, "an EventSource that has been told", fmt.Sprint(told.Response.StatusCode), "204")
	})
}

// TestTheIDOfAFailureIsNoneOfAnotherTopic: a page that was told of a failure comes back after
// a restart.
func TestTheIDOfAFailureIsNoneOfAnotherTopic(t *testing.T) {
	overHTTP1(t, topic.Options{}, func(t *testing.T, s *site) {
		old := eventlog.Offset{Epoch: 1, Seq: 7}
		at := s.tail()
		stream := s.get("/events", "last-event-id", old.String()+".failed")
		stream.Event()
		want(t, "the event stream", stream.Event(), gap(old.String(), at))
		if err := s.topic.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		stream = s.get("/events", "last-event-id", at.String()+".failed")
		want(t, "a topic that has not failed", fmt.Sprint(stream.Response.StatusCode), "204")
	})
}
