package main

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/eventlog"
	"github.com/bare-go/bare/topic"
)

// What follows becomes of newApp when a reader makes the changes of the chapter.

// docs:start latest
func newAppOfTheLatest() *bare.Application {
	p := &poll{
		votes:  map[string]int{"pizza": 0, "salad": 0, "sushi": 0},
		events: topic.New(topic.Options{Conflate: true}),
	}
	app := bare.NewApplication()
	app.HttpRouter.Add(bare.Methods{"GET"}, "/", index)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/votes", p.show)
	app.HttpRouter.Add(bare.Methods{"POST"}, "/votes/{dish}", p.vote)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/events", p.events.Handle)
	return app
}

// docs:end latest

// docs:start short
func newAppWithAShortMemory() *bare.Application {
	p := &poll{
		votes:  map[string]int{"pizza": 0, "salad": 0, "sushi": 0},
		events: topic.New(topic.Options{Memory: eventlog.MemoryOptions{Records: 2}}),
	}
	app := bare.NewApplication()
	app.HttpRouter.Add(bare.Methods{"GET"}, "/", index)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/votes", p.show)
	app.HttpRouter.Add(bare.Methods{"POST"}, "/votes/{dish}", p.vote)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/events", p.events.Handle)
	return app
}

// docs:end short

// docs:start ending
func newAppThatEnds() *bare.Application {
	p := &poll{
		votes:  map[string]int{"pizza": 0, "salad": 0, "sushi": 0},
		events: topic.New(topic.Options{}),
	}
	app := bare.NewApplication()
	app.HttpRouter.Add(bare.Methods{"GET"}, "/", index)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/votes", p.show)
	app.HttpRouter.Add(bare.Methods{"POST"}, "/votes/{dish}", p.vote)
	app.HttpRouter.Add(bare.Methods{"POST"}, "/close", p.close)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/events", p.events.Handle)
	return app
}

// docs:end ending

// docs:start close
func (p *poll) close(request *bare.HttpRequest) bare.HttpResponse {
	if err := p.events.Close(request.Context()); err != nil {
		return bare.ErrorResponse(err)
	}
	return bare.HttpResponse{Status: 204}
}

// docs:end close

// after reads all events after an id, in what they say.
func after(t *testing.T, server *baretest.Server, id string) string {
	t.Helper()
	stream := server.Get("/events?last-event-id=" + id)
	defer stream.Close()
	stream.Event() // where it begins
	synctest.Wait()
	var texts []string
	for line := range strings.Lines(stream.Next()) {
		if kind, ok := strings.CutPrefix(line, "event: "); ok {
			texts = append(texts, strings.TrimSpace(kind))
		}
		if data, ok := strings.CutPrefix(line, "data: "); ok && data[0] == '{' {
			texts[len(texts)-1] += data[:len(data)-1]
		}
	}
	return strings.Join(texts, "\n")
}

func TestChanges(t *testing.T) {
	const pizza1, pizza2, sushi1 = `tally{"dish":"pizza","votes":1}`, `tally{"dish":"pizza","votes":2}`, `tally{"dish":"sushi","votes":1}`
	for _, test := range []struct {
		name   string
		newApp func() *bare.Application
		want   string
	}{
		{"a topic keeps its events in order", newApp, pizza1 + "\n" + pizza2 + "\n" + sushi1},
		{"one that conflates keeps the latest of each key", newAppOfTheLatest, pizza2 + "\n" + sushi1},
		{"one with a short memory says what it has lost", newAppWithAShortMemory, "gap\n" + pizza2 + "\n" + sushi1},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := baretest.NewServer(t, test.newApp())
				for _, dish := range []string{"pizza", "pizza", "sushi"} {
					server.Post("/votes/"+dish, "", nil).Rest()
				}
				got := after(t, server, "-1")
				if at := strings.Index(got, `{"from"`); at >= 0 {
					got = got[:at] + got[at+strings.Index(got[at:], "}")+1:] // the epoch is another each time
				}
				if got != test.want {
					t.Errorf("got\n%s\nwant\n%s", got, test.want)
				}
			})
		})
	}
}

func TestAVoteThatIsOverEndsItsStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := baretest.NewServer(t, newAppThatEnds())
		stream := server.Get("/events")
		first := stream.Event()
		server.Post("/close", "", nil).Rest()
		if got := stream.Rest(); !strings.HasPrefix(got, "event: done\n") || stream.Err() != nil {
			t.Errorf("the stream ended with %q, %v", got, stream.Err())
		}
		id, _, _ := strings.Cut(strings.TrimPrefix(first, "id: "), "\n")
		if got := server.Get("/events?last-event-id=" + id).Response.StatusCode; got != 204 {
			t.Errorf("whoever comes back gets the status %d, want 204", got)
		}
	})
}
