package topic_test

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/eventlog"
	"github.com/bare-go/bare/topic"
)

func TestAnEventThatCannotBePublishedIsRefused(t *testing.T) {
	type event = topic.Event
	tests := []struct {
		name  string
		event event
		want  error
	}{
		{"a type with a line feed", event{Type: "a\nid: 7"}, topic.ErrType},
		{"a type with a carriage return", event{Type: "a\rb"}, topic.ErrType},
		{"a type with a NUL", event{Type: "a\x00"}, topic.ErrType},
		{"a type of the topic's own", event{Type: "gap"}, topic.ErrType},
		{"the one that ends it", event{Type: "done"}, topic.ErrType},
		{"the one for a failure", event{Type: "failed"}, topic.ErrType},
		{"the one that ends lines", event{Type: "end"}, topic.ErrType},
		{"one of EventSource's own", event{Type: "error"}, topic.ErrType},
		{"the other one", event{Type: "open"}, topic.ErrType},
		{"no JSON", event{JSON: true, Data: []byte("{")}, topic.ErrJSON},
		{"nothing as JSON", event{JSON: true}, topic.ErrJSON},
		{"more than the log takes", event{Data: make([]byte, 1<<20)}, eventlog.ErrTooLarge},
		{"as much as the log takes", event{Data: make([]byte, 1<<20-1)}, nil},
		{"a type like any other", event{Type: "message"}, nil},
		{"data with line breaks", event{Data: []byte("a\r\nb\n\nid: 7")}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			prices := topic.New(topic.Options{})
			before, _ := prices.Cursor(t.Context())
			_, err := prices.Publish(t.Context(), test.event)
			if !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
			if after, _ := prices.Cursor(t.Context()); (after == before) != (test.want != nil) {
				t.Errorf("the topic's end moved from %v to %v", before, after)
			}
		})
	}
}

func TestPublishingWithoutASubscriberStoresTheEventAndNoMore(t *testing.T) {
	prices := topic.New(topic.Options{})
	event := topic.Event{Type: "price", Data: []byte("42")}
	ctx := t.Context()
	visit(t, prices) // it has gone again
	if got := testing.AllocsPerRun(1000, func() {
		if _, err := prices.Publish(ctx, event); err != nil {
			t.Fatal(err)
		}
	}); got > 1 {
		t.Errorf("%v allocations for each event, want that of the record", got)
	}
}

// visit has a subscriber come and go.
func visit(t *testing.T, prices *topic.Topic) {
	t.Helper()
	request := bare.NewHttpRequest(baretest.NewRequest("GET", "/", nil).Scope)
	if err := bare.RunBody(prices.Handle(request).Body, func([]byte) bool { return false }); err != nil {
		t.Error(err)
	}
	request.Finish(bare.End{})
}

// TestATopicKeepsNothingOfThoseWhoHaveLeft: neither of them, nor, by a timer, of itself.
func TestATopicKeepsNothingOfThoseWhoHaveLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		prices := topic.New(topic.Options{})
		request := bare.NewHttpRequest(baretest.NewRequest("GET", "/", nil).Scope)
		body := prices.Handle(request).Body
		left := weak.Make(request)
		ctx := request.Context()
		over := make(chan error)
		go func() { over <- bare.RunBody(body, func([]byte) bool { return true }) }()
		synctest.Wait() // it waits for more
		request.Cut(nil)
		if err := <-over; !errors.Is(err, bare.ErrCut) {
			t.Errorf("the stream ended with %v", err)
		}
		<-ctx.Done()
		request, body, ctx = nil, nil, nil //nolint:wastedassign // so that nobody else has them
		if runtime.GC(); left.Value() != nil {
			t.Error("a subscriber that has left is kept")
		}
		gone := weak.Make(prices)
		prices = nil            //nolint:wastedassign // likewise
		time.Sleep(time.Minute) // the runtime keeps a timer that was stopped for a while
		if runtime.GC(); gone.Value() != nil {
			t.Error("a topic that nobody uses is kept")
		}
	})
}

// TestWhoJoinsWhileATopicClosesGetsTheEnd lets subscribers join at all moments of a
// close: each gets all events from its position on, and the end.
func TestWhoJoinsWhileATopicClosesGetsTheEnd(t *testing.T) {
	for range 50 {
		synctest.Test(t, func(t *testing.T) {
			prices := topic.New(topic.Options{})
			var joining sync.WaitGroup
			for range 20 {
				joining.Go(func() {
					request := bare.NewHttpRequest(baretest.NewRequest("GET", "/", nil).Scope)
					response := prices.Handle(request)
					var got strings.Builder
					err := bare.RunBody(response.Body, func(chunk []byte) bool {
						got.Write(chunk)
						return true
					})
					if response.Status == 0 && (err != nil || !strings.Contains(got.String(), "event: done\n")) {
						t.Errorf("got %q, %v", got.String(), err)
					}
					request.Finish(bare.End{})
				})
			}
			_, _ = prices.Publish(t.Context(), topic.Event{Data: []byte("last")})
			_ = prices.Close(t.Context())
			joining.Wait()
		})
	}
}

func TestTenThousandTopicsAreSmall(t *testing.T) {
	const count = 10_000
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	goroutines := runtime.NumGoroutine()
	topics := make([]*topic.Topic, count)
	for i := range topics {
		topics[i] = topic.New(topic.Options{})
		if _, err := topics[i].Publish(t.Context(), topic.Event{Data: []byte("x")}); err != nil {
			t.Fatal(err)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if each := (after.HeapAlloc - before.HeapAlloc) / count; each > 8<<10 {
		t.Errorf("an idle topic takes %d bytes", each)
	}
	if got := runtime.NumGoroutine(); got > goroutines {
		t.Errorf("there are %d goroutines more", got-goroutines)
	}
	runtime.KeepAlive(topics)
}

func TestStatsCount(t *testing.T) {
	eachProtocol(t, topic.Options{}, func(t *testing.T, s *site) {
		s.publish("one")
		events, lines := s.follow(), s.get("/events", "accept", "application/x-ndjson")
		gone := s.follow()
		s.do("HEAD", "/events")
		synctest.Wait()
		gone.Close()
		s.publish("two")
		synctest.Wait()
		stats := s.topic.Stats()
		want(t, "the figures", fmt.Sprint(stats.Subscribers, stats.Transports, stats.Joined, stats.Published, stats.Ends, stats.MaxLag),
			"2 map[ndjson:1 sse:1] 3 2 map[client gone:1] 0")
		events.Close()
		lines.Close()
	})
}

func TestTheLogIsToldHowAStreamHasEnded(t *testing.T) {
	var log strings.Builder
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	overHTTP1(t, topic.Options{Logger: logger}, func(t *testing.T, s *site) {
		s.follow().Close()
		synctest.Wait()
		if !strings.Contains(log.String(), `level=DEBUG msg="a stream of a topic has ended" reason="client gone"`) {
			t.Errorf("the log says %q", log.String())
		}
	})
}

func TestTheHookIsToldHowAStreamHasEnded(t *testing.T) {
	eachProtocol(t, topic.Options{}, func(t *testing.T, s *site) {
		stream := s.get("/of/ann", "accept", "application/x-ndjson")
		stream.Line()
		synctest.Wait()
		last := s.publish("one")
		line := stream.Line()
		time.Sleep(time.Second)
		stream.Close()
		synctest.Wait()
		want(t, "the end", fmt.Sprintf("%+v", s.ends), fmt.Sprintf("%+v", []topic.End{{
			Reason: topic.ClientGone, Key: "ann", Transport: "ndjson", Offset: last, Bytes: int64(len(line)) + 1, Duration: s.ends[0].Duration,
		}}))
	})
}

// TestAClientThatTakesNothingIsStalled has no other limit than the server's own. The
// stream is given each event before the next one comes: if all came first, it would meet
// a gap, and what the log still has is less than the buffers on the way take.
func TestAClientThatTakesNothingIsStalled(t *testing.T) {
	options := topic.Options{Slow: topic.DropOldest}
	eachProtocol(t, options, func(t *testing.T, s *site) {
		stream := s.follow()
		for range 100 {
			s.publish(strings.Repeat("x", large))
			synctest.Wait()
		}
		time.Sleep(time.Minute)
		want(t, "the ends", s.reasons(), "stalled")
		stream.Close()
	})
}

func TestADeletedLogEndsItsTopic(t *testing.T) {
	overHTTP1(t, topic.Options{}, func(t *testing.T, s *site) {
		logs := eventlog.NewMemoryLogs(eventlog.MemoryOptions{})
		log, err := logs.Create(t.Context(), "prices", eventlog.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		prices := topic.New(topic.Options{Log: log})
		s.app.HttpRouter.Add(bare.Methods{"GET"}, "/prices", prices.Handle)
		stream := s.get("/prices")
		stream.Event()
		synctest.Wait()
		if err := logs.Delete(t.Context(), "prices", 0); err != nil {
			t.Fatal(err)
		}
		want(t, "the stream", stream.Rest(), "event: failed\ndata: This topic is no more.\n\n")
		if stream.Err() == nil {
			t.Error("the stream looks complete")
		}
		if got := s.status("GET", "/prices"); got != 410 {
			t.Errorf("after the deletion: %d", got)
		}
	})
}
