package topic_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/eventlog"
	"github.com/bare-go/bare/internal/wsclient"
	"github.com/bare-go/bare/topic"
)

// socketBegins is the first message of a WebSocket.
func socketBegins(at eventlog.Offset) string { return fmt.Sprintf(`{"id":%q,"retry":3000}`, at) }

// message is that of an event.
func message(id eventlog.Offset, text string) string {
	return fmt.Sprintf(`{"id":%q,"data":%q}`, id, text)
}

// socket opens a WebSocket, and reads its first message.
func (s *site) socket(path string) *baretest.WebSocket {
	s.t.Helper()
	socket := s.server.WebSocket(path, nil)
	if got := socket.Text(); !strings.HasSuffix(got, `"retry":3000}`) {
		s.t.Errorf("the first message is %q", got)
	}
	synctest.Wait()
	return socket
}

// wantClosed waits for the end of a WebSocket. A client that is still there answers the
// close.
func wantClosed(t *testing.T, socket *baretest.WebSocket, code int, reason string) {
	t.Helper()
	if got := socket.Code(); got != code || socket.Reason() != reason {
		t.Errorf("closed with %d %q, want %d %q", got, socket.Reason(), code, reason)
	}
}

func TestAWebSocketHasTheLinesOfNDJSON(t *testing.T) {
	eachProtocol(t, topic.Options{}, func(t *testing.T, s *site) {
		start := s.tail()
		socket := s.server.WebSocket("/events", nil)
		want(t, "the first message", socket.Text(), socketBegins(start))
		lines := s.get("/events", "accept", "application/x-ndjson")
		lines.Line()
		synctest.Wait()
		value, err := topic.JSON("price", "ACME", map[string]int{"is": 42})
		if err != nil {
			t.Fatal(err)
		}
		for _, event := range []topic.Event{
			{Data: []byte("one\ntwo")},
			value,
			{Type: "bytes", Data: []byte("\xff")},
			{},
			{JSON: true, Data: []byte("[1,\n2]")},
		} {
			if _, err := s.topic.Publish(t.Context(), event); err != nil {
				t.Fatal(err)
			}
			want(t, "a message", socket.Text()+"\n", lines.Line())
		}
		s.publish("burst", "of", "three")
		for range 3 {
			want(t, "a message of a burst", socket.Text()+"\n", lines.Line())
		}
		want(t, "the figures", fmt.Sprint(s.topic.Stats().Transports), "map[ndjson:1 websocket:1]")
		if err := s.topic.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		want(t, "the end", socket.Text()+"\n", lines.Line())
		wantClosed(t, socket, bare.CloseNormal, "")
		want(t, "the ends", s.reasons(), "finished, finished")
	})
}

// TestAMessageIsUTF8 publishes a JSON value that has a byte which is none: a browser would
// close the WebSocket.
func TestAMessageIsUTF8(t *testing.T) {
	overHTTP1(t, topic.Options{}, func(t *testing.T, s *site) {
		socket := s.socket("/events")
		id, err := s.topic.Publish(t.Context(), topic.Event{JSON: true, Data: []byte("\"\xff\"")})
		if err != nil {
			t.Fatal(err)
		}
		want(t, "the message", socket.Text(), message(id, "\uFFFD"))
	})
}

func TestAWebSocketResumes(t *testing.T) {
	options := topic.Options{Memory: eventlog.MemoryOptions{Records: 2}}
	eachProtocol(t, options, func(t *testing.T, s *site) {
		first := s.publish("one")
		last := s.publish("two")
		socket := s.server.WebSocket("/events?last-event-id="+first.String(), nil)
		want(t, "the position", socket.Text(), socketBegins(first))
		want(t, "what was missed", socket.Text(), message(last, "two"))
		live := s.publish("three")
		want(t, "what comes", socket.Text(), message(live, "three"))

		byHeader := s.server.WebSocket("/events", http.Header{"Last-Event-Id": {last.String()}})
		want(t, "the position by the header", byHeader.Text(), socketBegins(last))
		want(t, "what was missed by the header", byHeader.Text(), message(live, "three"))

		lost := s.server.WebSocket("/events?last-event-id=x", nil)
		want(t, "no position", lost.Text(), `{"retry":3000}`)
		want(t, "the gap", lost.Text(), fmt.Sprintf(`{"id":%q,"type":"gap","data":{"from":"x","to":%q}}`, first, first))
		want(t, "what there is", lost.Text(), message(last, "two"))
	})
}

// TestAPageIsToldThatATopicHasEnded comes back with the last id. Others get a 204 then,
// which a page with a WebSocket is not shown.
func TestAPageIsToldThatATopicHasEnded(t *testing.T) {
	overHTTP1(t, topic.Options{}, func(t *testing.T, s *site) {
		last := s.publish("one")
		if err := s.topic.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		socket := s.socket("/events?last-event-id=" + last.String())
		want(t, "the end", socket.Text(), fmt.Sprintf(`{"id":%q,"type":"end","data":null}`, last))
		wantClosed(t, socket, bare.CloseNormal, "")
	})
}

func TestAPageIsToldThatAProducerHasFailed(t *testing.T) {
	overHTTP1(t, topic.Options{}, func(t *testing.T, s *site) {
		socket := s.socket("/events")
		if err := s.topic.Fail(t.Context(), &bare.HttpError{Status: 503, Message: "no prices"}); err != nil {
			t.Fatal(err)
		}
		want(t, "the failure", socket.Text(), `{"type":"failed","data":"no prices"}`)
		wantClosed(t, socket, bare.CloseInternalError, "")
		want(t, "the ends", s.reasons(), "failed")
	})
}

// TestASilentWebSocketIsKeptAlive looks at what a page sees: it is not shown pings.
func TestASilentWebSocketIsKeptAlive(t *testing.T) {
	overHTTP1(t, topic.Options{}, func(t *testing.T, s *site) {
		socket := s.socket("/events")
		for range 3 {
			begin := time.Now()
			want(t, "the keep-alive", socket.Text(), "{}")
			if silent := time.Since(begin); silent < 14*time.Second || silent > 17*time.Second {
				t.Errorf("it came after %v", silent)
			}
		}
	})
}

func TestAWebSocketThatIsRefusedHasItsReason(t *testing.T) {
	eachProtocol(t, topic.Options{StreamsPerKey: 1}, func(t *testing.T, s *site) {
		s.app.HttpRouter.Add(bare.Methods{"GET"}, "/replaced", bare.Chain(s.topic.Handle,
			func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
				handler(request)
				return bare.TextResponse(404, "replaced")
			}))
		first := s.socket("/of/ann")
		refusal := func(path string, headers http.Header) string {
			response := s.server.WebSocket(path, headers).Response
			return fmt.Sprint(response.StatusCode, response.Header["Retry-After"], response.Header["Vary"], response.Header["Cache-Control"])
		}
		const rest = "[] [Accept] [no-store]"
		want(t, "a foreign origin", refusal("/events", http.Header{"Origin": {"http://evil.example"}}), "403 "+rest)
		want(t, "another version", refusal("/events", http.Header{"Sec-Websocket-Version": {"8"}}), "426 "+rest)
		want(t, "one too many", refusal("/of/ann", nil), "429 [10] [Accept] [no-store]")
		want(t, "a middleware", refusal("/replaced", nil), "404 [] [] []")
		first.Close(bare.CloseNormal, "")
		synctest.Wait()
		s.socket("/of/ann")
		want(t, "the ends", s.reasons(), "client gone")
	})
}

func TestWhatAWebSocketIsClosedWith(t *testing.T) {
	lease := topic.Lease{Key: "ann"}
	expiring, revoked := lease, lease
	expiring.Expires = time.Date(2000, 1, 1, 0, 1, 0, 0, time.UTC) // the bubble begins a minute before
	revoked.Check = func(context.Context) error { return errors.New("revoked") }
	kick := func(s *site) { s.topic.Kick("ann") }
	drain := func(s *site) { go func() { _ = s.topic.Drain(s.t.Context(), 0) }() }
	stop := func(s *site) { go func() { _ = s.server.Stop() }() }
	tests := map[string]struct {
		lease  topic.Lease
		end    func(s *site)
		says   string // the beginning of the last message
		code   int
		reason string
		want   string
	}{
		"a kick":              {lease, kick, "", bare.ClosePolicyViolation, "kicked", "kicked"},
		"a lease that ends":   {expiring, func(*site) {}, "{}", bare.ClosePolicyViolation, "expired", "expired"},
		"a check that fails":  {revoked, func(*site) {}, "", bare.ClosePolicyViolation, "expired", "expired"},
		"a drain":             {lease, drain, `{"retry":`, bare.CloseServiceRestart, "", "drained"},
		"a stop":              {lease, stop, `{"retry":`, bare.CloseServiceRestart, "", "shutdown"},
		"a cut":               {lease, nil, "", bare.CloseAbnormal, "", "cut"},
		"a topic that closes": {lease, func(s *site) { _ = s.topic.Close(s.t.Context()) }, `{"id":`, bare.CloseNormal, "", "finished"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			eachProtocol(t, topic.Options{}, func(t *testing.T, s *site) {
				var request *bare.HttpRequest
				s.app.HttpRouter.Add(bare.Methods{"GET"}, "/leased", func(r *bare.HttpRequest) bare.HttpResponse {
					request = r
					return s.topic.Serve(r, test.lease)
				})
				socket := s.socket("/leased")
				if test.end == nil {
					request.Cut(errors.New("enough"))
				} else {
					test.end(s)
				}
				last := ""
				for {
					message, ok := socket.Receive()
					if !ok {
						break
					}
					last = message.Text
				}
				if !strings.HasPrefix(last, test.says) {
					t.Errorf("the last message is %q, want %q", last, test.says)
				}
				wantClosed(t, socket, test.code, test.reason)
				want(t, "the ends", s.reasons(), test.want)
				want(t, "the transport", s.ends[0].Transport, "websocket")
			})
		})
	}
}

func TestAStopTellsWebSocketsToComeBackAtDifferentTimes(t *testing.T) {
	overHTTP1(t, topic.Options{}, func(t *testing.T, s *site) {
		sockets := make([]*baretest.WebSocket, 10)
		for i := range sockets {
			sockets[i] = s.socket("/events")
		}
		stopped := make(chan error, 1)
		go func() { stopped <- s.server.Stop() }()
		told := make(map[string]bool)
		for _, socket := range sockets {
			text := socket.Text()
			var wait int
			if _, err := fmt.Sscanf(text, `{"retry":%d}`, &wait); err != nil || wait < 3000 || wait > 5000 {
				t.Errorf("told %q", text)
			}
			told[text] = true
			wantClosed(t, socket, bare.CloseServiceRestart, "")
		}
		if len(told) < 5 {
			t.Errorf("ten clients come back at %d times", len(told))
		}
		if err := <-stopped; err != nil {
			t.Error(err)
		}
	})
}

// TestAStalledWebSocketHarmsNobody has one that takes nothing, beside one that does.
func TestAStalledWebSocketHarmsNobody(t *testing.T) {
	options := topic.Options{Memory: eventlog.MemoryOptions{Bytes: 1 << 20}}
	eachProtocol(t, options, func(t *testing.T, s *site) {
		stalled, healthy := s.socket("/events"), s.socket("/events")
		begin := time.Now()
		for i := range 112 {
			text := strings.Repeat(string(rune('a'+i%26)), large)
			want := message(s.publish(text), text)
			if got := healthy.Text(); got != want {
				t.Fatalf("the healthy client got %.80q for event %d", got, i)
			}
			time.Sleep(50 * time.Millisecond)
		}
		if took := time.Since(begin); took > 7*time.Second {
			t.Errorf("the healthy client waited: %v", took)
		}
		time.Sleep(6 * time.Second) // far less than the time after which a client counts as stalled
		want(t, "the ends", s.reasons(), "slow")
		if code := stalled.Code(); code != bare.CloseAbnormal {
			t.Errorf("the slow client was closed with %d", code)
		}
	})
}

// TestAWebSocketThatABurstHasLeftBehindIsToldSo reads when what it lacks is gone.
func TestAWebSocketThatABurstHasLeftBehindIsToldSo(t *testing.T) {
	options := topic.Options{Memory: eventlog.MemoryOptions{Bytes: 256 << 10}}
	overHTTP1(t, options, func(t *testing.T, s *site) {
		socket := s.socket("/events")
		for range 112 {
			s.publish(strings.Repeat("x", large))
			synctest.Wait()
		}
		wantClosed(t, socket, bare.ClosePolicyViolation, "slow")
		want(t, "the ends", s.reasons(), "slow")
	})
}

func TestAWebSocketThatTakesNothingIsStalled(t *testing.T) {
	overHTTP1(t, topic.Options{Slow: topic.DropOldest}, func(t *testing.T, s *site) {
		_ = s.socket("/events")
		for range 112 {
			s.publish(strings.Repeat("x", large))
		}
		time.Sleep(time.Minute)
		want(t, "the ends", s.reasons(), "stalled")
	})
}

// TestAKickIsNotHeldUpByAClientThatTakesNothing has a write that waits.
func TestAKickIsNotHeldUpByAClientThatTakesNothing(t *testing.T) {
	overHTTP1(t, topic.Options{Slow: topic.DropOldest}, func(t *testing.T, s *site) {
		_ = s.socket("/of/ann")
		for range 112 {
			s.publish(strings.Repeat("x", large))
		}
		synctest.Wait()
		s.topic.Kick("ann")
		time.Sleep(1500 * time.Millisecond)
		want(t, "the ends", s.reasons(), "kicked")
	})
}

func TestAWebSocketThatIsLeftIsGone(t *testing.T) {
	for name, leave := range map[string]func(socket *baretest.WebSocket){
		"without a word": (*baretest.WebSocket).Leave,
		"with a code":    func(socket *baretest.WebSocket) { socket.Close(bare.CloseGoingAway, "") },
		"with a message that is too long": func(socket *baretest.WebSocket) {
			socket.SendText(strings.Repeat("x", 5000))
			if code := socket.Code(); code != bare.CloseMessageTooBig {
				panic(code)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			eachProtocol(t, topic.Options{}, func(t *testing.T, s *site) {
				leave(s.socket("/events"))
				time.Sleep(time.Second)
				want(t, "the ends", s.reasons(), "client gone")
			})
		})
	}
}

// TestWhatKeepsAWebSocketAlive looks at the frames: pings, or what a page sees.
func TestWhatKeepsAWebSocketAlive(t *testing.T) {
	for name, test := range map[string]struct {
		options topic.Options
		want    string
	}{
		"messages":                     {topic.Options{}, `1 {"id":"$","retry":3000}; 1 {}; 1 {}; 1 {}`},
		"pings, if it says nothing":    {topic.Options{KeepAlive: -1, Retry: -1}, `1 {"id":"$"}; 9 ; 9 ; 9 `},
		"messages as often as it says": {topic.Options{KeepAlive: time.Hour, Retry: time.Second}, `1 {"id":"$","retry":1000}; 1 {}; 1 {}; 1 {}`},
	} {
		t.Run(name, func(t *testing.T) {
			overHTTP1(t, test.options, func(t *testing.T, s *site) {
				client, err := wsclient.Open(s.server.Dial(), "localhost", "/events", nil)
				if err != nil {
					t.Fatal(err)
				}
				defer client.Close()
				var frames []string
				for range 4 {
					frame, err := client.Receive()
					if err != nil {
						t.Fatal(err)
					}
					frames = append(frames, fmt.Sprintf("%d %s", frame.Opcode, frame.Payload))
				}
				want(t, "the frames", strings.Join(frames, "; "), strings.Replace(test.want, "$", s.tail().String(), 1))
			})
		})
	}
}

// TestATopicMayLeaveTheRetryToThePage has a gap as the first event.
func TestATopicMayLeaveTheRetryToThePage(t *testing.T) {
	overHTTP1(t, topic.Options{Retry: -1, Spread: -1, EndCleanly: true}, func(t *testing.T, s *site) {
		socket := s.server.WebSocket("/events?last-event-id=x", nil)
		want(t, "the first message", socket.Text(), "{}")
		if got := socket.Text(); !strings.Contains(got, `"type":"gap"`) {
			t.Errorf("the gap is %q", got)
		}
		synctest.Wait()
		go func() { _ = s.topic.Drain(t.Context(), 0) }()
		if message, ok := socket.Receive(); ok {
			t.Errorf("the last message is %q", message.Text)
		}
		wantClosed(t, socket, bare.CloseServiceRestart, "")
		want(t, "the ends", s.reasons(), "drained")
	})
}

func TestAWebSocketIsDescribedToThoseWhoLook(t *testing.T) {
	overHTTP1(t, topic.Options{}, func(t *testing.T, s *site) {
		socket := s.socket("/of/bob")
		said := ""
		for stream := range s.app.Streams() {
			said += fmt.Sprint(stream.Protocol, stream.Describe())
		}
		if !strings.HasPrefix(said, "websocket[transport=websocket key=bob") {
			t.Errorf("got %q", said)
		}
		socket.Leave()
	})
}
