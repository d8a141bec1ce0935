package main

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/topic"
)

// startNews starts a server with a topic of its own. To start another one is a restart.
func startNews(t *testing.T) (news *topic.Topic, server *baretest.Server) {
	t.Helper()
	news = topic.New(topic.Options{})
	app := bare.NewApplication()
	app.HttpRouter.Add(bare.Methods{"GET"}, "/news", news.Handle)
	return news, baretest.NewServer(t, app)
}

// publish publishes a text, and returns its id.
func publish(t *testing.T, news *topic.Topic, text string) string {
	t.Helper()
	id, err := news.Publish(t.Context(), topic.Event{Data: []byte(text)})
	if err != nil {
		t.Fatal(err)
	}
	return id.String()
}

func TestAReaderWhoComesBackMissesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		news, server := startNews(t)
		ada, bob := server.Get("/news"), server.Get("/news")
		ada.Event() // where the stream begins
		bob.Event()

		id := publish(t, news, "one")
		for _, stream := range []*baretest.Stream{ada, bob} {
			if got, want := stream.Event(), "id: "+id+"\ndata: one\n\n"; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}

		ada.Close()
		next := publish(t, news, "two")
		ada = server.Get("/news?last-event-id=" + id)
		ada.Event()
		if got, want := ada.Event(), "id: "+next+"\ndata: two\n\n"; got != want {
			t.Errorf("after she is back, Ada gets %q, want %q", got, want)
		}
	})
}

func TestAfterARestartAReaderIsToldOfAGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		news, server := startNews(t)
		id := publish(t, news, "one")
		if err := server.Stop(); err != nil {
			t.Fatal(err)
		}

		time.Sleep(time.Second)
		_, server = startNews(t)
		stream := server.Get("/news?last-event-id=" + id)
		stream.Event()
		if got := stream.Event(); !strings.HasPrefix(got, "event: gap\n") {
			t.Errorf("the first event is %q", got)
		}
	})
}
