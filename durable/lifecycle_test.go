package durable_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/durable"
	"github.com/bare-go/bare/eventlog"
)

func TestClosingAloneKeepsTheTail(t *testing.T) {
	eachProtocol(t, durable.Options{}, func(t *testing.T, s *server) {
		tail := s.text("s", "a").next()
		before := s.want(200, "GET", "s?offset="+tail, "")
		closed := s.want(204, "POST", "s", "", "Stream-Closed", "true")
		closed.wantHeader(t, "Stream-Next-Offset", tail)
		closed.wantHeader(t, "Stream-Closed", "true")
		s.want(200, "HEAD", "s", "").wantHeader(t, "Stream-Next-Offset", tail)

		// A cache that has the tail must not hide the end.
		after := s.want(200, "GET", "s?offset="+tail, "", "If-None-Match", before.header.Get("Etag"))
		after.wantHeader(t, "Stream-Closed", "true")
		after.wantHeader(t, "Stream-Next-Offset", tail)
		same := s.want(304, "GET", "s?offset="+tail, "", "If-None-Match", `"x", W/`+after.header.Get("Etag"))
		same.wantHeader(t, "Etag", after.header.Get("Etag"))
		same.wantHeader(t, "Stream-Next-Offset", tail)
		same.wantHeader(t, "Stream-Closed", "true")
		s.want(204, "POST", "s", "", "Stream-Closed", "TRUE") // once more, in any case
		s.want(409, "POST", "s", "b", append(produced("p", 0, 0), "Content-Type", "text/plain")...).wantHeader(t, "Stream-Closed", "true")
		s.want(409, "POST", "s", "b", "Content-Type", "text/plain").wantHeader(t, "Stream-Next-Offset", tail)
	})
}

func TestAStreamThatIsThereIsTheOneThatIsAskedFor(t *testing.T) {
	overHTTP1(t, durable.Options{}, func(t *testing.T, s *server) {
		asked := []string{"Content-Type", "Text/Plain; charset=utf-8", "Stream-TTL", "60"}
		s.want(201, "PUT", "s", "a", asked...)
		s.want(200, "PUT", "s", "b", asked...) // whose body counts for nothing
		s.wantBody("s", "a")
		for _, other := range [][]string{
			{"Stream-TTL", "60"}, // it would be application/octet-stream
			{"Content-Type", "text/html", "Stream-TTL", "60"},
			{"Content-Type", "text/plain"},
			{"Content-Type", "text/plain", "Stream-TTL", "61"},
			{"Content-Type", "text/plain", "Stream-Expires-At", "2100-01-01T00:00:00Z"},
			{"Content-Type", "text/plain", "Stream-TTL", "60", "Stream-Closed", "true"},
			{"Content-Type", "text/plain", "Stream-TTL", "60", "Stream-Forked-From", prefix + "/s"},
		} {
			s.want(409, "PUT", "s", "", other...)
		}
	})
}

func TestAnotherStreamUnderTheNameIsNotTakenForTheFirst(t *testing.T) {
	eachProtocol(t, durable.Options{}, func(t *testing.T, s *server) {
		old := s.text("s", "one", "two")
		s.append("s", "x", produced("p", 5, 0)...)
		tag := s.want(200, "GET", "s", "").header.Get("Etag")
		s.want(204, "DELETE", "s", "")
		s.want(404, "GET", "s", "")
		s.text("s", "new", "newer")

		s.want(410, "GET", "s?offset="+old.next(), "")
		s.want(410, "GET", "s?offset="+old.next()+"&live=long-poll", "")
		s.want(410, "GET", "s?offset="+old.next()+"&live=sse", "")
		s.want(200, "GET", "s", "", "If-None-Match", tag)
		s.append("s", "!", produced("p", 0, 0)...) // nobody has superseded this producer
		s.wantBody("s", "newnewer!")
		if next := s.want(200, "HEAD", "s", "").next(); next <= old.next() {
			t.Errorf("the new offset %s does not sort after the old one %s", next, old.next())
		}
	})
}

func TestTheForkOfTheSameSourceUnderTheNameHasAnotherTag(t *testing.T) {
	overHTTP1(t, durable.Options{}, func(t *testing.T, s *server) {
		s.text("source", "a")
		fork := []string{"Stream-Forked-From", prefix + "/source"}
		s.want(201, "PUT", "fork", "x", fork...)
		first := s.wantBody("fork", "ax")
		s.want(204, "DELETE", "fork", "")
		s.want(201, "PUT", "fork", "y", fork...)
		s.want(200, "GET", "fork", "", "If-None-Match", first.header.Get("Etag"))
	})
}

func TestStreamsExpireWithoutBeingAskedFor(t *testing.T) {
	logs := &bubbleLogs{}
	overHTTP1(t, durable.Options{Logs: logs}, func(t *testing.T, s *server) {
		logs.begin()
		begin := time.Now()
		s.want(201, "PUT", "ttl", "", "Stream-TTL", "10")
		s.want(201, "PUT", "absolute", "", "Stream-Expires-At", begin.Add(20*time.Second).UTC().Format(time.RFC3339))
		s.want(201, "PUT", "long", "", "Stream-TTL", "9007199254740991")
		s.want(201, "PUT", "ever", "", "Content-Type", "") // which counts as none
		for name, want := range map[string][2]bool{"ttl": {true, false}, "absolute": {false, true}, "ever": {false, false}} {
			header := s.want(200, "HEAD", name, "").header
			if got := [2]bool{header["Stream-Ttl"] != nil, header["Stream-Expires-At"] != nil}; got != want {
				t.Errorf("%s says %v of its end: %v", name, got, header)
			}
		}

		time.Sleep(6 * time.Second)
		s.want(200, "GET", "ttl", "") // a use
		time.Sleep(6 * time.Second)
		s.want(200, "HEAD", "ttl", "") // none
		logs.want(t, "ttl", true)
		time.Sleep(5 * time.Second)
		logs.want(t, "ttl", false)
		logs.want(t, "absolute", true)
		s.want(200, "GET", "absolute", "") // which does not help
		time.Sleep(4 * time.Second)
		logs.want(t, "absolute", false)
		logs.want(t, "long", true)
		logs.want(t, "ever", true)
	})
}

// bubbleLogs are made inside the bubble.
type bubbleLogs struct{ eventlog.Logs }

func (l *bubbleLogs) begin() { l.Logs = eventlog.NewMemoryLogs(eventlog.MemoryOptions{}) }

// want looks for a log without the handler's knowledge.
func (l *bubbleLogs) want(t *testing.T, name string, there bool) {
	t.Helper()
	if _, err := l.Open(context.Background(), name); errors.Is(err, eventlog.ErrNotFound) == there {
		t.Errorf("%s after %v: %v", name, time.Now().Format(time.TimeOnly), err)
	}
}

func TestALiveReaderKeepsAStreamFromExpiring(t *testing.T) {
	overHTTP1(t, durable.Options{MaxSSE: time.Hour}, func(t *testing.T, s *server) {
		s.want(201, "PUT", "s", "", "Stream-TTL", "2")
		stream := s.begin("GET", "s?offset=-1&live=sse", "")
		stream.Event()
		time.Sleep(time.Minute)
		s.want(200, "HEAD", "s", "")
		stream.Close()
		synctest.Wait()
		time.Sleep(3 * time.Second)
		s.want(404, "HEAD", "s", "")
	})
}

func TestAnAbsoluteEndEndsLiveReadersToo(t *testing.T) {
	eachProtocol(t, durable.Options{}, func(t *testing.T, s *server) {
		s.want(201, "PUT", "s", "", "Stream-Expires-At", time.Now().Add(5*time.Second).UTC().Format(time.RFC3339))
		stream := s.begin("GET", "s?offset=-1&live=sse", "")
		stream.Event()
		begin := time.Now()
		if stream.Rest(); time.Since(begin) > 6*time.Second || stream.Err() != nil {
			t.Errorf("the stream ended after %v with %v", time.Since(begin), stream.Err())
		}
	})
}

func TestADeletionEndsLiveReadersAndPolls(t *testing.T) {
	t.Parallel()
	for _, hidden := range []bool{false, true} {
		t.Run(fmt.Sprintf("with a fork %t", hidden), func(t *testing.T) {
			eachProtocol(t, durable.Options{}, func(t *testing.T, s *server) {
				tail := s.text("s", "a").next()
				if hidden {
					s.want(201, "PUT", "fork", "", "Stream-Forked-From", prefix+"/s")
				}
				stream := s.begin("GET", "s?offset="+tail+"&live=sse", "")
				stream.Event()
				polled := make(chan answer)
				go func() { polled <- s.do("GET", "s?offset="+tail+"&live=long-poll", "") }()
				synctest.Wait()
				begin := time.Now()
				s.want(204, "DELETE", "s", "")
				if rest := stream.Rest(); rest != "" || stream.Err() != nil {
					t.Errorf("the event stream ends with %q, %v", rest, stream.Err())
				}
				if got := <-polled; got.status != 404 {
					t.Errorf("the poll is answered with %d %q", got.status, got.body)
				}
				if took := time.Since(begin).Round(time.Millisecond); took > 10*time.Millisecond {
					t.Errorf("that took %v", took)
				}
			})
		})
	}
}

func TestLiveReadersAreToldOfAStopAtOnce(t *testing.T) {
	eachProtocol(t, durable.Options{}, func(t *testing.T, s *server) {
		tail := s.text("s", "a").next()
		stream := s.begin("GET", "s?offset=-1&live=sse", "")
		events := stream.Event() + stream.Event()
		if !strings.Contains(events, `"streamNextOffset":"`+tail+`"`) {
			t.Errorf("the stream begins with %q", events)
		}
		polled := make(chan answer)
		go func() { polled <- s.do("GET", "s?offset="+tail+"&live=long-poll", "") }()
		synctest.Wait()
		begin := time.Now()
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
		if rest := stream.Rest(); rest != "" || stream.Err() != nil {
			t.Errorf("the event stream ends with %q, %v", rest, stream.Err())
		}
		got := <-polled
		if got.status != 204 || got.next() != tail {
			t.Errorf("the poll is answered with %d, %s", got.status, got.next())
		}
		got.wantHeader(t, "Stream-Up-To-Date", "true")
		if took := time.Since(begin); took > 3*time.Second {
			t.Errorf("the stop took %v", took)
		}
	})
}

// What the program writes itself is what clients read, and has the same rules.
// Another process may have deleted the stream and made it again. What this one knows of
// the first stream's producers says nothing of the second.
func TestAStreamThatAnotherProcessHasMadeAnewIsAnotherOne(t *testing.T) {
	logs := eventlog.NewMemoryLogs(eventlog.MemoryOptions{})
	overHTTP1(t, durable.Options{Logs: logs}, func(t *testing.T, s *server) {
		other := serve(t, baretest.HTTP1, durable.Options{Logs: logs})
		s.text("s")
		s.append("s", "old", produced("p", 0, 0)...)
		s.append("s", "older", produced("p", 0, 1)...)
		other.want(204, "DELETE", "s", "")
		other.text("s")
		s.want(200, "POST", "s", "new", append(produced("p", 0, 0), "Content-Type", "text/plain")...)
		s.wantBody("s", "new")
	})
}

func TestTheProgramIsToldTheTail(t *testing.T) {
	t.Parallel()
	logs := eventlog.NewMemoryLogs(eventlog.MemoryOptions{})
	streams, ctx := durable.New(durable.Options{Logs: logs}), t.Context()
	if err := streams.Create(ctx, "s", "text/plain"); err != nil {
		t.Fatal(err)
	}
	log, err := logs.Open(ctx, "s")
	if err != nil {
		t.Fatal(err)
	}
	for i, change := range []func() (eventlog.Offset, error){
		func() (eventlog.Offset, error) { return streams.Append(ctx, "s", []byte("a")) },
		func() (eventlog.Offset, error) { return streams.Close(ctx, "s", []byte("b")) },
		func() (eventlog.Offset, error) { return streams.Close(ctx, "s", nil) }, // once more
	} {
		got, failed := change()
		if state, err := log.State(ctx); failed != nil || err != nil || got != state.Tail {
			t.Errorf("step %d ends at %v, %v; the tail is %v, %v", i, got, failed, state.Tail, err)
		}
	}
}

func TestTheProgramItselfWrites(t *testing.T) {
	t.Parallel()
	streams := durable.New(durable.Options{})
	ctx := t.Context()
	status := func(err error) int {
		if err == nil {
			return 0
		}
		refusal, ok := errors.AsType[*bare.HttpError](err)
		if !ok {
			t.Fatalf("%v has no status", err)
		}
		return refusal.StatusCode()
	}
	appending := func(name, data string) error {
		_, err := streams.Append(ctx, name, []byte(data))
		return err
	}
	closing := func(name, data string) error {
		_, err := streams.Close(ctx, name, []byte(data))
		return err
	}
	for i, test := range []struct {
		err  error
		want int
	}{
		{appending("s", "1"), 404},
		{streams.Create(ctx, "s", "application/json"), 0},
		{streams.Create(ctx, "s", "application/json"), 0},
		{streams.Create(ctx, "s", "text/plain"), 409},
		{streams.Create(ctx, "t", "nonsense"), 400},
		{streams.Create(ctx, "", ""), 400},
		{appending("s", "[1, 2]"), 0},
		{appending("s", ""), 400},
		{appending("s", "{"), 400},
		{closing("s", "3"), 0},
		{closing("s", ""), 0},
		{closing("s", "4"), 409},
		{appending("s", "4"), 409},
	} {
		if got := status(test.err); got != test.want {
			t.Errorf("step %d: %v, want %d", i, test.err, test.want)
		}
	}
}
