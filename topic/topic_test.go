package topic_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/eventlog"
	"github.com/bare-go/bare/topic"
)

// A site is a topic on a server, in a bubble of fake time.
type site struct {
	t      *testing.T
	topic  *topic.Topic
	app    *bare.Application
	server *baretest.Server
	log    *logbook

	mutex sync.Mutex
	ends  []topic.End
}

// logbook counts what the server logs above the level of debugging.
type logbook struct {
	mutex    sync.Mutex
	messages []string
}

func (*logbook) Enabled(_ context.Context, level slog.Level) bool { return level > slog.LevelDebug }
func (l *logbook) WithAttrs([]slog.Attr) slog.Handler             { return l }
func (l *logbook) WithGroup(string) slog.Handler                  { return l }

func (l *logbook) Handle(_ context.Context, record slog.Record) error {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.messages = append(l.messages, record.Message)
	return nil
}

// eachProtocol runs a test over every protocol. What the server logs fails it.
func eachProtocol(t *testing.T, options topic.Options, test func(t *testing.T, s *site)) {
	t.Helper()
	for _, protocol := range baretest.Protocols() {
		t.Run(protocol.String(), func(t *testing.T) { onSite(t, protocol, options, test) })
	}
}

// overHTTP1 runs a test over HTTP/1.1 alone.
func overHTTP1(t *testing.T, options topic.Options, test func(t *testing.T, s *site)) {
	t.Helper()
	onSite(t, baretest.HTTP1, options, test)
}

func onSite(t *testing.T, protocol baretest.Protocol, options topic.Options, test func(t *testing.T, s *site)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, protocol, options)
		test(t, s)
		s.log.mutex.Lock()
		defer s.log.mutex.Unlock()
		if len(s.log.messages) > 0 {
			t.Errorf("the server logged %q", s.log.messages)
		}
	})
}

func newSite(t *testing.T, protocol baretest.Protocol, options topic.Options) *site {
	t.Helper()
	s := &site{t: t, log: new(logbook), app: bare.NewApplication()}
	options.OnEnd = func(end topic.End) {
		s.mutex.Lock()
		defer s.mutex.Unlock()
		s.ends = append(s.ends, end)
	}
	s.topic = topic.New(options)
	s.app.Logger = slog.New(s.log)
	s.app.HttpRouter.Add(bare.Methods{"GET", "POST"}, "/events", s.topic.Handle)
	s.app.HttpRouter.Add(bare.Methods{"GET"}, "/of/{user}", func(request *bare.HttpRequest) bare.HttpResponse {
		return s.topic.Serve(request, topic.Lease{Key: request.Matches.String("user")})
	})
	s.server = baretest.Config{Protocol: protocol}.NewServer(t, s.app)
	return s
}

// publish publishes texts, and returns the id of the last one.
func (s *site) publish(texts ...string) eventlog.Offset {
	s.t.Helper()
	var last eventlog.Offset
	for _, text := range texts {
		var err error
		if last, err = s.topic.Publish(s.t.Context(), topic.Event{Data: []byte(text)}); err != nil {
			s.t.Fatal(err)
		}
	}
	return last
}

// get asks for a path with headers, in pairs.
func (s *site) get(path string, headers ...string) *baretest.Stream {
	s.t.Helper()
	return s.do(http.MethodGet, path, headers...)
}

func (s *site) do(method, path string, headers ...string) *baretest.Stream {
	s.t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), method, s.server.URL+path, http.NoBody)
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header = bare.Headers(headers...)
	return s.server.Do(request)
}

// begins is the first record of an event stream.
func begins(at eventlog.Offset) string { return fmt.Sprintf("id: %s\nretry: 3000\n\n", at) }

// tail is the position behind the last event.
func (s *site) tail() eventlog.Offset {
	s.t.Helper()
	offset, err := s.topic.Cursor(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return offset
}

// follow opens an event stream, and reads its first record.
func (s *site) follow(headers ...string) *baretest.Stream {
	s.t.Helper()
	stream := s.get("/events", headers...)
	if got := stream.Event(); !strings.HasSuffix(got, "\nretry: 3000\n\n") {
		s.t.Errorf("the first record is %q", got)
	}
	synctest.Wait()
	return stream
}

// reasons lists how streams have ended, sorted.
func (s *site) reasons() string {
	synctest.Wait()
	s.mutex.Lock()
	defer s.mutex.Unlock()
	var names []string
	for _, end := range s.ends {
		names = append(names, end.Reason.String())
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

func want(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

// record is an event as it goes over the wire.
func record(id eventlog.Offset, data string) string {
	return fmt.Sprintf("id: %s\ndata: %s\n\n", id, data)
}

// before is the position before an event.
func before(id eventlog.Offset) eventlog.Offset {
	return eventlog.Offset{Epoch: id.Epoch, Seq: id.Seq - 1}
}

func TestASubscriberGetsWhatIsPublished(t *testing.T) {
	eachProtocol(t, topic.Options{}, func(t *testing.T, s *site) {
		s.publish("before")
		stream := s.follow()
		first := s.publish("one")
		want(t, "the first event", stream.Event(), record(first, "one"))
		second, err := s.topic.Publish(t.Context(), topic.Event{Type: "price", Data: []byte("4\n2")})
		if err != nil {
			t.Fatal(err)
		}
		want(t, "the second event", stream.Event(), fmt.Sprintf("event: price\nid: %s\ndata: 4\ndata: 2\n\n", second))
		if first.Compare(second) >= 0 {
			t.Errorf("the ids %v and %v do not ascend", first, second)
		}
		stream.Close()
		want(t, "the ends", s.reasons(), "client gone")
	})
}

func TestAStreamHasTheHeadersThatProxiesMustSee(t *testing.T) {
	eachProtocol(t, topic.Options{}, func(t *testing.T, s *site) {
		head := s.get("/events").Response.Header
		for name, value := range map[string]string{
			"Content-Type": "text/event-stream", "Cache-Control": "no-store", "Vary": "Accept", "X-Accel-Buffering": "no",
		} {
			want(t, name, strings.Join(head[name], "|"), value)
		}
	})
}

func TestAClientResumesAfterItsLastEvent(t *testing.T) {
	eachProtocol(t, topic.Options{}, func(t *testing.T, s *site) {
		first := s.publish("one")
		third := s.publish("two", "three")
		one, two, three := record(first, "one"), record(before(third), "two"), record(third, "three")
		tests := []struct {
			name, path string
			headers    []string
			after      eventlog.Offset
			want       []string
		}{
			{"by the header", "/events", []string{"last-event-id", first.String()}, first, []string{two, three}},
			{"by the query", "/events?last-event-id=" + first.String(), nil, first, []string{two, three}},
			{"at the end", "/events", []string{"last-event-id", third.String()}, third, nil},
			{"now", "/events?last-event-id=now", nil, third, nil},
			{"from the beginning", "/events?last-event-id=-1", nil, eventlog.Offset{}, []string{one, two, three}},
			{"from any log's beginning", "/events?last-event-id=" + eventlog.Offset{}.String(), nil, eventlog.Offset{}, []string{one, two, three}},
		}
		var streams []*baretest.Stream
		for _, test := range tests {
			stream := s.get(test.path, test.headers...)
			streams = append(streams, stream)
			want(t, test.name, stream.Event(), begins(test.after))
			for _, event := range test.want {
				want(t, test.name, stream.Event(), event)
			}
		}
		last := s.publish("live")
		for i, stream := range streams {
			want(t, tests[i].name+", live", stream.Event(), record(last, "live"))
		}
	})
}

// gap is the event that announces a loss.
func gap(from string, to eventlog.Offset) string {
	return fmt.Sprintf("event: gap\nid: %s\ndata: {\"from\":%q,\"to\":%q}\n\n", to, from, to)
}

func TestAnIDThatIsNotInTheLogIsAnsweredWithAGap(t *testing.T) {
	options := topic.Options{Memory: eventlog.MemoryOptions{Records: 2}}
	eachProtocol(t, options, func(t *testing.T, s *site) {
		third := s.publish("one", "two", "three")
		first := before(before(third))
		rest := []string{record(before(third), "two"), record(third, "three")}
		long := strings.Repeat("x", 2000)
		tests := []struct{ name, id, from string }{
			{"one that was trimmed", before(first).String(), before(first).String()},
			{"one of an earlier epoch", eventlog.Offset{Epoch: 1, Seq: 1}.String(), eventlog.Offset{Epoch: 1, Seq: 1}.String()},
			{"one that was never given", eventlog.Offset{Epoch: first.Epoch, Seq: 99}.String(), eventlog.Offset{Epoch: first.Epoch, Seq: 99}.String()},
			{"none of a topic's", "done", "done"},
			{"a long one", long, long[:64]},
		}
		for _, test := range tests {
			stream := s.get("/events?last-event-id=" + test.id)
			if got := stream.Event(); !strings.HasSuffix(got, "retry: 3000\n\n") {
				t.Errorf("%s: the first record is %q", test.name, got)
			}
			want(t, test.name, stream.Event(), gap(test.from, first))
			for _, event := range rest {
				want(t, test.name, stream.Event(), event)
			}
			stream.Close()
			// A cut between the gap and the next event: its id is where to go on.
			again := s.get("/events", "last-event-id", first.String())
			want(t, test.name, again.Event(), begins(first))
			want(t, test.name+", then cut", again.Event(), rest[0])
			again.Close()
		}
	})
}

func TestAnEndIsToldAndThenThereIsNothing(t *testing.T) {
	eachProtocol(t, topic.Options{}, func(t *testing.T, s *site) {
		stream := s.follow()
		last := s.publish("one")
		if err := s.topic.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		done := fmt.Sprintf("event: done\nid: %s\ndata:\n\n", last)
		want(t, "the stream", stream.Rest(), record(last, "one")+done)
		if stream.Err() != nil {
			t.Errorf("the stream was cut: %v", stream.Err())
		}
		want(t, "who joins after the end", s.get("/events").Rest(), begins(last)+done)
		want(t, "who has missed the last event",
			s.get("/events", "last-event-id", before(last).String()).Rest(), begins(before(last))+record(last, "one")+done)
		response := s.get("/events", "last-event-id", last.String()).Response
		want(t, "who resumes at the end", fmt.Sprint(response.StatusCode, response.Header["Cache-Control"]), "204 [no-store]")
		if _, err := s.topic.Publish(t.Context(), topic.Event{}); !errors.Is(err, eventlog.ErrClosed) {
			t.Errorf("publishing after the end: %v", err)
		}
		if err := s.topic.Close(t.Context()); !errors.Is(err, eventlog.ErrClosed) {
			t.Errorf("closing again: %v", err)
		}
		want(t, "the ends", s.reasons(), "finished, finished, finished")
	})
}

func TestASilentStreamIsKeptAlive(t *testing.T) {
	eachProtocol(t, topic.Options{}, func(t *testing.T, s *site) {
		events, lines := s.follow(), s.get("/events", "accept", "application/x-ndjson")
		want(t, "the first line", lines.Line(), "\n")
		for range 3 {
			before := time.Now()
			want(t, "the comment", events.Event(), ":\n\n")
			want(t, "the empty line", lines.Line(), "\n")
			if silence := time.Since(before); silence > 15*time.Second || silence < 13*time.Second {
				t.Errorf("there was silence for %v", silence)
			}
		}
		for range 20 { // no comment while there are events
			time.Sleep(3 * time.Second)
			last := s.publish("x")
			want(t, "the event", events.Event(), record(last, "x"))
		}
	})
}

func TestAStopOfTheServerSendsClientsAway(t *testing.T) {
	for _, clean := range []bool{false, true} {
		t.Run(fmt.Sprintf("clean %v", clean), func(t *testing.T) {
			eachProtocol(t, topic.Options{EndCleanly: clean}, func(t *testing.T, s *site) {
				stream := s.follow()
				if err := s.server.Stop(); err != nil {
					t.Error(err)
				}
				var retry int
				if _, err := fmt.Sscanf(stream.Rest(), "retry: %d\n\n", &retry); err != nil || retry < 3000 || retry > 4001 { // it is alone
					t.Errorf("the retry is %d, %v", retry, err)
				}
				if (stream.Err() == nil) != clean {
					t.Errorf("the stream ended with %v", stream.Err())
				}
				want(t, "the ends", s.reasons(), "shutdown")
			})
		})
	}
}

func TestATopicThatReplaysBeginsWithWhatItHas(t *testing.T) {
	tests := []struct {
		name    string
		options topic.Options
		want    string
	}{
		{"what is left", topic.Options{Memory: eventlog.MemoryOptions{Records: 2}}, "b2 a3"},
		{"the latest of each key", topic.Options{Conflate: true}, "b2 a3"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.options.Replay = true
			overHTTP1(t, test.options, func(t *testing.T, s *site) {
				for i, key := range []string{"a", "b", "a"} {
					event := topic.Event{Key: key, Data: fmt.Appendf(nil, "%s%d", key, i+1)}
					if _, err := s.topic.Publish(t.Context(), event); err != nil {
						t.Fatal(err)
					}
				}
				stream := s.follow()
				var got []string
				for range 2 {
					_, data, _ := strings.Cut(stream.Event(), "data: ")
					got = append(got, strings.TrimSpace(data))
				}
				want(t, "the events", strings.Join(got, " "), test.want)
				want(t, "now", s.get("/events?last-event-id=now").Event(), begins(s.tail()))
			})
		})
	}
}
