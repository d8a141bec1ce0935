package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
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

var update = flag.Bool("update", false, "rewrite the transcripts")

// each runs a test over every protocol, in fake time.
func each(t *testing.T, test func(t *testing.T, newServer func() *baretest.Server)) {
	t.Helper()
	for _, protocol := range baretest.Protocols() {
		t.Run(protocol.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				test(t, func() *baretest.Server { return baretest.Config{Protocol: protocol}.NewServer(t, newApp()) })
			})
		})
	}
}

// load is what a page does first: it asks for the votes, and follows from there.
func load(t *testing.T, server *baretest.Server) (state, *baretest.Stream) {
	t.Helper()
	var now state
	if err := json.Unmarshal([]byte(server.Get("/votes").Rest()), &now); err != nil {
		t.Fatal(err)
	}
	stream := server.Get("/events?last-event-id=" + now.After)
	next(t, stream)
	return now, stream
}

func TestPagesThatAreLoadedInTheMiddleAgreeAtTheEnd(t *testing.T) {
	each(t, func(t *testing.T, newServer func() *baretest.Server) {
		server := newServer()
		const votes = 100
		var pages sync.WaitGroup
		for range 10 {
			pages.Go(func() {
				now, stream := load(t, server)
				defer stream.Close()
				for now.Votes["sushi"] < votes {
					var tally tally
					if err := json.Unmarshal(next(t, stream).Data, &tally); err != nil {
						t.Error(err)
						return
					}
					now.Votes[tally.Dish] = tally.Votes
				}
				if got := now.Votes["pizza"]; got != votes {
					t.Errorf("a page ends with %d votes for pizza, want %d", got, votes)
				}
			})
		}
		for _, dish := range []string{"pizza", "sushi"} {
			for range votes {
				server.Post("/votes/"+dish, "", nil).Rest()
			}
		}
		pages.Wait()
	})
}

// A busyLog has something happen right before its state is read.
type busyLog struct {
	eventlog.Log

	happen func()
}

func (l *busyLog) State(ctx context.Context) (eventlog.State, error) {
	l.happen()
	return l.Log.State(ctx)
}

func TestNoVoteFallsBetweenTheStateAndTheStream(t *testing.T) {
	log := &busyLog{Log: eventlog.NewMemory(eventlog.MemoryOptions{})}
	p := &poll{votes: map[string]int{"pizza": 0}, events: topic.New(topic.Options{Log: log})}
	log.happen = func() {
		request := baretest.NewRequest("POST", "/votes/pizza", nil)
		request.Matches = bare.NewMatches("dish", "pizza")
		p.vote(request)
	}
	var now state
	body := strings.Join(baretest.Chunks(p.show(baretest.NewRequest("GET", "/votes", nil)).Body, -1), "")
	if err := json.Unmarshal([]byte(body), &now); err != nil {
		t.Fatal(err)
	}
	if got := now.Votes["pizza"]; got != 1 || !strings.HasSuffix(now.After, "1") {
		t.Errorf("the state has %d votes, and its stream begins after %s", got, now.After)
	}
}

func TestAfterARestartAPageIsToldOfAGapAndBeginsAnew(t *testing.T) {
	each(t, func(t *testing.T, newServer func() *baretest.Server) {
		server := newServer()
		_, stream := load(t, server)
		server.Post("/votes/pizza", "", nil).Rest()
		had := next(t, stream)
		if err := server.Stop(); err != nil {
			t.Fatal(err)
		}
		if rest := stream.Rest(); stream.Err() == nil || !strings.HasPrefix(rest, "retry: ") {
			t.Errorf("the stream ended with %q, %v: some clients would stay away", rest, stream.Err())
		}

		time.Sleep(time.Second) // a log that is made at the same time as another has the same epoch
		server = newServer()
		stream = server.Get("/events?last-event-id=" + had.ID)
		next(t, stream)
		gap := next(t, stream)
		if want := fmt.Sprintf(`{"from":%q,"to":%q}`, had.ID, gap.ID); gap.Type != "gap" || string(gap.Data) != want {
			t.Errorf("the first event is %q with %s, want a gap with %s", gap.Type, gap.Data, want)
		}
		now, stream := load(t, server)
		if now.Votes["pizza"] != 0 || now.After != gap.ID {
			t.Errorf("the page begins anew with %v", now)
		}
		server.Post("/votes/salad", "", nil).Rest()
		if got, want := string(next(t, stream).Data), `{"dish":"salad","votes":1}`; got != want {
			t.Errorf("then it sees %s, want %s", got, want)
		}
	})
}

func TestAVoteIsPublishedAlsoWhenItsClientHasLeft(t *testing.T) {
	p := &poll{votes: map[string]int{"pizza": 0}, events: topic.New(topic.Options{})}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	request := baretest.NewRequest("POST", "/votes/pizza", nil).WithContext(ctx)
	request.Matches = bare.NewMatches("dish", "pizza")
	if got := p.vote(request).Status; got != http.StatusNoContent {
		t.Errorf("status %d", got)
	}
	if got := p.events.Stats().Published; got != 1 || p.votes["pizza"] != 1 {
		t.Errorf("%d events for %d votes", got, p.votes["pizza"])
	}
}

func TestADishThatIsNotOfferedGetsNoVote(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := baretest.NewServer(t, newApp())
		if got := server.Post("/votes/soap", "", nil).Response.StatusCode; got != http.StatusNotFound {
			t.Errorf("status %d", got)
		}
		if got := after(t, server, "-1"); got != "" {
			t.Errorf("it was published: %s", got)
		}
	})
}

// TestTranscripts compares what the chapter shows with a recorded run.
func TestTranscripts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		newServer := func(minute int, newApp func() *bare.Application) *baretest.Server {
			time.Sleep(time.Until(time.Date(2026, 11, 21, 9, minute, 0, 0, time.UTC))) // the epoch is the time
			return baretest.NewServer(t, newApp())
		}
		server := newServer(0, newApp)
		stream := server.Get("/events")
		compare(t, "topics-open", stream.Event()+more)
		vote(server, "pizza")
		first := stream.Event()
		compare(t, "topics-tally", first)
		stream.Close()
		_, id, _ := strings.Cut(first, "id: ")
		id, _, _ = strings.Cut(id, "\n")

		vote(server, "sushi")
		vote(server, "pizza")
		compare(t, "topics-resume", events(resume(t, server, id), 3)+more)

		lines := do(t, server, "/events?last-event-id=-1", "Accept", "application/x-ndjson")
		compare(t, "topics-lines", "$ curl -N -H 'Accept: application/x-ndjson' 'http://localhost:9009/events?last-event-id=-1'\n"+
			lines.Line()+lines.Line()+lines.Line()+lines.Line()+"^C\n")
		lines.Close()
		compare(t, "topics-poll", "$ curl 'http://localhost:9009/events?last-event-id=-1&live=long-poll'; echo\n"+
			server.Get("/events?last-event-id=-1&live=long-poll").Rest()+"\n")
		compare(t, "topics-state", "$ curl http://localhost:9009/votes\n"+server.Get("/votes").Rest()+"\n")

		compare(t, "topics-gap", events(resume(t, newServer(1, newApp), id), 2)+more)

		for i, change := range []struct {
			name   string
			newApp func() *bare.Application
			events int
		}{{"topics-latest", newAppOfTheLatest, 3}, {"topics-short", newAppWithAShortMemory, 4}} {
			server := newServer(2+i, change.newApp)
			vote(server, "pizza")
			vote(server, "pizza")
			vote(server, "sushi")
			compare(t, change.name, events(server.Get("/events?last-event-id=-1"), change.events)+more)
		}

		server = newServer(4, newAppThatEnds)
		stream = server.Get("/events")
		stream.Event()
		vote(server, "pizza")
		server.Post("/close", "", nil).Rest()
		compare(t, "topics-done", stream.Rest())
		compare(t, "topics-over", "$ curl -i 'http://localhost:9009/events?last-event-id=now'\n"+
			head(server.Get("/events?last-event-id=now").Response))
	})
}

// more stands for what a stream may still say.
const more = "...\n"

// head is what curl -i shows of a response without a body. The server writes the date
// behind its other headers.
func head(response *http.Response) string {
	date := response.Header.Get("Date")
	response.Header.Del("Date")
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s\n", response.Proto, response.Status)
	_ = response.Header.Write(&text) // it is a string
	return strings.ReplaceAll(text.String(), "\r", "") + "Date: " + date + "\n"
}

func vote(server *baretest.Server, dish string) { server.Post("/votes/"+dish, "", nil).Rest() }

// resume comes back with the id of the last event.
func resume(t *testing.T, server *baretest.Server, id string) *baretest.Stream {
	t.Helper()
	return do(t, server, "/events", "Last-Event-ID", id)
}

func do(t *testing.T, server *baretest.Server, path, name, value string) *baretest.Stream {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set(name, value)
	return server.Do(request)
}

// events reads as many events of a stream, and leaves.
func events(stream *baretest.Stream, n int) string {
	defer stream.Close()
	var text strings.Builder
	for range n {
		text.WriteString(stream.Event())
	}
	return text.String()
}

// compare checks a transcript, or rewrites it when the tests run with -update.
func compare(t *testing.T, name, got string) {
	t.Helper()
	path := "../../docs/tutorial/transcripts/" + name + ".txt"
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s\n(-update rewrites it)", name, got, want)
	}
}
