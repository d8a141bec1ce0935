package topic_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/eventlog"
	"github.com/bare-go/bare/topic"
)

// TestWhatAClientSaysIsThrownAway has a client that floods: it still gets each event, and
// its close is seen.
func TestWhatAClientSaysIsThrownAway(t *testing.T) {
	overHTTP1(t, topic.Options{}, func(t *testing.T, s *site) {
		socket := s.socket("/events")
		begin := time.Now()
		for range 200 {
			socket.SendText("hello?")
		}
		id := s.publish("one")
		want(t, "an event", socket.Text(), message(id, "one"))
		if code := socket.Close(bare.CloseNormal, ""); code != bare.CloseNormal {
			t.Errorf("closed with %d", code)
		}
		if took := time.Since(begin); took < time.Second {
			t.Errorf("200 messages were read in %v", took)
		}
		want(t, "the ends", s.reasons(), "client gone")
	})
}

func TestALeaseHearsWhatTheClientSays(t *testing.T) {
	eachProtocol(t, topic.Options{}, func(t *testing.T, s *site) {
		var over bool
		s.app.HttpRouter.Add(bare.Methods{"GET"}, "/chat", func(request *bare.HttpRequest) bare.HttpResponse {
			request.OnEnd(func(bare.End) { over = true })
			return s.topic.Serve(request, topic.Lease{OnMessage: func(message bare.WebSocketMessage) {
				if over {
					t.Errorf("%q is heard after the end", message.Text)
				}
				s.publish(message.Text)
				time.Sleep(time.Second)
			}})
		})
		ann, bob := s.socket("/chat"), s.socket("/chat")
		long := strings.Repeat("x", 100<<10)
		for _, text := range []string{"hello", long, ""} {
			id := eventlog.Offset{Epoch: s.tail().Epoch, Seq: s.tail().Seq + 1}
			ann.SendText(text)
			want(t, "what bob hears", bob.Text(), message(id, text))
			want(t, "what ann hears", ann.Text(), message(id, text))
			time.Sleep(time.Second)
		}
		ann.SendText("last words")
		ann.Close(bare.CloseNormal, "")
		time.Sleep(2 * time.Second)
		want(t, "the ends", s.reasons(), "client gone")
	})
}

func TestAMessageAtWhichOnMessagePanicsEndsItsStreamOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, baretest.HTTP1, topic.Options{})
		var log bytes.Buffer
		s.app.Logger = slog.New(slog.NewTextHandler(&log, nil))
		s.app.HttpRouter.Add(bare.Methods{"GET"}, "/chat", func(request *bare.HttpRequest) bare.HttpResponse {
			return s.topic.Serve(request, topic.Lease{OnMessage: func(bare.WebSocketMessage) { panic("oops") }})
		})
		bad, good := s.socket("/chat"), s.socket("/chat")
		bad.SendText("hello")
		wantClosed(t, bad, bare.CloseInternalError, "")
		id := s.publish("one")
		want(t, "what the other hears", good.Text(), message(id, "one"))
		want(t, "the ends", s.reasons(), "failed")
		if got := log.String(); !strings.Contains(got, `panic="oops, in OnMessage:`) || !strings.Contains(got, "socketmessages_test.go") {
			t.Errorf("the log has %s", got)
		}
	})
}
